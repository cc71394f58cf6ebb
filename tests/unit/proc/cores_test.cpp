// SPDX-License-Identifier: Apache-2.0
//
// The same relations between processes of different cores.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#include "pulpo/process_info.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class CoresTest : public testing::OnEachLoop {
 protected:
  void run_on_two(std::function<void()> test) {
    RuntimeOptions options;
    options.cores = 2;
    run(std::move(test), options);
  }
};
PULPO_ON_EACH_LOOP(CoresTest);

class CoresAtOnceTest : public CoresTest {};
PULPO_ON_EACH_KERNEL_LOOP(CoresAtOnceTest);

SpawnOptions on_core(unsigned core) {
  SpawnOptions options;
  options.core = core;
  return options;
}

TEST_P(CoresTest, AProcessLivesOnTheCoreThatItWasPlacedOn) {
  run_on_two([] {
    const Pid me = self();
    const Pid other = spawn([me] { send(me, self()); }, on_core(1));
    EXPECT_EQ(other.core(), 1u);
    EXPECT_TRUE(receive_exactly(other));
    EXPECT_EQ(try_spawn(detail::function_body([] {}), on_core(2)).error().code, Errc::bad_argument);
  });
}

TEST_P(CoresTest, BoxedTermsSurviveTheWayThereAndBack) {
  run_on_two([] {
    const Term big = Term::tuple({"text of more than fourteen bytes", Term::list({1, 2, 3}), Term::tuple({"inner"_atom, self()})});
    const Pid me = self();
    const Pid echo = spawn(
        [me] {
          for (int i = 0; i < 1000; ++i) send(me, *receive_any());
        },
        on_core(1));
    for (int i = 0; i < 1000; ++i) send(echo, big);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(*receive_any(5s), big);
  });
}

TEST_P(CoresTest, OrderIsKeptBetweenTwoProcesses) {  // SIG-1
  run_on_two([] {
    const Pid me = self();
    spawn(
        [me] {
          for (int i = 0; i < 20'000; ++i) send(me, i);
        },
        on_core(1));
    for (int i = 0; i < 20'000; ++i) ASSERT_EQ(*receive_any(5s), Term(i));
  });
}

TEST_P(CoresTest, LinksMonitorsAndExitsWorkAcross) {  // SIG-7, SIG-11, SIG-20
  run_on_two([] {
    trap_exit(true);
    SpawnOptions options = on_core(1);
    options.link = true;
    const auto child = spawn_monitor([] { exit("bad"_atom); }, options);
    EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::EXIT, child.pid, "bad"_atom}));
    EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::DOWN, child.monitor, atoms::process, child.pid, "bad"_atom}));
    const auto victim = spawn_monitor([] { (void)receive_any(); }, on_core(1));
    EXPECT_TRUE(is_alive(victim.pid));
    exit(victim.pid, atoms::kill);
    EXPECT_EQ(down_reason(victim.monitor), Term(atoms::killed));
    EXPECT_FALSE(is_alive(victim.pid));
  });
}

TEST_P(CoresTest, UnlinkAndLinkAgainAcross) {  // SIG-10
  run_on_two([] {
    trap_exit(true);
    SpawnOptions options = on_core(1);
    options.link = true;
    const Pid child = spawn(
        [] {
          (void)receive_any();
          exit("bad"_atom);
        },
        options);
    for (int i = 0; i < 10; ++i) {
      unlink(child);
      link(child);
    }
    send(child, "go"_atom);
    EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, child, "bad"_atom})));
    EXPECT_FALSE(receive_any(1ms));
  });
}

TEST_P(CoresTest, CallsAcrossAndToTheDead) {  // GS-6
  run_on_two([] {
    SpawnOptions options = on_core(1);
    options.name = "far"_atom;
    const auto server = spawn_monitor(
        [] {
          for (;;) {
            const Term term = *receive_any();
            const auto from = term.elements()[1].elements();
            reply(from[0].pid(), from[1].ref(), term.elements()[2]);
          }
        },
        options);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(*request("far"_atom, i), Term(i));
    exit(server.pid, atoms::kill);
    (void)down_reason(server.monitor);
    EXPECT_EQ(request("far"_atom, 1).error().code, Errc::noproc);
    EXPECT_EQ(request(server.pid, 1).error().code, Errc::noproc);
  });
}

