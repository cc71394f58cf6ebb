// SPDX-License-Identifier: Apache-2.0
#include "pulpo/process.hpp"

#include <future>
#include <stdexcept>
#include <vector>

#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class ProcessTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ProcessTest);

/// Says in `gone` that it was destroyed.
struct Witness {
  explicit Witness(bool& gone_) : gone(gone_) {}
  ~Witness() { gone = true; }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  bool& gone;
};

TEST_P(ProcessTest, AMessageReachesTheProcessThatItWasSentTo) {
  run([] {
    const Pid me = self();
    const Pid echo = spawn([me] { send(me, Term::tuple({"echo"_atom, *receive_any()})); });
    send(echo, 42);
    EXPECT_TRUE(receive_exactly(Term::tuple({"echo"_atom, 42})));
  });
}

TEST_P(ProcessTest, MessagesFromOneSenderArriveInTheOrderOfSending) {  // SIG-1
  run([] {
    const Pid me = self();
    spawn([me] {
      for (int i = 0; i < 10'000; ++i) send(me, i);
    });
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(*receive_any(5s), Term(i));
  });
}

TEST_P(ProcessTest, MessagesPassedOverKeepTheirPlace) {  // SIG-4
  run([] {
    for (const int i : {1, 2, 3, 4}) send(self(), i);
    EXPECT_EQ(*receive_if([](const Term& term) { return term.integer() == 3; }, 0s), Term(3));
    for (const int i : {1, 2, 4}) EXPECT_EQ(*receive_any(0s), Term(i));
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(ProcessTest, AReceiveEndsAtItsDeadlineWithoutAMatch) {  // SIG-4
  run([] {
    send(self(), "other"_atom);
    const TimePoint before = precise_now();
    EXPECT_FALSE(receive_if([](const Term& term) { return term.is_integer(); }, 20ms));
    EXPECT_GE(precise_now() - before, 20ms);
    EXPECT_TRUE(receive_exactly("other"_atom, 0s));
  });
}

TEST_P(ProcessTest, AMessageThatComesWhileWaitingEndsTheWait) {
  run([] {
    send_after(5ms, self(), "tick"_atom);
    EXPECT_TRUE(receive_exactly("tick"_atom));
  });
}

TEST_P(ProcessTest, ACancelledTimerSendsNothing) {
  run([] {
    const Ref timer = send_after(1ms, self(), "tick"_atom);
    EXPECT_TRUE(cancel_timer(timer));
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_FALSE(receive_any(10ms));
  });
}

TEST_P(ProcessTest, ReturningIsTheReasonNormal) {  // SIG-6
  run([] { EXPECT_EQ(down_reason(spawn_monitor([] {}).monitor), Term(atoms::normal)); });
}

TEST_P(ProcessTest, ExitGivesItsReasonAndUnwindsTheStack) {  // SIG-6
  run([] {
    bool gone = false;
    const auto spawned = spawn_monitor([&] {
      const Witness witness(gone);
      exit(Term::tuple({"bad"_atom, 7}));
    });
    EXPECT_EQ(down_reason(spawned.monitor), Term::tuple({"bad"_atom, 7}));
    EXPECT_TRUE(gone);
  });
}

TEST_P(ProcessTest, AnExceptionIsAnExitReasonWithItsTypeAndText) {  // SIG-6
  run([] {
    const auto spawned = spawn_monitor([] { throw std::runtime_error("no such sensor"); });
    EXPECT_EQ(down_reason(spawned.monitor), Term::tuple({"exception"_atom, "std::runtime_error", "no such sensor"}));
  });
}

TEST_P(ProcessTest, AKilledProcessUnwindsItsStackWhereItWaits) {  // SIG-7
  run([] {
    bool gone = false;
    const auto spawned = spawn_monitor([&] {
      const Witness witness(gone);
      (void)receive_any();
    });
    yield();
    exit(spawned.pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::killed));
    EXPECT_TRUE(gone);
  });
}

TEST_P(ProcessTest, AKillThatIsSwallowedComesAgainAtTheNextSuspension) {
  run([] {
    int swallowed = 0;
    const auto spawned = spawn_monitor([&] {
      for (int i = 0; i < 3; ++i) {
        try {
          (void)receive_any();
        } catch (...) {
          ++swallowed;
        }
      }
      yield();
      ADD_FAILURE() << "the kill was lost";
    });
    yield();
    exit(spawned.pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::killed));
    EXPECT_EQ(swallowed, 3);
  });
}

TEST_P(ProcessTest, NoKillIsDeliveredInANoKillScope) {
  run([] {
    bool finished = false;
    const auto spawned = spawn_monitor([&] {
      {
        const NoKill scope;
        EXPECT_TRUE(receive_any().has_value());   // the message that says go on
        EXPECT_FALSE(receive_any().has_value());  // returns at once: a kill waits
        finished = true;
      }
      yield();
    });
    yield();
    send(spawned.pid, "go"_atom);
    yield();
    exit(spawned.pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::killed));
    EXPECT_TRUE(finished);
  });
}

/// Its destructor waits, which is let go on only by an exit signal.
class SlowToGo final : public Body {
 public:
  SlowToGo(bool& cut_short, std::function<void()> waiting) : cut_short_(cut_short), waiting_(std::move(waiting)) {}
  ~SlowToGo() override {
    const NoKill scope;
    waiting_();
    const TimePoint before = precise_now();
    sleep(3s);
    cut_short_ = precise_now() - before < 3s;
  }
  bool start() override { return false; }

 private:
  bool& cut_short_;
  const std::function<void()> waiting_;
};

TEST_P(ProcessTest, AKillEndsTheWaitOfADestructor) {
  run([] {
    bool cut_short = false;
    const auto spawned = try_spawn(std::make_unique<SlowToGo>(cut_short, [] {}), {.monitor = true});
    ASSERT_TRUE(spawned);
    yield();  // it has ended, and destroys its body
    exit(spawned->pid, atoms::kill);
    EXPECT_EQ(down_reason(spawned->monitor), Term(atoms::normal)) << "it had ended before";
    EXPECT_TRUE(cut_short);
  });
}

TEST_P(ProcessTest, StopEndsTheWaitOfADestructor) {
  start();
  bool cut_short = false;
  std::promise<void> waiting;
  run([&] { EXPECT_TRUE(try_spawn(std::make_unique<SlowToGo>(cut_short, [&] { waiting.set_value(); }), {})); });
  waiting.get_future().wait();
  runtime().stop();
  EXPECT_TRUE(cut_short);
}

// SIG-7, row by row: (reason of exit/2, what a process that does not trap ends with; nil: it lives on).
TEST_P(ProcessTest, AnExitSignalEndsAProcessThatDoesNotTrapUnlessNormal) {  // SIG-7
  run([] {
    const auto victim = [] { return spawn_monitor([] { (void)receive_any(); }); };
    const auto a = victim();
    exit(a.pid, atoms::normal);
    EXPECT_TRUE(is_alive(a.pid));
    exit(a.pid, "bad"_atom);
    EXPECT_EQ(down_reason(a.monitor), Term("bad"_atom));
    const auto b = victim();
    exit(b.pid, atoms::kill);
    EXPECT_EQ(down_reason(b.monitor), Term(atoms::killed));
  });
}

TEST_P(ProcessTest, AProcessThatTrapsGetsExitSignalsAsMessagesButDiesOfKill) {  // SIG-7
  run([] {
    const Pid me = self();
    const auto trapper = spawn_monitor([me] {
      trap_exit(true);
      send(me, "ready"_atom);
      for (;;) send(me, *receive_any());
    });
    ASSERT_TRUE(receive_exactly("ready"_atom));
    for (const Atom reason : {atoms::normal, "bad"_atom}) {
      exit(trapper.pid, reason);
      EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, me, reason})));
    }
    exit(trapper.pid, atoms::kill);
    EXPECT_EQ(down_reason(trapper.monitor), Term(atoms::killed));
  });
}

