// SPDX-License-Identifier: Apache-2.0
#include "proc/spin.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

constexpr SpinPlan adaptive() { return {.mode = SpinChoice::Mode::automatic, .window = 50us}; }

/// What a look takes here. The first is always taken, before a wait begins.
constexpr Duration kLook = 100ns;

/// A core that has nothing to do, on a clock that moves with each look.
class Idle {
 public:
  explicit Idle(const SpinPlan& plan) : spinner_(plan) {}

  /// What comes after `gap`; a sleep ends `wake` later. Returns how long the core looked.
  Duration wait(Duration gap, Duration wake = 35us, TimePoint deadline = kNever) {
    const TimePoint begun = now_;
    const bool came = spinner_.wait(
        [&] {
          now_ += kLook;
          return now_ >= begun + gap;
        },
        [&] { return now_; }, deadline);
    const Duration looked = now_ - begun;
    if (!came) {
      spinner_.sleeps();
      now_ = std::max(now_, begun + gap) + wake;
    }
    spinner_.arrived(now_);
    return looked;
  }
  /// In how many of `count` waits of `gap` it looked on.
  int looks(int count, Duration gap) {
    int looked = 0;
    for (int i = 0; i < count; ++i) looked += wait(gap) > kLook ? 1 : 0;
    return looked;
  }
  Spinner& spinner() { return spinner_; }
  [[nodiscard]] TimePoint now() const { return now_; }

 private:
  Spinner spinner_;
  TimePoint now_{1h};
};

TEST(Spinner, ADefaultOneNeverLooks) {
  Spinner spinner;
  EXPECT_FALSE(spinner.is_on());
  EXPECT_FALSE(Spinner(SpinPlan{}).is_on());
}

TEST(Spinner, AnIdleCoreSleepsAtOnce) {
  Idle idle(adaptive());
  EXPECT_EQ(idle.looks(1000, 10ms), 0);
}

TEST(Spinner, WhatComesSoonIsWaitedForAwake) {
  Idle idle(adaptive());
  idle.looks(40, 5us);
  EXPECT_EQ(idle.looks(1000, 5us), 1000);
  EXPECT_EQ(idle.wait(5us), 5us) << "it looked until it came, and no longer";
}

TEST(Spinner, TwoEndsThatSleepFindOutThatLookingHelps) {
  // Goal:   leave the state in which each end waits for the other's wake, so that gaps look longer than the window.
  // Method: gaps of 40 µs, as one sees them whose peer sleeps; with the own wake 75 µs.
  Idle idle(adaptive());
  idle.looks(40, 40us);
  EXPECT_EQ(idle.looks(1000, 40us), 1000);
}

TEST(Spinner, ABurstThatEndsCostsOneWindow) {
  Idle idle(adaptive());
  idle.looks(40, 5us);
  EXPECT_LE(idle.wait(1s), 52us);
  EXPECT_LE(idle.looks(1000, 1s), 2);
}

TEST(Spinner, LooksInVainBecomeRareAndOneThatHelpsBringsThemBack) {
  // What comes only once we sleep: the thread that we wait for needs this processor. To the average it looks as if it came at once.
  Idle idle(adaptive());
  idle.looks(40, 5us);
  const auto blocked = [&](int count) {
    int looked = 0;
    for (int i = 0; i < count; ++i) {
      const bool came = idle.spinner().wait([] { return false; }, [now = idle.now()]() mutable { return now += 1us; }, kNever);
      EXPECT_FALSE(came);
      looked += idle.spinner().is_looking_in_vain() ? 1 : 0;
      idle.spinner().sleeps();
      idle.spinner().arrived(idle.now() + 52us);
    }
    return looked;
  };
  blocked(2048);
  EXPECT_LE(blocked(2048), 2);
  idle.looks(1100, 5us);
  EXPECT_EQ(idle.looks(100, 5us), 100);
}

TEST(Spinner, WhatCameWhileAnotherHadTheProcessorWasWaitedForInVain) {
  Idle idle(adaptive());
  idle.looks(40, 5us);
  TimePoint now = idle.now();
  EXPECT_TRUE(idle.spinner().wait(
      [&, looks = 0]() mutable {
        if (++looks == 3) now += 40us;
        return looks == 3;
      },
      [&] { return now; }, kNever));
  EXPECT_TRUE(idle.spinner().is_looking_in_vain());
  idle.spinner().arrived(now);
  EXPECT_EQ(idle.wait(5us), kLook) << "it sleeps at once the next time";
  EXPECT_EQ(idle.wait(5us), 5us);
}

TEST(Spinner, WhatIsThereAtOnceWasNotWaitedFor) {
  Idle idle(adaptive());
  const Duration before = idle.spinner().average();
  EXPECT_TRUE(idle.spinner().wait([] { return true; }, [&] { return idle.now(); }, kNever));
  EXPECT_FALSE(idle.spinner().is_waiting());
  EXPECT_EQ(idle.spinner().average(), before);
}

