// SPDX-License-Identifier: Apache-2.0
//
// Messages that leave later: send_after() and its kin.
#include "proc/core.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class TimerTest : public testing::OnEachLoop {
 protected:
  static std::size_t armed() { return Core::here().send_timers().size(); }
};
PULPO_ON_EACH_LOOP(TimerTest);

TEST_P(TimerTest, CancellingTellsHowLongItWouldHaveTaken) {
  run([] {
    const Ref timer = send_after(1h, self(), "late"_atom);
    const auto left = read_timer(timer);
    ASSERT_TRUE(left);
    EXPECT_GT(*left, 59min);
    EXPECT_LE(*left, 1h);
    EXPECT_TRUE(read_timer(timer)) << "reading must not cancel";
    EXPECT_TRUE(cancel_timer(timer));
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_FALSE(read_timer(timer));
    EXPECT_FALSE(cancel_timer(make_ref()));
  });
}

TEST_P(TimerTest, OneThatHasFiredIsGone) {
  run([] {
    const Ref timer = send_after(1ms, self(), "tick"_atom);
    EXPECT_TRUE(receive_exactly("tick"_atom));
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_EQ(armed(), 0u);
  });
}

TEST_P(TimerTest, AReferenceMeansOneUseOfItsRecord) {
  run([] {
    const Ref first = send_after(1h, self(), "first"_atom);
    EXPECT_TRUE(cancel_timer(first));
    const Ref second = send_after(1h, self(), "second"_atom);
    EXPECT_NE(first, second);
    EXPECT_FALSE(cancel_timer(first)) << "it would have cancelled another";
    EXPECT_TRUE(cancel_timer(second));
  });
}

TEST_P(TimerTest, AnAbsoluteTimeDoesNotDrift) {
  run([] {
    const TimePoint begin = now();
    send_at(begin + 20ms, self(), "second"_atom);
    send_at(begin + 10ms, self(), "first"_atom);
    send_at(begin - 1s, self(), "at once"_atom);
    EXPECT_EQ(*receive_any(5s), Term("at once"_atom));
    EXPECT_EQ(*receive_any(5s), Term("first"_atom));
    EXPECT_EQ(*receive_any(5s), Term("second"_atom));
    EXPECT_GE(now(), begin + 20ms);
  });
}

TEST_P(TimerTest, ATimeBeyondTheClockIsNever) {
  run([] {
    const Ref timer = send_after(Duration::max(), self(), "never"_atom);
    EXPECT_GT(read_timer(timer).value(), 24h * 365 * 100);
    EXPECT_TRUE(cancel_timer(timer));
    EXPECT_EQ(armed(), 0u);
  });
}

TEST_P(TimerTest, AnIntervalGoesOnUntilItIsCancelled) {
  run([] {
    const TimePoint begin = now();
    const Ref timer = send_interval(5ms, self(), "tick"_atom);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(receive_exactly("tick"_atom));
    EXPECT_GE(now() - begin, 15ms);
    EXPECT_TRUE(cancel_timer(timer));
    while (receive_any(0ms)) {
    }
    EXPECT_FALSE(receive_any(20ms));
    EXPECT_EQ(armed(), 0u);
  });
}

TEST_P(TimerTest, AnIntervalLeavesOutWhatAStalledCoreMissed) {
  run([this] {
    const Ref timer = send_interval(2ms, self(), "tick"_atom);
    if (is_simulated()) {
      sleep(21ms);  // the clock jumps, core and all: nothing is missed
    } else {
      const TimePoint until = precise_now() + 21ms;
      while (precise_now() < until) {
      }
      yield();
    }
    EXPECT_TRUE(receive_exactly("tick"_atom));
    EXPECT_TRUE(cancel_timer(timer));
    int more = 0;
    while (receive_any(0ms)) ++more;
    if (!is_simulated()) {
      EXPECT_LE(more, 3) << "they were made up for in a burst";
    }
  });
}

