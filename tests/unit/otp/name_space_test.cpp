// SPDX-License-Identifier: Apache-2.0
//
// Servers with names in name spaces: {:global, name} and {:via, module, name}.
#include "pulpo/name_space.hpp"

#include <map>
#include <mutex>

#include "pulpo/gen_server.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::name_space_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::reason_of;

class NameSpaceTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(NameSpaceTest);

struct Who {
  using Message = Call<"who", Pid>;
};
struct Count {
  using Message = Call<"count", std::uint64_t>;
};
struct Add {
  using Message = Cast<"add">;
};
struct Note {
  using Message = Info<"note">;
};
class Server {
 public:
  using Protocol = pulpo::Protocol<Who, Count, Add, Note>;
  explicit Server(std::string in_init = "") {
    if (in_init == "fail") exit("sorry"_atom);
    if (in_init == "ignore") ignore();
    if (in_init == "slow") sleep(20ms);
  }
  Pid handle_call(const Who&) { return self(); }
  std::uint64_t handle_call(const Count&) { return count_; }
  void handle_cast(const Add&) { ++count_; }
  void handle_info(const Note&) { ++count_; }
  [[nodiscard]] std::uint64_t describe() const { return count_; }

 private:
  std::uint64_t count_ = 0;
};

inline constexpr auto kCalendar = global<Server::Protocol>("Distro.Calendar");

/// A name space of an author's: keeps what was asked of it.
class Rooms final : public NameSpace {
 public:
  bool register_name(const Term& name, const Pid& pid) override {
    const std::lock_guard lock(mutex_);
    return names_.emplace(name.text(), pid).second;
  }
  void unregister_name(const Term& name, const Pid&) override {
    const std::lock_guard lock(mutex_);
    names_.erase(name.text());
  }
  std::optional<Pid> whereis_name(const Term& name) override {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(name.text());
    if (found == names_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Pid> names_;
};

TEST_P(NameSpaceTest, AGlobalNameIsLookedUpAtEachCall) {  // GS-3, GS-19
  run([] {
    const Pid first = start_link<Server>({.name = kCalendar}).value();
    EXPECT_EQ(call(kCalendar, Who{}), first);
    EXPECT_EQ(*try_call(kCalendar, Who{}), first);
    EXPECT_EQ(call(global("Distro.Calendar"), Who{}), first);
    EXPECT_EQ(call(global(Term("Elixir.Distro.Calendar"_atom)), elixir(":who")), Term(first));
    EXPECT_EQ(whereis(global("Distro.Calendar")), first);
    EXPECT_FALSE(whereis("Elixir.Distro.Calendar"_atom)) << "it is no local name";
    cast(kCalendar, Add{});
    send(global("Distro.Calendar"), to_term(Note{}));
    EXPECT_EQ(call(kCalendar, Count{}), 2u);
    EXPECT_EQ(*get_state(kCalendar), Term(2));
    EXPECT_TRUE(stop(kCalendar));
    const Pid second = start_link<Server>({.name = kCalendar}).value();
    EXPECT_EQ(call(kCalendar, Who{}), second);
  });
}

TEST_P(NameSpaceTest, ANameMayBeAnyTerm) {  // GS-3
  run([] {
    const Term name = elixir("{:room, 7}");
    const Pid pid = start_link<Server>({.name = global(name)}).value();
    EXPECT_EQ(call(global<Server::Protocol>(name), Who{}), pid);
    EXPECT_FALSE(try_call(global(elixir("{:room, 7.0}")), Who{}));
  });
}

TEST_P(NameSpaceTest, ACallToAGlobalNameThatNobodyHasShowsTheName) {  // GS-6, GS-16
  run([] {
    EXPECT_EQ(reason_of([] { call(kCalendar, Who{}); }), elixir("{:noproc, {GenServer, :call, [{:global, Distro.Calendar}, :who, 5000]}}"));
    EXPECT_EQ(try_call(kCalendar, Who{}).error().code, Errc::noproc);
    EXPECT_EQ(stop(kCalendar).error().code, Errc::noproc);
    cast(kCalendar, Add{});
    EXPECT_EQ(reason_of([] { send(global("Distro.Calendar"), "x"_atom); }), elixir("{:badarg, {Distro.Calendar, :x}}"));
  });
}

TEST_P(NameSpaceTest, AViaNameIsKeptByItsModule) {  // GS-3, GS-19
  run([] {
    const auto rooms = std::make_shared<Rooms>();
    set_name_space("Chat.Rooms", rooms);
    const auto lobby = via<Server::Protocol>("Chat.Rooms", "lobby");
    const Pid pid = start_link<Server>({.name = lobby}).value();
    EXPECT_EQ(rooms->whereis_name("lobby"), pid);
    EXPECT_EQ(call(lobby, Who{}), pid);
    EXPECT_EQ(call(via("Chat.Rooms", "lobby"), Who{}), pid);
    EXPECT_TRUE(stop(lobby));
    EXPECT_FALSE(rooms->whereis_name("lobby"));
    EXPECT_EQ(reason_of([&] { call(lobby, Who{}); }), elixir("{:noproc, {GenServer, :call, [{:via, Chat.Rooms, \"lobby\"}, :who, 5000]}}"));
  });
}

TEST_P(NameSpaceTest, AModuleThatIsNoNameSpaceIsUndefined) {  // GS-3
  run([] { EXPECT_EQ(reason_of([] { call(via("Nowhere", "x"), Who{}); }), elixir("{:undef, {:via, Nowhere, \"x\"}}")); });
}

TEST_P(NameSpaceTest, ATakenNameIsAlreadyStarted) {  // GS-1
  run(
      [] {
        const Pid first = start_link<Server>({.name = kCalendar}).value();
        const auto second = start_link<Server>({.name = kCalendar});
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, Errc::already_exists);
        EXPECT_EQ(second.error().reason, Term::tuple({atoms::already_started, first}));
      },
      {.cores = 2});
}

/// Says that a name is free until it is asked to keep it.
class LateRooms final : public NameSpace {
 public:
  explicit LateRooms(Pid holder) : holder_(holder) {}
  bool register_name(const Term&, const Pid&) override {
    taken_ = true;
    return false;
  }
  void unregister_name(const Term&, const Pid&) override { ADD_FAILURE() << "it was never ours"; }
  std::optional<Pid> whereis_name(const Term&) override { return taken_ ? std::optional(holder_) : std::nullopt; }

