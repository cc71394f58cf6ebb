// SPDX-License-Identifier: Apache-2.0
//
// The life of a server: start, init's outcomes, stop, terminate, crash reports.
#include <stdexcept>

#include "pulpo/gen_server.hpp"
#include "pulpo/process_info.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::server_life_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::end_of;
using testing::eventually;
using testing::reason_of;

class ServerLifeTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ServerLifeTest);

struct Do {
  using Message = Call<"do", Term>;
  std::string what;
};
struct Tell {
  using Message = Cast<"tell">;
};

/// Does in its constructor and afterwards what its text says.
class Actor {
 public:
  using Protocol = pulpo::Protocol<Do, Tell>;
  explicit Actor(std::string in_init, Pid witness = {}) : witness_(witness) {
    if (in_init == "ignore") ignore();
    if (in_init == "stop") exit("sorry"_atom);
    if (in_init == "normal") exit(atoms::normal);
    if (in_init == "throw") throw std::logic_error("bad constructor");
    if (in_init == "hang") (void)receive_any();
    if (in_init == "slow") sleep(5ms);
    if (in_init == "trap") trap_exit(true);
  }
  Term handle_call(const Do& order) {
    if (order.what == "sleep, then throw") sleep(20ms);
    if (order.what.ends_with("throw")) throw std::runtime_error("the text");
    if (order.what == "throw int") throw 7;
    if (order.what == "shutdown") exit(Term::tuple({atoms::shutdown, "done"_atom}));
    if (order.what == "exit") exit("broken"_atom);
    return order.what;
  }
  void handle_cast(const Tell&) { exit("told"_atom); }
  void terminate(const Term& reason) {
    if (witness_) send(witness_, Term::tuple({"terminated"_atom, reason}));
  }
  [[nodiscard]] Term describe() const { return "my state"; }

 private:
  Pid witness_;
};

TEST_P(ServerLifeTest, StartReturnsWhenTheConstructorHas) {  // GS-1
  run([] {
    const TimePoint before = precise_now();
    const auto pid = start_link<Actor>({}, "slow");
    ASSERT_TRUE(pid);
    EXPECT_GE(precise_now() - before, 5ms);
    EXPECT_EQ(call(*pid, Do{"x"}), Term("x"));
  });
}

TEST_P(ServerLifeTest, ATakenNameIsAlreadyStartedWithItsPid) {  // GS-1
  run([] {
    const Pid first = start_link<Actor>({.name = "Actor"}, "").value();
    const auto second = start_link<Actor>({.name = "Actor"}, "");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::already_exists);
    EXPECT_EQ(second.error().reason, Term::tuple({atoms::already_started, first}));
    EXPECT_EQ(whereis("Elixir.Actor"_atom), first);
  });
}

TEST_P(ServerLifeTest, InitMayStopWithAReason) {  // GS-2
  run([] {
    trap_exit(true);
    const auto pid = start_link<Actor>({.name = "Actor"}, "stop");
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().code, Errc::exited);
    EXPECT_EQ(pid.error().reason, Term("sorry"_atom));
    EXPECT_FALSE(whereis("Elixir.Actor"_atom)) << "the name is free again";
    const auto exited = receive_any(5s);
    ASSERT_TRUE(exited && exited->is_tuple(3)) << "a linked, trapping starter gets the EXIT too";
    EXPECT_EQ(exited->elements()[2], Term("sorry"_atom));
    EXPECT_EQ(pulpo::start<Actor>({}, "normal").error().reason, Term(atoms::normal));
  });
}

TEST_P(ServerLifeTest, InitMayIgnore) {  // GS-2
  run([] {
    const auto pid = start_link<Actor>({.name = "Actor"}, "ignore");
    ASSERT_FALSE(pid);
    EXPECT_TRUE(is_ignore(pid.error()));
    EXPECT_FALSE(whereis("Elixir.Actor"_atom));
    EXPECT_FALSE(is_ignore(pulpo::start<Actor>({}, "stop").error()));
  });
}

TEST_P(ServerLifeTest, AnExceptionInInitIsItsReasonAndIsReported) {  // GS-2
  run([] {
    CapturedLog log;
    const auto pid = pulpo::start<Actor>({}, "throw");
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().reason, elixir("{:exception, \"std::logic_error\", \"bad constructor\"}"));
    EXPECT_EQ(log.count("** (std::logic_error) bad constructor"), 1u) << log.all();
  });
}