TEST_P(CoresTest, NamesAreKnownToEveryCore) {  // SIG-21
  run_on_two([] {
    const auto far = spawn_monitor([] { (void)receive_any(); }, on_core(1));
    EXPECT_TRUE(register_name("far"_atom, far.pid));
    EXPECT_EQ(whereis("far"_atom), far.pid);
    EXPECT_EQ(register_name("far_too"_atom, far.pid).error().code, Errc::already_exists);
    EXPECT_TRUE(unregister_name("far"_atom));
    EXPECT_FALSE(whereis("far"_atom));
    exit(far.pid, atoms::kill);
  });
}

TEST_P(CoresTest, AKilledProcessIsNotAliveToItsKiller) {  // SIG-1: the question comes after the signal
  run_on_two([] {
    for (int i = 0; i < 100; ++i) {
      const Pid victim = spawn([] { (void)receive_any(); }, on_core(1));
      exit(victim, atoms::kill);
      ASSERT_FALSE(is_alive(victim));
    }
  });
}

TEST_P(CoresTest, AProcessThatPollsLetsTheOthersWork) {  // D11
  run_on_two([] {
    const Pid me = self();
    spawn([me] { send(me, "far"_atom); }, on_core(1));
    spawn([me] { send(me, "near"_atom); });
    int left = 2;
    const TimePoint deadline = precise_now() + 5s;
    while (left > 0 && precise_now() < deadline) left -= receive_any(0ms).has_value() ? 1 : 0;
    EXPECT_EQ(left, 0);
  });
}

TEST_P(CoresTest, ATimerIsCancelledFromAnotherCoreToo) {
  run_on_two([] {
    const Ref timer = send_after(1h, self(), "late"_atom);
    const Pid me = self();
    spawn([me, timer] { send(me, cancel_timer(timer).has_value()); }, on_core(1));
    EXPECT_EQ(*receive_any(5s), Term(true));
    EXPECT_FALSE(cancel_timer(timer));
  });
}

TEST_P(CoresTest, ASpawnGivenUpInANoKillScopeLeavesNoTrace) {
  run_on_two([] {
    const auto doomed = spawn_monitor([] {
      const NoKill shelter;
      exit(self(), atoms::kill);
      EXPECT_EQ(try_spawn(detail::function_body([] {}), on_core(1)).error().code, Errc::killed);
      send(self(), "still here"_atom);  // looks at what the process waits for: nothing
    });
    EXPECT_EQ(down_reason(doomed.monitor), Term(atoms::killed));
  });
}