 private:
  const Pid holder_;
  std::atomic<bool> taken_{false};
};

TEST_P(NameSpaceTest, WhoLosesTheRaceForANameEndsNormallyWithoutInit) {  // GS-1
  run([] {
    CapturedLog log;
    trap_exit(true);
    set_name_space("Late", std::make_shared<LateRooms>(self()));
    const auto pid = start_link<Server>({.name = via("Late", "x")}, "fail");
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().code, Errc::already_exists);
    EXPECT_EQ(pid.error().reason, Term::tuple({atoms::already_started, self()}));
    const auto exited = receive_any(5s);
    ASSERT_TRUE(exited && exited->is_tuple(3));
    EXPECT_EQ(exited->elements()[2], Term(atoms::normal));
    EXPECT_EQ(log.all(), "");
  });
}

TEST_P(NameSpaceTest, AnInitThatFailsReleasesTheName) {  // GS-2, GS-3
  run([] {
    EXPECT_EQ(pulpo::start<Server>({.name = kCalendar}, "fail").error().reason, Term("sorry"_atom));
    EXPECT_FALSE(whereis(global("Distro.Calendar")));
    EXPECT_TRUE(is_ignore(pulpo::start<Server>({.name = kCalendar}, "ignore").error()));
    EXPECT_FALSE(whereis(global("Distro.Calendar")));
  });
}

TEST_P(NameSpaceTest, TheNameIsFreeWhenTheEndIsTold) {  // GS-3, SIG-21
  run(
      [] {
        for (const unsigned core : {0u, 1u}) {
          const auto started = start_monitor<Server>({.name = kCalendar, .core = core});
          ASSERT_TRUE(started);
          exit(started->pid, atoms::kill);
          EXPECT_EQ(testing::down_reason(started->monitor), Term(atoms::killed));
          EXPECT_FALSE(whereis(global("Distro.Calendar")));
        }
      },
      {.cores = 2});
}

TEST_P(NameSpaceTest, AReportNamesTheServerByItsGlobalName) {  // GS-15, LOG-5
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Server>({.name = kCalendar}).value();
    EXPECT_TRUE(stop(pid, "broken"_atom));
    EXPECT_EQ(log.count("GenServer {:global, Distro.Calendar} terminating\n** (stop) :broken"), 1u) << log.all();
  });
}

}  // namespace
}  // namespace pulpo::name_space_test