TEST_P(TimerTest, AnIntervalOfNothingIsRefused) {
  run([] {
    for (const Duration interval : {Duration(0), Duration(-1)}) {
      const Spawned caller = spawn_monitor([interval] { send_interval(interval, self(), "tick"_atom); });
      EXPECT_EQ(down_reason(caller.monitor), Term(atoms::badarg));
    }
  });
}

TEST_P(TimerTest, TheEndOfItsReceiverTakesATimerAlong) {
  run([] {
    const Ref mine = send_after(1h, self(), "late"_atom);
    const Spawned receiver = spawn_monitor([] {
      send_after(1h, self(), "a"_atom);
      send_interval(1h, self(), "b"_atom);
      const Ref third = send_after(1h, self(), "c"_atom);
      send_after(1h, self(), "d"_atom);
      EXPECT_TRUE(cancel_timer(third));
      (void)receive_any();
    });
    yield();
    const Ref theirs = send_after(1h, receiver.pid, "late"_atom);
    EXPECT_EQ(armed(), 5u);
    exit(receiver.pid, atoms::kill);
    EXPECT_EQ(down_reason(receiver.monitor), Term(atoms::killed));
    EXPECT_EQ(armed(), 1u);
    EXPECT_FALSE(cancel_timer(theirs));
    EXPECT_FALSE(cancel_timer(send_after(1h, receiver.pid, "to nobody"_atom)));
    EXPECT_TRUE(cancel_timer(mine));
  });
}

TEST_P(TimerTest, ATimerOutlivesItsOwnerAndFindsANameWhenItFires) {
  run([] {
    const Pid me = self();
    const Spawned owner = spawn_monitor([me] {
      send_after(5ms, me, "from the dead"_atom);
      send_after(5ms, "timer_test"_atom, "by name"_atom);
      send_after(5ms, "nobody_here"_atom, "lost"_atom);
    });
    EXPECT_EQ(down_reason(owner.monitor), Term(atoms::normal));
    ASSERT_TRUE(register_name("timer_test"_atom, self()));
    EXPECT_TRUE(receive_exactly("from the dead"_atom));
    EXPECT_TRUE(receive_exactly("by name"_atom));
    EXPECT_EQ(armed(), 0u);
  });
}

TEST_P(TimerTest, BeyondTheLimitTheCallerExits) {
  start({.timers_max = 300});
  run([] {
    const Pid me = self();
    std::vector<Ref> timers;
    for (int i = 0; i < 300; ++i) timers.push_back(send_after(1h, me, i));
    const Spawned late = spawn_monitor([me] { send_after(1h, me, "one too many"_atom); });
    EXPECT_EQ(down_reason(late.monitor), Term(atoms::system_limit));
    EXPECT_TRUE(cancel_timer(timers[17]));
    const Spawned in_time = spawn_monitor([me] { send_after(1h, me, "fits"_atom); });
    EXPECT_EQ(down_reason(in_time.monitor), Term(atoms::normal));
  });
}

TEST_P(TimerTest, AnIntervalForAnotherCoresProcessEndsWithThat) {
  start({.cores = 2});
  run([] {
    const Pid me = self();
    const Spawned receiver = spawn_monitor(
        [me] {
          for (int i = 0; i < 3; ++i) EXPECT_TRUE(receive_exactly("tick"_atom));
          send(me, "heard"_atom);
          (void)receive_exactly("end"_atom);
        },
        {.core = 1});
    const Ref timer = send_interval(2ms, receiver.pid, "tick"_atom);
    EXPECT_TRUE(receive_exactly("heard"_atom));
    EXPECT_TRUE(read_timer(timer));
    send(receiver.pid, "end"_atom);
    EXPECT_EQ(down_reason(receiver.monitor), Term(atoms::normal));
    EXPECT_FALSE(read_timer(timer));
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_FALSE(cancel_timer(send_interval(2ms, receiver.pid, "tick"_atom)));
  });
}

}  // namespace
}  // namespace pulpo
