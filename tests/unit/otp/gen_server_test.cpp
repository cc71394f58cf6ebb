// SPDX-License-Identifier: Apache-2.0
//
// Calls, casts and infos: what a client and a server say to each other. Their life is server_life_test.cpp's.
#include "pulpo/gen_server.hpp"

#include <stdexcept>

#include "unit/otp/support.hpp"

namespace pulpo::gen_server_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;
using testing::reason_of;

class GenServerTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(GenServerTest);

struct Ping {
  using Message = Call<"ping", Atom>;
};
struct Count {
  using Message = Call<"count", std::uint64_t>;
};
struct Add {
  using Message = Call<"cal", std::int64_t>;
  std::int64_t x = 0, y = 0;
};
struct Set {
  using Message = Call<"set">;
  std::uint64_t value = 0;
};
struct Later {
  using Message = Call<"later", std::string>;
};
struct Never {
  using Message = Call<"never", Atom>;
};
struct Boom {
  using Message = Call<"boom", Atom>;
};
struct Leave {
  using Message = Call<"leave", Atom>;
  Term reason;
};
struct Reset {
  using Message = Cast<"reset">;
};
struct Release {
  using Message = Info<"release">;
  std::string text;
};
struct Watch {
  using Message = Cast<"watch">;
  Pid pid;
};

class Server {
 public:
  using Protocol = pulpo::Protocol<Ping, Count, Add, Set, Later, Never, Boom, Leave, Reset, Release, Watch>;

  Atom handle_call(const Ping&) { return ++count_, "pong"_atom; }
  std::uint64_t handle_call(const Count&) { return count_; }
  std::int64_t handle_call(const Add& add) { return add.x + add.y; }
  void handle_call(const Set& set) { count_ = set.value; }
  void handle_call(const Later&, From<Later> caller) {
    waiting_.push_back(caller);
    ++count_;
  }
  void handle_call(const Never&, From<Never>) {}
  Atom handle_call(const Boom&) { throw std::runtime_error("the text"); }
  Atom handle_call(const Leave& leave) { exit(leave.reason); }
  void handle_cast(const Reset&) { count_ = 0; }
  void handle_cast(const Watch& watch) { (void)monitor(watch.pid); }
  void handle_info(const Release& release) {
    for (const auto& caller : waiting_) caller.reply(release.text);
    waiting_.clear();
  }
  void handle_info(const Down& down) { count_ += down.reason.is_atom(atoms::normal) ? 1000 : 1; }
  [[nodiscard]] std::uint64_t describe() const { return count_; }

 private:
  std::uint64_t count_ = 0;
  std::vector<From<Later>> waiting_;
};

inline constexpr auto kServer = local<Server::Protocol>("PingPong");

Pid started() { return start_link<Server>({.name = kServer}).value(); }

TEST_P(GenServerTest, ACallYieldsTheReplyByNameAndByPid) {  // GS-4, GS-19
  run([] {
    const Pid pid = started();
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
    EXPECT_EQ(call(pid, Ping{}), "pong"_atom);
    EXPECT_EQ(call(ServerRef<Server::Protocol>(pid), Count{}), 2u);
    EXPECT_EQ(call(kServer, Add{4, 5}), 9);
    call(kServer, Set{70});
    EXPECT_EQ(*try_call(kServer, Count{}), 70u);
    EXPECT_TRUE(try_call(kServer, Set{1}));
  });
}

TEST_P(GenServerTest, ATermSaysTheSameAsAStruct) {
  run([] {
    started();
    const Address server = "Elixir.PingPong"_atom;
    EXPECT_EQ(call(server, elixir(":ping")), Term("pong"_atom));
    EXPECT_EQ(call(server, elixir("{:cal, 4, 5}")), Term(9));
    EXPECT_EQ(call(server, elixir("{:set, 3}")), Term(atoms::ok));
    EXPECT_EQ(*try_call(server, elixir(":count")), Term(3));
  });
}

TEST_P(GenServerTest, ACastIsHandledInItsTurnAndNeverFails) {  // GS-16
  run([] {
    const Pid pid = started();
    call(kServer, Set{9});
    cast(kServer, Reset{});
    EXPECT_EQ(call(kServer, Count{}), 0u) << "the cast was sent before the call";
    cast(Address("nobody"_atom), Reset{});
    EXPECT_TRUE(stop(kServer));
    cast(pid, Reset{});
    cast(kServer, Reset{});
  });
}

TEST_P(GenServerTest, AReplyMayComeLaterAndFromAnotherProcess) {  // GS-12
  run([] {
    started();
    const Pid me = self();
    for (int i = 0; i < 3; ++i) {
      spawn([me] { send(me, to_term(call(kServer, Later{}))); });
    }
    EXPECT_TRUE(eventually([] { return call(kServer, Count{}) == 3; }));
    send(Address(kServer), Release{"now"});
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(testing::receive_exactly("now"));
  });
}