TEST_P(ProcessTest, TrapExitTellsItsFormerValueAndChangesNoMessageThatIsThere) {  // SIG-8
  run([] {
    EXPECT_FALSE(trap_exit(true));
    EXPECT_TRUE(trap_exit(true));
    const Pid child = spawn_link([] {
      (void)receive_any();
      exit("bad"_atom);
    });
    const Ref ref = monitor(child);
    send(child, "go"_atom);
    EXPECT_EQ(down_reason(ref), Term("bad"_atom));  // the exit signal came before
    EXPECT_TRUE(trap_exit(false));
    EXPECT_FALSE(trap_exit(false));
    EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, child, "bad"_atom}), 0s));
    exit(child, "again"_atom);  // to nobody: nothing fails
    exit(child, atoms::kill);
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(ProcessTest, ExitToOneselfWithNormalEndsAProcessThatDoesNotTrap) {  // SIG-7
  run([] {
    const auto spawned = spawn_monitor([] {
      exit(self(), atoms::normal);
      ADD_FAILURE() << "lived on";
    });
    EXPECT_EQ(down_reason(spawned.monitor), Term(atoms::normal));
  });
}

TEST_P(ProcessTest, ABrokenLinkEndsThePeerWithTheSameReason) {  // SIG-7
  run([] {
    const auto parent = spawn_monitor([] {
      spawn_link([] { exit("bad"_atom); });
      (void)receive_any();
    });
    EXPECT_EQ(down_reason(parent.monitor), Term("bad"_atom));
  });
}