TEST_P(CoresTest, AProcessThatOnlySpawnsLetsItsChildrenRun) {  // D11
  run_on_two([] {
    const auto spawner = spawn_monitor([] {
      const auto ran = std::make_shared<bool>(false);
      for (int i = 0; i < 100'000 && !*ran; ++i) spawn([ran] { *ran = true; });
      if (!*ran) exit("hog"_atom);
    });
    EXPECT_EQ(down_reason(spawner.monitor), Term(atoms::normal));
  });
}

TEST_P(CoresTest, AProcessThatOnlySpawnsHasFewChildrenThatHaveNotBegun) {
  run_on_two([] {
    std::int64_t spawned = 0, begun = 0, most = 0;
    for (; spawned < 20'000; ++spawned) {
      spawn([&begun] { ++begun; });
      most = std::max(most, spawned - begun);
    }
    EXPECT_LT(most, 1000);
    while (begun < spawned) yield();
  });
}

void hold_up_a_sender_by(const std::function<void(const Pid&)>& send_one) {
  constexpr int kMessages = 20'000;
  // Takes nothing for a while, nor does its core.
  SpawnOptions options = on_core(1);
  options.name = "slow"_atom;
  options.mailbox = MailboxLimit{.messages_max = 10, .when_full = WhenFull::suspend};
  const auto slow = spawn_monitor(
      [] {
        (void)receive_any();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        sleep(10ms);
        for (int i = 1; i < kMessages; ++i) ASSERT_TRUE(receive_any(5s));
      },
      options);
  for (int i = 0; i < kMessages; ++i) send_one(slow.pid);
  EXPECT_EQ(down_reason(slow.monitor), Term(atoms::normal)) << "it was stopped for what was sent to it";
}

TEST_P(CoresAtOnceTest, AnAliasHoldsUpItsSenders) {
  run_on_two([] {
    const Pid me = self();
    const auto slow = spawn_monitor(
        [me] {
          set_mailbox_limit({.messages_max = 10, .when_full = WhenFull::suspend});
          send(me, alias());
          std::this_thread::sleep_for(std::chrono::milliseconds(100));
          sleep(10ms);
          for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(receive_any(5s));
        },
        on_core(1));
    const auto alias_of_slow = receive_if([](const Term& term) { return term.is_ref(); }, 5s);
    ASSERT_TRUE(alias_of_slow);
    for (int i = 0; i < 20'000; ++i) send(alias_of_slow->ref(), 1);
    EXPECT_EQ(down_reason(slow.monitor), Term(atoms::normal)) << "it was stopped for what was sent to it";
  });
}

/// Holds its core up from its first message on, until it is let go.
Spawned start_busy(const std::atomic<bool>& is_let_go) {
  const auto busy = spawn_monitor(
      [&is_let_go] {
        (void)receive_any();
        while (!is_let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      on_core(1));
  send(busy.pid, 0);
  return busy;
}

void await_held_up(const Pid& sender) {
  for (;;) {
    const auto info = process_info(sender);
    ASSERT_TRUE(info);
    if (info->status == ProcessStatus::suspended && info->waits_for && info->waits_for->kind == "link") return;
    yield();
  }
}

TEST_P(CoresAtOnceTest, WhoACoreHoldsUpCanBeKilled) {
  run_on_two([] {
    std::atomic<bool> is_let_go = false;
    const Spawned busy = start_busy(is_let_go);
    const auto fast = spawn_monitor([to = busy.pid] {
      for (;;) send(to, 1);
    });
    await_held_up(fast.pid);
    exit(fast.pid, atoms::kill);
    EXPECT_EQ(down_reason(fast.monitor), Term(atoms::killed));
    const auto sheltered = spawn_monitor([to = busy.pid] {
      const NoKill shelter;
      for (int i = 0; i < 5000; ++i) send(to, i);
    });
    await_held_up(sheltered.pid);
    exit(sheltered.pid, atoms::kill);
    EXPECT_EQ(down_reason(sheltered.monitor), Term(atoms::killed)) << "it waits for nothing any more";
    is_let_go = true;
    EXPECT_EQ(down_reason(busy.monitor), Term(atoms::normal));
  });
}

TEST_P(CoresAtOnceTest, WhoSendsLargeMessagesIsHeldUpAfterSomeMegabytes) {
  run_on_two([] {
    std::atomic<bool> is_busy = false, is_let_go = false;
    std::atomic<std::size_t> sent = 0;
    const auto busy = spawn_monitor(
        [&] {
          (void)receive_any();
          is_busy = true;
          while (!is_let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        },
        on_core(1));
    send(busy.pid, 0);
    while (!is_busy) yield();  // from here on nothing leaves that core's inbox
    constexpr std::size_t kSize = 1u << 20;
    constexpr std::size_t kMessages = 100;
    const auto fast = spawn_monitor([to = busy.pid, &sent] {
      for (std::size_t i = 0; i < kMessages; ++i, ++sent) send(to, Term::binary(std::string(kSize, 'x')));
    });
    await_held_up(fast.pid);
    // What the inbox takes, and one message more that found room.
    EXPECT_LE(sent * kSize, 5u << 20);
    is_let_go = true;
    EXPECT_EQ(down_reason(fast.monitor), Term(atoms::normal)) << "it goes on when there is room";
    EXPECT_EQ(down_reason(busy.monitor), Term(atoms::normal));
  });
}

struct SendsAtItsEnd {
  explicit SendsAtItsEnd(const Pid& to_) : to(to_) {}
  SendsAtItsEnd(const SendsAtItsEnd&) = delete;
  SendsAtItsEnd& operator=(const SendsAtItsEnd&) = delete;
  ~SendsAtItsEnd() {
    for (int i = 0; i < 5000; ++i) send(to, i);
  }
  const Pid to;
};

TEST_P(CoresAtOnceTest, WhoACoreHoldsUpInADestructorGoesOnWhenThereIsRoom) {
  run_on_two([] {
    std::atomic<bool> is_let_go = false;
    const Spawned busy = start_busy(is_let_go);
    const auto thrower = spawn_monitor([to = busy.pid] {
      const SendsAtItsEnd sends(to);
      exit("gone"_atom);  // by an exception
    });
    await_held_up(thrower.pid);
    const auto other = spawn_monitor([] {
      try {
        throw 1;
      } catch (int) {
        exit(std::uncaught_exceptions() == 0 ? atoms::normal : "confused"_atom);
      }
    });
    EXPECT_EQ(down_reason(other.monitor), Term(atoms::normal));
    is_let_go = true;
    EXPECT_EQ(down_reason(thrower.monitor), Term("gone"_atom));
  });
}

TEST_P(CoresAtOnceTest, WhoACoreHoldsUpEndsWithTheRuntime) {
  std::atomic<bool> is_let_go = false;
  start({.cores = 2});
  run([&is_let_go] {
    const Spawned busy = start_busy(is_let_go);
    const Pid fast = spawn([to = busy.pid] {
      for (;;) send(to, 1);
    });
    await_held_up(fast);
  });
  std::thread lets_go([&is_let_go] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    is_let_go = true;
  });
  runtime().stop();
  lets_go.join();
}

TEST_P(CoresAtOnceTest, ANameWithItsNodeHoldsUpItsSenders) {
  run_on_two([] {
    const Address slow("slow"_atom, pulpo::runtime().node_name());
    hold_up_a_sender_by([&slow](const Pid&) { send(slow, 1); });
  });
}

TEST_P(CoresAtOnceTest, ALinkThatCrossesAnUnlinkIsTakenBackOnBothSides) {  // SIG-9, SIG-10
  RuntimeOptions options;
  options.cores = 3;
  run(
      [] {
        trap_exit(true);
        std::atomic<bool> runs{false};
        std::atomic<bool> sent{false};
        const Pid me = self();
        const Pid third = spawn([] { (void)receive_any(); }, on_core(2));
        const Pid peer = spawn(
            [me, &runs, &sent] {
              (void)receive_exactly("go"_atom);
              runs = true;
              while (!sent) {
              }  // without a look at the inbox, where the other's link and unlink lie
              link(me);
              (void)receive_exactly("end"_atom);
              exit("over"_atom);
            },
            on_core(1));
        send(peer, "go"_atom);
        while (!runs) EXPECT_TRUE(is_alive(third));  // waits, so that what is for others leaves this core
        link(peer);
        unlink(peer);
        EXPECT_TRUE(is_alive(third));
        sent = true;
        EXPECT_TRUE(is_alive(peer));  // there and back: all of it has arrived
        link(peer);
        send(peer, "end"_atom);
        EXPECT_TRUE(receive_exactly(Term::tuple({atoms::EXIT, peer, "over"_atom})));
        exit(third, atoms::kill);
      },
      options);
}

TEST_P(CoresTest, TwoRuntimesInOneProgramDoNotKnowEachOther) {
  run_on_two([] { EXPECT_TRUE(register_name("shared"_atom, self())); });
  Runtime other({.cores = 1, .loop = LoopChoice::epoll});
  ASSERT_TRUE(other.start());
  EXPECT_TRUE(other.run([] { EXPECT_FALSE(whereis("shared"_atom)); }));
}

}  // namespace
}  // namespace pulpo