TEST_P(GenServerTest, AReplyToADeadClientVanishes) {  // GS-12
  run([] {
    started();
    const Pid client = spawn([] { (void)call(kServer, Later{}, {.timeout = Timeout::infinity()}); });
    EXPECT_TRUE(eventually([] { return call(kServer, Count{}) == 1; }));
    exit(client, atoms::kill);
    (void)testing::end_of(client);
    send(Address(kServer), Release{"nobody"});
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
  });
}

TEST_P(GenServerTest, ABroadcastReachesTheNodesThatThereAre) {  // GS-18
  run([] {
    started();
    call(kServer, Set{9});
    abcast({"a@nowhere"_atom, pulpo::runtime().node_name()}, kServer.name(), Reset{});
    EXPECT_EQ(call(kServer, Count{}), 0u);
  });
}

TEST_P(GenServerTest, AMultiCallTellsWhoAnsweredAndWhoDidNot) {  // GS-18
  run([] {
    started();
    const Atom here = pulpo::runtime().node_name();
    const auto pongs = multi_call({"a@nowhere"_atom, here, "b@nowhere"_atom}, kServer.name(), Ping{});
    EXPECT_EQ(pongs.replies, (std::vector<std::pair<Atom, Atom>>{{here, "pong"_atom}}));
    EXPECT_EQ(pongs.bad_nodes, (std::vector<Atom>{"a@nowhere"_atom, "b@nowhere"_atom}));
    const auto sums = multi_call({here, here}, kServer.name(), Add{4, 5});
    EXPECT_EQ(sums.replies, (std::vector<std::pair<Atom, std::int64_t>>{{here, 9}, {here, 9}}));
    EXPECT_TRUE(sums.bad_nodes.empty());
    const auto set = multi_call({here}, kServer.name(), Set{7});
    EXPECT_EQ(set.replies, (std::vector<std::pair<Atom, Term>>{{here, atoms::ok}}));
    EXPECT_EQ(multi_call({here}, kServer.name(), elixir(":count")).replies, (std::vector<std::pair<Atom, Term>>{{here, 7}}));
    EXPECT_EQ(multi_call({here}, "nobody"_atom, Ping{}).bad_nodes, std::vector<Atom>{here}) << "nobody has the name";
    EXPECT_TRUE(multi_call({}, kServer.name(), Ping{}).replies.empty());
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(GenServerTest, ANodeWhoseServerEndsOrIsTooSlowIsBadAndNothingComesLate) {  // GS-18
  run([] {
    CapturedLog log;
    trap_exit(true);
    const Pid pid = started();
    const Atom here = pulpo::runtime().node_name();
    const std::size_t processes = pulpo::runtime().process_count();
    EXPECT_EQ(multi_call({here, "a@nowhere"_atom}, kServer.name(), Later{}, {.timeout = 5ms}).bad_nodes,
              (std::vector<Atom>{here, "a@nowhere"_atom}));
    send(Address(kServer), Release{"too late"});
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
    EXPECT_FALSE(receive_any(10ms)) << "no late message ever reaches the mailbox";
    EXPECT_EQ(pulpo::runtime().process_count(), processes);
    EXPECT_EQ(multi_call({here}, kServer.name(), Leave{"bye"_atom}).bad_nodes, std::vector<Atom>{here});
    const auto ended = receive_any(5s);
    ASSERT_TRUE(ended);
    EXPECT_EQ(*ended, Term::tuple({"EXIT"_atom, pid, "bye"_atom})) << "of the server, to which we are linked";
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(GenServerTest, AKilledMultiCallTakesItsQuestionsAlong) {
  run([] {
    started();
    const Atom here = pulpo::runtime().node_name();
    const std::size_t processes = pulpo::runtime().process_count();
    const Pid caller = spawn([here] { (void)multi_call({here, here, here}, kServer.name(), Later{}); });
    EXPECT_TRUE(eventually([] { return call(kServer, Count{}) == 3; }));
    exit(caller, atoms::kill);
    (void)testing::end_of(caller);
    EXPECT_TRUE(eventually([&] { return pulpo::runtime().process_count() == processes; }));
  });
}

TEST_P(GenServerTest, AMultiCallKilledWhileItAsksLeavesNoQuestion) {
  run([] {
    started();
    const std::size_t processes = pulpo::runtime().process_count();
    constexpr std::uint64_t kNodes = 1000;
    const std::vector<Atom> nodes(kNodes, pulpo::runtime().node_name());
    const Pid caller = spawn([&nodes] { (void)multi_call(nodes, kServer.name(), Later{}); });
    while (pulpo::runtime().process_count() < processes + 100) yield();  // it makes way after some 200
    exit(caller, atoms::kill);
    (void)testing::end_of(caller);
    EXPECT_TRUE(eventually([&] { return pulpo::runtime().process_count() == processes; }))
        << pulpo::runtime().process_count() - processes << " are left";
  });
}

class Delegator {
 public:
  using Protocol = pulpo::Protocol<Later, Ping>;
  void handle_call(const Later&, From<Later> caller) {
    spawn([caller] { caller.reply("from a worker"); });
  }
  Atom handle_call(const Ping&) { return "pong"_atom; }
};

TEST_P(GenServerTest, AWorkerOfTheServerMayReply) {  // GS-12
  run([] {
    const Pid pid = start_link<Delegator>({}).value();
    EXPECT_EQ(call(pid, Later{}), "from a worker");
    EXPECT_EQ(call(pid, Ping{}), "pong"_atom);
  });
}

TEST_P(GenServerTest, ACallToNobodyExitsWithNoprocAndTheCall) {  // GS-6
  run([] {
    EXPECT_EQ(reason_of([] { call(kServer, Add{4, 5}); }), elixir("{:noproc, {GenServer, :call, [PingPong, {:cal, 4, 5}, 5000]}}"));
    EXPECT_EQ(reason_of([] { call(Address("x"_atom), Term(1), {.timeout = Timeout::infinity()}); }),
              elixir("{:noproc, {GenServer, :call, [:x, 1, :infinity]}}"));
    const auto answer = try_call(kServer, Ping{});
    EXPECT_EQ(answer.error().code, Errc::noproc);
    EXPECT_EQ(answer.error().reason, Term(atoms::noproc));
    const Pid gone = spawn([] {});
    (void)testing::end_of(gone);
    EXPECT_EQ(try_call(gone, Ping{}).error().code, Errc::noproc);
  });
}

TEST_P(GenServerTest, ACallToOneselfIsRefused) {  // GS-6
  run([] {
    EXPECT_EQ(try_call(self(), Ping{}).error().reason, Term(atoms::calling_self));
    const Term reason = reason_of([] { call(self(), Ping{}); });
    ASSERT_TRUE(reason.is_tuple(2));
    EXPECT_EQ(reason.elements()[0], Term(atoms::calling_self));
  });
}

TEST_P(GenServerTest, ATimeoutEndsTheWaitAndTheLateReplyIsDropped) {  // GS-6, GS-7
  run([] {
    started();
    const auto answer = try_call(kServer, Later{}, {.timeout = 5ms});
    EXPECT_EQ(answer.error().code, Errc::timeout);
    send(Address(kServer), Release{"too late"});
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
    EXPECT_FALSE(receive_any(10ms)) << "no late message ever reaches the mailbox";
    EXPECT_EQ(reason_of([] { call(kServer, Never{}, {.timeout = 5ms}); }), elixir("{:timeout, {GenServer, :call, [PingPong, :never, 5]}}"));
  });
}

TEST_P(GenServerTest, ACallEndsWithTheReasonOfAServerThatStops) {  // GS-6
  run([] {
    CapturedLog log;
    trap_exit(true);
    started();
    EXPECT_EQ(reason_of([] { call(kServer, Leave{"bye"_atom}); }), elixir("{:bye, {GenServer, :call, [PingPong, {:leave, :bye}, 5000]}}"));
    EXPECT_TRUE(eventually([] { return !whereis("Elixir.PingPong"_atom); }));
    started();
    const auto answer = try_call(kServer, Leave{atoms::normal});
    EXPECT_EQ(answer.error().code, Errc::exited);
    EXPECT_EQ(answer.error().reason, Term(atoms::normal));
  });
}

TEST_P(GenServerTest, ARequestThatNoClauseTakesEndsTheCallAndNotTheServer) {  // GS-13, Settled points
  run([] {
    const Pid pid = started();
    const Address server = "Elixir.PingPong"_atom;
    for (const char* text : {":unknown", "{:cal, 4}", "{:cal, :four, 5}", "7", "{}", ":reset"}) {
      const auto answer = try_call(server, elixir(text));
      ASSERT_FALSE(answer) << text;
      const Term& reason = answer.error().reason;
      EXPECT_TRUE(reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::function_clause)) << reason.text();
      EXPECT_EQ(answer.error().text(), "call: no function clause matching in PingPong.handle_call(" + std::string(text) +
                                           "); it takes :ping, :count, {:cal, integer, integer}, {:set, non_neg_integer}, :later, "
                                           ":never, :boom, {:leave, term}");
    }
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
    EXPECT_TRUE(is_alive(pid));
  });
}

TEST_P(GenServerTest, ACastOrInfoThatNobodyTakesIsLoggedAndDropped) {  // GS-13
  run([] {
    CapturedLog log;
    started();
    send(Address(kServer), "hello"_atom);
    cast(Address(kServer), elixir("{:what, 1}"));
    send(Address(kServer), elixir(":reset"));
    EXPECT_EQ(call(kServer, Ping{}), "pong"_atom);
    EXPECT_EQ(
        log.count("[error] pulpo::gen_server_test::{anonymous}::Server PingPong received unexpected message in handle_info/2: :hello") +
            log.count("[error] pulpo::gen_server_test::(anonymous namespace)::Server PingPong received unexpected message in "
                      "handle_info/2: :hello"),
        1u)
        << log.all();
    EXPECT_EQ(log.count("received unexpected message in handle_cast/2: {:what, 1}; it takes :reset, {:watch, pid}"), 1u) << log.all();
    EXPECT_EQ(log.count("received unexpected message in handle_info/2: :reset; it takes {:release, string}"), 1u)
        << "a cast's struct is no info";
  });
}

TEST_P(GenServerTest, ADownArrivesInHandleInfo) {  // SIG-12
  run([] {
    started();
    const Pid other = spawn([] { (void)receive_any(); });
    cast(kServer, Watch{other});
    EXPECT_EQ(call(kServer, Count{}), 0u);
    send(other, "go"_atom);
    EXPECT_TRUE(eventually([] { return call(kServer, Count{}) == 1000; }));
  });
}

struct Wrong {
  using Message = Call<"ping", std::int64_t>;
};

TEST_P(GenServerTest, AnAnswerOfAnotherTypeIsAnErrorThatShowsIt) {
  run([] {
    const Pid pid = started();
    const auto answer = try_call(pid, Wrong{});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::bad_message);
    EXPECT_EQ(answer.error().reason, elixir("{:bad_reply, :pong, \"integer\"}"));
    const Term reason = reason_of([pid] { call(pid, Wrong{}); });
    ASSERT_TRUE(reason.is_tuple(2));
    EXPECT_EQ(reason.elements()[0], elixir("{:bad_reply, :pong, \"integer\"}"));
  });
}

class Untyped {
 public:
  Term handle_call(const Term& request) { return Term::tuple({"you_said"_atom, request}); }
  void handle_cast(const Term& message) { last_ = message; }
  void handle_info(const Term& message) { last_ = message; }
  [[nodiscard]] Term describe() const { return last_; }

 private:
  Term last_;
};

TEST_P(GenServerTest, AServerMayTakeTermsOfAnyShape) {
  run([] {
    const Pid pid = start_link<Untyped>({}).value();
    EXPECT_EQ(call(pid, elixir("[1, 2]")), elixir("{:you_said, [1, 2]}"));
    cast(pid, Term(3));
    EXPECT_EQ(*get_state(pid), Term(3));
    send(pid, Term("info"));
    EXPECT_EQ(*get_state(pid), Term("info"));
  });
}

class Both {
 public:
  using Protocol = pulpo::Protocol<Ping>;
  Atom handle_call(const Ping&) { return "typed"_atom; }
  void handle_call(const Term& request, From<Term> caller) { caller.reply(Term::tuple({"other"_atom, request})); }
};

TEST_P(GenServerTest, TermClausesComeAfterTheProtocol) {
  run([] {
    const Pid pid = start_link<Both>({}).value();
    EXPECT_EQ(call(pid, Ping{}), "typed"_atom);
    EXPECT_EQ(call(pid, Term(5)), elixir("{:other, 5}"));
  });
}

struct Tick {
  using Message = Info<"tick">;
};
class Clock {
 public:
  using Protocol = pulpo::Protocol<Count, Tick>;
  Clock() { send_after(1ms, Tick{}); }
  std::uint64_t handle_call(const Count&) { return ticks_; }
  void handle_info(const Tick&) {
    if (++ticks_ < 3) send_after(1ms, Tick{});
  }

 private:
  std::uint64_t ticks_ = 0;
};

TEST_P(GenServerTest, AServerSendsItselfMessagesLater) {
  run([] {
    const Pid pid = start_link<Clock>({}).value();
    EXPECT_TRUE(eventually([pid] { return call(pid, Count{}) == 3; }));
  });
}

TEST_P(GenServerTest, ManyCallersEachGetTheirOwnReply) {
  run([] {
    started();
    const Pid me = self();
    for (std::int64_t i = 0; i < 500; ++i) {
      spawn([me, i] { send(me, to_term(call(kServer, Add{i, 1}) - i)); });
    }
    for (int i = 0; i < 500; ++i) ASSERT_EQ(*receive_any(5s), Term(1));
  });
}

TEST_P(GenServerTest, ANameThatIsNoNameExitsItsUser) {
  run([] { EXPECT_EQ(reason_of([] { (void)start_link<Server>({.name = "not a name"}); }), elixir("{:badarg, \"not a name\"}")); });
}

}  // namespace
}  // namespace pulpo::gen_server_test