TEST_P(ProcessTest, KillOfALinkedProcessReachesItsPeerAsKilledWhichCanBeTrapped) {  // SIG-7
  run([] {
    trap_exit(true);
    const Pid child = spawn_link([] { (void)receive_any(); });
    exit(child, atoms::kill);
    EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, child, atoms::killed})));
  });
}

TEST_P(ProcessTest, ALinkedProcessThatEndsNormallyDoesNotEndItsPeer) {  // SIG-7
  run([] {
    const Pid child = spawn_link([] {});
    const Ref ref = monitor(child);
    (void)down_reason(ref);
    yield();
  });
}

TEST_P(ProcessTest, LinkingToADeadProcessRaisesNoprocUnlessTrapping) {  // SIG-9
  run([] {
    const auto dead = spawn_monitor([] {});
    (void)down_reason(dead.monitor);
    const auto linker = spawn_monitor([pid = dead.pid] { link(pid); });
    EXPECT_EQ(down_reason(linker.monitor), Term(atoms::noproc));
    trap_exit(true);
    link(dead.pid);
    EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, dead.pid, atoms::noproc})));
  });
}

TEST_P(ProcessTest, AfterUnlinkNoExitSignalOfThatLinkComes) {  // SIG-10
  run([] {
    const Pid child = spawn_link([] {
      (void)receive_any();
      exit("bad"_atom);
    });
    unlink(child);
    const Ref ref = monitor(child);
    send(child, "go"_atom);
    EXPECT_EQ(down_reason(ref), Term("bad"_atom));
  });
}

TEST_P(ProcessTest, ALinkCanBeMadeAgainAfterUnlink) {  // SIG-9, SIG-10
  run([] {
    trap_exit(true);
    const Pid child = spawn_link([] {
      (void)receive_any();
      exit("bad"_atom);
    });
    unlink(child);
    link(child);
    send(child, "go"_atom);
    EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, child, "bad"_atom})));
  });
}

TEST_P(ProcessTest, AMonitorOfNobodyFiresAtOnceWithNoproc) {  // SIG-12
  run([] {
    EXPECT_EQ(down_reason(monitor("nobody"_atom)), Term(atoms::noproc));
    const auto dead = spawn_monitor([] {});
    (void)down_reason(dead.monitor);
    EXPECT_EQ(down_reason(monitor(dead.pid)), Term(atoms::noproc));
  });
}

TEST_P(ProcessTest, AMonitorByNameNamesTheNodeInItsDown) {  // SIG-12
  run([] {
    SpawnOptions named;
    named.name = "worker"_atom;
    const Pid worker = spawn([] { (void)receive_any(); }, named);
    const Ref ref = monitor("worker"_atom);
    exit(worker, "bad"_atom);
    EXPECT_TRUE(
        receive_exactly(Term::tuple({atoms::DOWN, ref, atoms::process, Term::tuple({"worker"_atom, atoms::nonode_nohost}), "bad"_atom})));
  });
}

TEST_P(ProcessTest, DemonitorWithFlushRemovesADownThatIsInTheMailbox) {  // SIG-13
  run([] {
    const auto dead = spawn_monitor([] {});
    sleep(1ms);
    EXPECT_FALSE(demonitor(dead.monitor, {.flush = true}));
    EXPECT_FALSE(receive_any(0s));
    const auto alive = spawn_monitor([] { (void)receive_any(); });
    EXPECT_TRUE(demonitor(alive.monitor));
  });
}

TEST_P(ProcessTest, ExitComesBeforeDownForWhoHasBoth) {  // SIG-20
  run([] {
    trap_exit(true);
    SpawnOptions both;
    both.link = true;
    const auto child = spawn_monitor([] { exit("bad"_atom); }, both);
    EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::EXIT, child.pid, "bad"_atom}));
    EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::DOWN, child.monitor, atoms::process, child.pid, "bad"_atom}));
  });
}