TEST_P(ServerLifeTest, AStarterThatDoesNotTrapDiesWithAnInitThatFails) {  // GS-2, SIG-7
  run([] {
    EXPECT_EQ(reason_of([] {
                (void)start_link<Actor>({}, "stop");
                (void)receive_any();
              }),
              Term("sorry"_atom));
  });
}

TEST_P(ServerLifeTest, AnInitThatTakesTooLongIsKilled) {  // GS-1
  run([] {
    const auto pid = start_link<Actor>({.name = "Actor", .timeout = 5ms}, "hang");
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().code, Errc::timeout);
    EXPECT_TRUE(eventually([] { return !whereis("Elixir.Actor"_atom); }));
  });
}

TEST_P(ServerLifeTest, StartMonitorWatchesFromTheBeginning) {  // GS-1
  run(
      [] {
        CapturedLog log;
        for (const unsigned core : {0u, 1u}) {
          const auto server = start_monitor<Actor>({.core = core}, "");
          ASSERT_TRUE(server);
          cast(server->pid, Tell{});
          EXPECT_EQ(testing::down_reason(server->monitor), Term("told"_atom));
          for (const char* how : {"stop", "ignore"}) {
            const auto failed = start_monitor<Actor>({.core = core}, how);
            ASSERT_FALSE(failed);
            EXPECT_EQ(failed.error().reason, Term(how == std::string_view("stop") ? "sorry"_atom : "ignore"_atom));
            EXPECT_FALSE(receive_any(5ms)) << "no DOWN comes of one that did not start";
          }
        }
      },
      {.cores = 2});
}

TEST_P(ServerLifeTest, AStopThatTakesTooLongIsATimeout) {  // GS-17
  run([] {
    class Slow {
     public:
      void terminate(const Term&) { (void)receive_any(); }
    };
    const Pid pid = pulpo::start<Slow>({}).value();
    EXPECT_EQ(stop(pid, atoms::normal, 5ms).error().code, Errc::timeout);
    const Ref watched = monitor(pid);
    send(pid, "go"_atom);
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::normal)) << "it ends all the same";
  });
}

TEST_P(ServerLifeTest, AReportSaysWhetherTheClientLives) {  // GS-15, LOG-5
  run([] {
    CapturedLog log;
    ASSERT_TRUE(register_name("client"_atom, self()));
    EXPECT_FALSE(try_call(pulpo::start<Actor>({}, "").value(), Do{"throw"}));
    EXPECT_EQ(log.count("Client :client is alive"), 1u) << log.all();
    const Pid server = pulpo::start<Actor>({}, "").value();
    const Ref watched = monitor(server);
    const Pid client = spawn([server] { (void)try_call(server, Do{"sleep, then throw"}); });
    EXPECT_TRUE(eventually([client] { return process_info(client).value().waits_for.has_value(); }));
    exit(client, atoms::kill);
    EXPECT_TRUE(testing::down_reason(watched).is_tuple(3));
    EXPECT_EQ(log.count("Client " + Term(client).text() + " is dead"), 1u) << log.all();
  });
}

TEST_P(ServerLifeTest, StopRunsTerminateAndWaitsForTheEnd) {  // GS-17, GS-14
  run([] {
    CapturedLog log;
    const Pid pid = start_link<Actor>({}, "", self()).value();
    EXPECT_TRUE(stop(pid));
    EXPECT_FALSE(is_alive(pid));
    EXPECT_TRUE(testing::receive_exactly(Term::tuple({"terminated"_atom, atoms::normal})));
    EXPECT_EQ(stop(pid).error().code, Errc::noproc);
    EXPECT_EQ(log.all(), "");
  });
}

TEST_P(ServerLifeTest, AnExceptionRunsTerminateAndIsTheReason) {  // GS-14, D12
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Actor>({}, "", self()).value();
    const auto answer = try_call(pid, Do{"throw"});
    const Term reason = elixir("{:exception, \"std::runtime_error\", \"the text\"}");
    EXPECT_EQ(answer.error().reason, reason);
    EXPECT_TRUE(testing::receive_exactly(Term::tuple({"terminated"_atom, reason})));
  });
}

TEST_P(ServerLifeTest, ACrashIsReportedWithNameReasonMessageAndState) {  // GS-15, LOG-5
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Actor>({.name = "Actor"}, "").value();
    EXPECT_FALSE(try_call(pid, Do{"throw"}));
    (void)end_of(pid);
    EXPECT_EQ(log.all(), "[error] GenServer Actor terminating\n** (std::runtime_error) the text\nLast message (from " +
                             Term(self()).text() + "): {:do, \"throw\"}\nState: \"my state\"\nClient " + Term(self()).text() +
                             " is alive\n");
  });
}