TEST(Spinner, ATimerThatIsDueEndsTheLook) {
  Idle idle(adaptive());
  idle.looks(40, 5us);
  const TimePoint deadline = idle.now() + 3us;
  EXPECT_TRUE(idle.spinner().wait([] { return false; }, [now = idle.now()]() mutable { return now += 1us; }, deadline));
}

TEST(Spinner, AFixedOneLooksBeforeEachSleep) {
  Idle idle({.mode = SpinChoice::Mode::fixed, .window = 20us});
  EXPECT_EQ(idle.looks(100, 10ms), 100);
  EXPECT_LE(idle.wait(10ms), 22us);
  EXPECT_EQ(idle.wait(7us), 7us);
}

TEST(SpinPlan, AutomaticWantsAProcessorForEachCore) {
  const SpinChoice choice;
  const CpuCounts four{.online = 4, .allowed = 4, .quota = {}};
  EXPECT_EQ(plan_spin(choice, 4, four, true, false).text(), "adaptive");
  EXPECT_EQ(plan_spin(choice, 5, four, true, false).text(), "off");
  EXPECT_NE(plan_spin(choice, 5, four, true, false).reason.find("more cores (5)"), std::string::npos);
}

TEST(SpinPlan, AutomaticIsOffOnOneProcessorOnABoardAndWhereALookCosts) {
  const SpinChoice choice;
  const CpuCounts two{.online = 2, .allowed = 2, .quota = {}};
  EXPECT_EQ(plan_spin(choice, 1, two, true, false).text(), "adaptive");
  EXPECT_EQ(plan_spin(choice, 1, {.online = 2, .allowed = 1, .quota = {}}, true, false).text(), "off");
  EXPECT_EQ(plan_spin(choice, 1, {.online = 2, .allowed = 2, .quota = 1.5}, true, false).text(), "off") << "the half is no processor";
  EXPECT_EQ(plan_spin(choice, 1, two, true, true).text(), "off");
  EXPECT_EQ(plan_spin(choice, 1, two, false, false).text(), "off");
}

TEST(SpinPlan, WhatWasAskedForIsDone) {
  const CpuCounts one{};
  EXPECT_EQ(plan_spin({.mode = SpinChoice::Mode::fixed, .window = 30us}, 4, one, false, true).text(), "30us");
  EXPECT_EQ(plan_spin({.mode = SpinChoice::Mode::off, .window = {}}, 1, one, true, false).text(), "off");
}

class SpinTest : public testing::OnEachLoop {};
// A simulated core neither looks on before it sleeps nor makes system calls.
PULPO_ON_EACH_KERNEL_LOOP(SpinTest);

RuntimeOptions spinning(unsigned cores) {
  return {.cores = cores, .spin = {.mode = SpinChoice::Mode::fixed, .window = 1ms}, .random = nullptr};
}

TEST_P(SpinTest, ATimerFiresWhileTheCoreLooks) {
  run(
      [] {
        EXPECT_EQ(pulpo::runtime().spin_text(), "1000us");
        const TimePoint begun = precise_now();
        for (int i = 0; i < 20; ++i) sleep(2ms);
        EXPECT_GE(precise_now() - begun, 40ms);
      },
      spinning(1));
}

TEST_P(SpinTest, CoresThatLookAnswerEachOther) {
  run(
      [] {
        const Pid me = self();
        SpawnOptions there;
        there.core = 1;
        const Pid echo = spawn(
            [me] {
              for (int i = 0; i < 2000; ++i) send(me, *receive_any());
            },
            there);
        for (int i = 0; i < 2000; ++i) {
          send(echo, i);
          ASSERT_EQ(*receive_any(5s), Term(i));
        }
      },
      spinning(2));
}

TEST(SpinPlan, NeverLooksLongerThanASleepCouldCost) {
  const CpuCounts four{.online = 4, .allowed = 4, .quota = {}};
  EXPECT_EQ(plan_spin({.mode = SpinChoice::Mode::fixed, .window = 1h}, 1, four, true, false).window, kSpinWindowMax);
  EXPECT_EQ(plan_spin({.mode = SpinChoice::Mode::automatic, .window = 1h}, 1, four, true, false).window, kSpinWindowMax);
}

TEST_P(SpinTest, LoopsCountTheirSystemCalls) {
  run(
      [] {
        const std::uint64_t before = pulpo::runtime().system_calls();
        sleep(1ms);
        sleep(1ms);
        EXPECT_GE(pulpo::runtime().system_calls(), before + 2);
      },
      {.spin = {.mode = SpinChoice::Mode::off, .window = {}}, .random = nullptr});
}

}  // namespace
}  // namespace pulpo