TEST_P(ProcessTest, ANameIsTakenOnceAndFreeBeforeObserversHearOfTheEnd) {  // SIG-21
  run([] {
    SpawnOptions named;
    named.name = "only"_atom;
    named.monitor = true;
    const auto first = try_spawn(detail::function_body([] { (void)receive_any(); }), named);
    ASSERT_TRUE(first);
    EXPECT_EQ(whereis("only"_atom), first->pid);
    const auto second = try_spawn(detail::function_body([] {}), named);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::already_exists);
    EXPECT_EQ(second.error().reason, Term(first->pid));
    exit(first->pid, atoms::kill);
    (void)down_reason(first->monitor);
    EXPECT_FALSE(whereis("only"_atom));
  });
}

TEST_P(ProcessTest, RegisterRefusesASecondNameForAProcessAndDeadOnes) {  // SIG-21
  run([] {
    EXPECT_TRUE(register_name("me"_atom, self()));
    EXPECT_EQ(register_name("me_too"_atom, self()).error().code, Errc::already_exists);
    EXPECT_EQ(register_name(atoms::undefined, self()).error().code, Errc::bad_argument);
    const auto dead = spawn_monitor([] {});
    (void)down_reason(dead.monitor);
    EXPECT_EQ(register_name("ghost"_atom, dead.pid).error().code, Errc::noproc);
    EXPECT_TRUE(unregister_name("me"_atom));
    EXPECT_EQ(unregister_name("me"_atom).error().code, Errc::noproc);
  });
}

TEST_P(ProcessTest, SendingToAnUnregisteredNameRaisesBadarg) {  // SIG-3
  run([] {
    const auto sender = spawn_monitor([] { send("nobody"_atom, 1); });
    EXPECT_EQ(down_reason(sender.monitor), Term(atoms::badarg));
    send(Pid{0, 12, 99}, 1);  // a pid of nobody: nothing happens
  });
}

TEST_P(ProcessTest, APidOfAnEarlierLifeReachesNobody) {  // SIG-2
  run([] {
    const auto first = spawn_monitor([] {});
    (void)down_reason(first.monitor);
    const Pid second = spawn([] { (void)receive_any(); });
    EXPECT_EQ(second.id, first.pid.id) << "this test relies on the slot being used again";
    EXPECT_NE(second.serial, first.pid.serial);
    exit(first.pid, atoms::kill);
    EXPECT_TRUE(is_alive(second));
    exit(second, atoms::kill);
  });
}

TEST_P(ProcessTest, ExceptionsThatAreBeingHandledStayWithTheirProcess) {
  // Goal:   a process that suspends inside a catch block rethrows its own exception, whatever others caught meanwhile.
  // Method: two processes, each suspended in a handler, resumed in the order that mixes them up.
  run([] {
    std::vector<std::string> rethrown;
    const auto thrower = [&rethrown](const char* text) {
      return spawn_monitor([&rethrown, text] {
        try {
          throw std::runtime_error(text);
        } catch (...) {
          (void)receive_any();
          try {
            throw;
          } catch (const std::exception& error) {
            rethrown.emplace_back(error.what());
          }
        }
      });
    };
    const auto a = thrower("a");
    const auto b = thrower("b");
    yield();
    send(a.pid, "go"_atom);
    (void)down_reason(a.monitor);
    send(b.pid, "go"_atom);
    (void)down_reason(b.monitor);
    EXPECT_EQ(rethrown, (std::vector<std::string>{"a", "b"}));
  });
}