TEST_P(ServerLifeTest, AStopWithAReasonIsReportedAsAStop) {  // GS-15, LOG-5
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Actor>({}, "").value();
    const Ref watched = monitor(pid);
    cast(pid, Tell{});
    EXPECT_EQ(testing::down_reason(watched), Term("told"_atom));
    EXPECT_EQ(log.all(), "[error] GenServer " + Term(pid).text() +
                             " terminating\n** (stop) :told\nLast message: {:\"$gen_cast\", :tell}\nState: \"my state\"\n");
  });
}

TEST_P(ServerLifeTest, AnOrderlyEndIsNotReported) {  // GS-15
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Actor>({}, "").value();
    EXPECT_EQ(try_call(pid, Do{"shutdown"}).error().reason, elixir("{:shutdown, :done}"));
    EXPECT_TRUE(stop(pulpo::start<Actor>({}, "").value(), atoms::shutdown));
    EXPECT_EQ(log.all(), "");
  });
}

TEST_P(ServerLifeTest, SomethingThrownThatIsNoExceptionEndsTheServerToo) {
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Actor>({}, "").value();
    const auto answer = try_call(pid, Do{"throw int"});
    ASSERT_TRUE(answer.error().reason.is_tuple(3));
    EXPECT_EQ(answer.error().reason.elements()[1], Term("int"));
    EXPECT_EQ(log.count("** (int)"), 1u) << log.all();
  });
}

TEST_P(ServerLifeTest, TheParentsExitRunsTerminateOnlyWhenExitsAreTrapped) {  // GS-14
  run([] {
    CapturedLog log;
    for (const char* how : {"trap", ""}) {
      Pid child;
      const Pid me = self();
      const Pid parent = spawn([me, how] {
        send(me, start_link<Actor>({}, how, me).value());
        (void)receive_any();
        exit("parent_gone"_atom);
      });
      const auto started = receive_if([](const Term& term) { return term.is_pid(); }, 5s);
      ASSERT_TRUE(started);
      child = started->pid();
      const Ref watched = monitor(child);
      send(parent, "go"_atom);
      EXPECT_EQ(testing::down_reason(watched), Term("parent_gone"_atom));
      const bool told = receive_if([](const Term& term) { return term.is_tuple(2); }, 0s).has_value();
      EXPECT_EQ(told, std::string_view(how) == "trap");
    }
  });
}

class FailsInTerminate {
 public:
  void terminate(const Term&) { throw std::runtime_error("while terminating"); }
};

TEST_P(ServerLifeTest, AFailureInTerminateIsTheReasonThatIsReported) {
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<FailsInTerminate>({}).value();
    const auto stopped = stop(pid);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().reason, elixir("{:exception, \"std::runtime_error\", \"while terminating\"}"));
    EXPECT_EQ(log.count("** (std::runtime_error) while terminating"), 1u) << log.all();
  });
}

TEST_P(ServerLifeTest, AKilledServerRunsDestructorsAndNotTerminate) {  // SIG-7, GS-14
  run([] {
    const Pid pid = pulpo::start<Actor>({}, "trap", self()).value();
    const Ref watched = monitor(pid);
    exit(pid, atoms::kill);
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::killed));
    EXPECT_FALSE(receive_any(5ms));
  });
}

TEST_P(ServerLifeTest, AServerStartsOnTheCoreItIsGiven) {
  run(
      [] {
        const auto pid = start_link<Actor>({.name = "Actor", .core = 1}, "");
        ASSERT_TRUE(pid) << pid.error().text();
        EXPECT_EQ(pid->core(), 1u);
        EXPECT_EQ(call(Address("Elixir.Actor"_atom), Do{"there"}), Term("there"));
        EXPECT_FALSE(receive_any(0s)) << "nothing of the start is left in the mailbox";
        EXPECT_TRUE(stop(*pid));
      },
      {.cores = 2});
}

TEST_P(ServerLifeTest, AnInitThatFailsOnAnotherCoreGivesItsReason) {  // GS-2
  run(
      [] {
        for (int i = 0; i < 50; ++i) {
          const auto pid = pulpo::start<Actor>({.core = 1}, "stop");
          ASSERT_FALSE(pid);
          ASSERT_EQ(pid.error().reason, Term("sorry"_atom));
        }
        EXPECT_TRUE(is_ignore(pulpo::start<Actor>({.core = 1}, "ignore").error()));
        EXPECT_FALSE(receive_any(0s)) << "nothing of the start is left in the mailbox";
      },
      {.cores = 2});
}

}  // namespace
}  // namespace pulpo::server_life_test