TEST_P(ProcessTest, AProcessThatNeverSuspendsMakesWayAfterItsShareOfSends) {
  run([] {
    bool other_ran = false;
    spawn([&] { other_ran = true; });
    // Sends only: without a budget the other process would wait for the end of this loop.
    for (int i = 0; i < 100'000 && !other_ran; ++i) send(Pid{0, 12, 99}, i);
    EXPECT_TRUE(other_ran);
  });
}

TEST_P(ProcessTest, ATermThatWeighsMoreThan32BitsHoldCountsForHalfTheLimit) {
  run([] {
    Term heavy = Term::tuple({1, 2});
    for (int i = 0; i < 40; ++i) heavy = Term::tuple({heavy, heavy});
    const auto victim = spawn_monitor([] { (void)receive_if([](const Term&) { return false; }); });
    // Two fill the mailbox; had the weight wrapped, hundreds would fit.
    for (int i = 0; i < 3; ++i) send(victim.pid, heavy);
    const Term reason = down_reason(victim.monitor);
    ASSERT_TRUE(reason.is_tuple(3)) << reason.text();
    EXPECT_EQ(reason.elements()[0], Term("mailbox_limit"_atom));
    EXPECT_EQ(reason.elements()[1], Term(2));
  });
}

TEST_P(ProcessTest, AMailboxBeyondItsLimitStopsTheProcess) {
  RuntimeOptions options;
  options.mailbox_messages_max = 100;
  run(
      [] {
        const auto slow = spawn_monitor([] { (void)receive_if([](const Term&) { return false; }); });
        for (int i = 0; i < 101; ++i) send(slow.pid, i);
        const Term reason = down_reason(slow.monitor);
        ASSERT_TRUE(reason.is_tuple(3)) << reason.text();
        EXPECT_EQ(reason.elements()[0], Term("mailbox_limit"_atom));
        EXPECT_EQ(reason.elements()[1], Term(100));
      },
      options);
}

TEST_P(ProcessTest, AMessageLargerThanTheMailboxsLimitFits) {
  RuntimeOptions options;
  options.mailbox_bytes_max = 1000;
  run(
      [] {
        const Term large = Term::binary(std::string(2000, 'x'));
        send(self(), large);
        EXPECT_EQ(*receive_any(), large);
        const auto slow = spawn_monitor([] { (void)receive_if([](const Term&) { return false; }); });
        for (int i = 0; i < 3; ++i) send(slow.pid, large);
        const Term reason = down_reason(slow.monitor);
        ASSERT_TRUE(reason.is_tuple(3)) << reason.text();
        EXPECT_EQ(reason.elements()[0], Term("mailbox_limit"_atom));
        EXPECT_EQ(reason.elements()[1], Term(2));
      },
      options);
}

TEST_P(ProcessTest, BeyondTheProcessLimitSpawnExitsWithSystemLimit) {  // SIG-18
  RuntimeOptions options;
  options.processes_max = 10;
  run(
      [] {
        const auto greedy = spawn_monitor([] {
          for (int i = 0; i < 100; ++i) spawn_link([] { (void)receive_any(); });
          ADD_FAILURE() << "spawned more than there may be";
        });
        EXPECT_EQ(down_reason(greedy.monitor), Term(atoms::system_limit));
        EXPECT_TRUE(is_alive(self()));
        // Its links have ended the others, so that there is room again.
        const auto next = spawn_monitor([] {});
        EXPECT_EQ(down_reason(next.monitor), Term(atoms::normal));
      },
      options);
}

TEST_P(ProcessTest, TheProcessLimitIsAnErrorAndNotTheEnd) {  // SIG-18
  RuntimeOptions options;
  options.processes_max = 10;
  run(
      [] {
        std::vector<Pid> pids;
        for (;;) {
          const auto spawned = try_spawn(detail::function_body([] { (void)receive_any(); }), {});
          if (!spawned) {
            EXPECT_EQ(spawned.error().code, Errc::busy);
            break;
          }
          pids.push_back(spawned->pid);
        }
        EXPECT_EQ(pids.size(), 9u);
        for (const Pid& pid : pids) exit(pid, atoms::kill);
      },
      options);
}

TEST_P(ProcessTest, StoppingARuntimeUnwindsEveryProcess) {
  bool gone = false;
  start();
  runtime().post([&] {
    const Witness witness(gone);
    (void)receive_any();
  });
  run([] {});
  runtime().stop();
  EXPECT_TRUE(gone);
}

TEST_P(ProcessTest, RunTellsAProcessThatEndedOtherwise) {
  start();
  EXPECT_TRUE(runtime().run([] {}));
  EXPECT_FALSE(runtime().run([] { exit("bad"_atom); }));
}

TEST_P(ProcessTest, TenThousandProcessesLiveAndDie) {
  run([] {
    const std::size_t before = pulpo::runtime().process_count();
    std::vector<Spawned> all;
    for (int i = 0; i < 10'000; ++i) all.push_back(spawn_monitor([] { (void)receive_any(); }));
    EXPECT_EQ(pulpo::runtime().process_count(), before + 10'000);
    for (const auto& one : all) send(one.pid, "go"_atom);
    for (const auto& one : all) ASSERT_EQ(down_reason(one.monitor), Term(atoms::normal));
    EXPECT_EQ(pulpo::runtime().process_count(), before);
  });
}

}  // namespace
}  // namespace pulpo
