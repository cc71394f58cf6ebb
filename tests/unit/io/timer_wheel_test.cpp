// SPDX-License-Identifier: Apache-2.0
#include "io/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/random.hpp"

namespace pulpo::io {
namespace {

constexpr TimePoint kStart{1'000'000h + 123'456ns};

struct Probe final : Timer {
  std::vector<Probe*>* fired = nullptr;
  void (*then)(Probe&) = nullptr;
  TimerWheel* wheel = nullptr;
  Probe* other = nullptr;
  int number = 0;
  TimePoint deadline = kNever;
  std::uint64_t armed_as = 0;

 private:
  void expired() override {
    EXPECT_FALSE(is_armed());
    fired->push_back(this);
    if (then != nullptr) then(*this);
  }
};

class TimerWheelTest : public testing::Test {
 protected:
  Probe& probe() {
    auto& made = *probes_.emplace_back(std::make_unique<Probe>());
    made.fired = &fired_;
    made.wheel = &wheel_;
    made.number = static_cast<int>(probes_.size());
    return made;
  }
  std::vector<int> numbers() const {
    std::vector<int> all;
    for (const Probe* one : fired_) all.push_back(one->number);
    return all;
  }

  TimerWheel wheel_{kStart};
  std::vector<Probe*> fired_;
  std::vector<std::unique_ptr<Probe>> probes_;  // After the wheel: they leave it when they die.
};

TEST_F(TimerWheelTest, ATimerFiresAtItsMillisecondAndNotANanosecondEarlier) {
  wheel_.arm(probe(), kStart + 10ms);
  EXPECT_EQ(wheel_.next_deadline(), kStart + 10ms);
  EXPECT_EQ(wheel_.advance(kStart + 10ms - 1ns), 0u);
  EXPECT_EQ(wheel_.advance(kStart + 10ms), 1u);
  EXPECT_EQ(wheel_.size(), 0u);
  EXPECT_EQ(wheel_.next_deadline(), kNever);
}

TEST_F(TimerWheelTest, ADeadlineBetweenTwoMillisecondsWaitsForTheLater) {
  wheel_.arm(probe(), kStart + 10ms + 1ns);
  EXPECT_EQ(wheel_.advance(kStart + 10ms + 999'999ns), 0u);
  EXPECT_EQ(wheel_.advance(kStart + 11ms), 1u);
}

TEST_F(TimerWheelTest, ADeadlineInThePastFiresWithinAMillisecond) {
  wheel_.advance(kStart + 100ms);
  wheel_.arm(probe(), kStart + 5ms);
  wheel_.arm(probe(), kStart - 1h);
  EXPECT_LE(wheel_.next_deadline(), kStart + 101ms);
  EXPECT_EQ(wheel_.advance(kStart + 101ms), 2u);
}

TEST_F(TimerWheelTest, NeverOnlyDisarms) {
  auto& timer = probe();
  wheel_.arm(timer, kStart + 1ms);
  wheel_.arm(timer, kNever);
  EXPECT_FALSE(timer.is_armed());
  EXPECT_EQ(wheel_.next_deadline(), kNever);
  EXPECT_EQ(wheel_.advance(kStart + 1h), 0u);
}

TEST_F(TimerWheelTest, ATimerArmedAgainMovesAndFiresOnce) {
  auto& timer = probe();
  wheel_.arm(timer, kStart + 5ms);
  wheel_.arm(timer, kStart + 5s);
  EXPECT_EQ(wheel_.size(), 1u);
  EXPECT_EQ(wheel_.advance(kStart + 4s), 0u);
  EXPECT_EQ(wheel_.advance(kStart + 5s), 1u);
}

TEST_F(TimerWheelTest, ATimerThatDiesLeavesTheWheel) {
  {
    Probe shortlived;
    shortlived.fired = &fired_;
    wheel_.arm(shortlived, kStart + 5ms);
  }
  EXPECT_EQ(wheel_.size(), 0u);
  EXPECT_EQ(wheel_.advance(kStart + 1s), 0u);
}

TEST_F(TimerWheelTest, TimersOutliveTheWheel) {
  Probe survivor;
  {
    TimerWheel wheel(kStart);
    wheel.arm(survivor, kStart + 5min);
    EXPECT_TRUE(survivor.is_armed());
  }
  EXPECT_FALSE(survivor.is_armed());
}

TEST_F(TimerWheelTest, EqualDeadlinesFireInTheOrderOfArmingWhateverWheelTheyWaitedIn) {
  // The first two are armed a long way ahead and pass through coarser wheels; the third goes to the finest at once.
  wheel_.arm(probe(), kStart + 300'000ms);
  wheel_.advance(kStart + 250'000ms);
  wheel_.arm(probe(), kStart + 300'000ms);
  wheel_.advance(kStart + 299'990ms);
  wheel_.arm(probe(), kStart + 300'000ms);
  EXPECT_EQ(wheel_.advance(kStart + 300'000ms), 3u);
  EXPECT_EQ(numbers(), (std::vector<int>{1, 2, 3}));
}

TEST_F(TimerWheelTest, AfterHoursWithoutATurnEverythingDueFiresInOrderAndNewTimersAreNotEarly) {
  for (const auto after : {3h, 1h, 2h}) wheel_.arm(probe(), kStart + after);
  // Arming happens between turns, against a clock that the wheel has not been told about yet.
  const TimePoint now = kStart + 150min;
  wheel_.arm(probe(), now + 20ms);
  EXPECT_EQ(wheel_.advance(now), 2u);
  EXPECT_EQ(numbers(), (std::vector<int>{2, 3}));
  EXPECT_EQ(wheel_.advance(now + 19ms), 0u);
  EXPECT_EQ(wheel_.advance(now + 20ms), 1u);
  EXPECT_EQ(wheel_.advance(kStart + 3h), 1u);
}

TEST_F(TimerWheelTest, AnExpiredTimerMayCancelTheOthersOfItsMillisecond) {
  auto& first = probe();
  auto& second = probe();
  first.other = &second;
  first.then = [](Probe& self) { self.wheel->cancel(*self.other); };
  wheel_.arm(first, kStart + 7ms);
  wheel_.arm(second, kStart + 7ms);
  EXPECT_EQ(wheel_.advance(kStart + 10ms), 1u);
  EXPECT_FALSE(second.is_armed());
}

TEST_F(TimerWheelTest, ATimerThatArmsItselfForThePastDoesNotHoldAdvance) {
  auto& restless = probe();
  restless.then = [](Probe& self) { self.wheel->arm(self, kStart); };
  wheel_.arm(restless, kStart + 1ms);
  EXPECT_EQ(wheel_.advance(kStart + 1h), 1u);
  EXPECT_EQ(wheel_.advance(kStart + 1h), 0u);
  EXPECT_EQ(wheel_.advance(kStart + 1h + 1ms), 1u);
}

TEST_F(TimerWheelTest, DeadlinesBeyondTheLastWheelWaitTheirFullTime) {
  using years = std::chrono::duration<std::int64_t, std::ratio<31'556'952>>;
  const TimePoint far = kStart + years(5);
  wheel_.arm(probe(), far);
  wheel_.arm(probe(), kNever - 1ns);
  int turns = 0;
  for (TimePoint at = wheel_.next_deadline(); at < far; at = wheel_.next_deadline()) {
    ASSERT_EQ(wheel_.advance(at), 0u);
    ASSERT_LT(++turns, 100) << "next_deadline() steps through empty slots";
  }
  EXPECT_EQ(wheel_.advance(far + 1ms), 1u);
  EXPECT_EQ(numbers(), (std::vector<int>{1}));
  EXPECT_EQ(wheel_.size(), 1u);
}

TEST_F(TimerWheelTest, ASlotOfTheLastWheelIsUsedAgainInItsNextRound) {
  // 2^36 ms is where the last wheel comes round: a second before it, a timer for a second after it.
  const TimePoint round = kStart + std::chrono::milliseconds(std::int64_t{1} << 36);
  wheel_.advance(round - 1s);
  wheel_.arm(probe(), round + 1s);
  EXPECT_LE(wheel_.next_deadline(), round + 1s);
  EXPECT_EQ(wheel_.advance(round + 999ms), 0u);
  EXPECT_EQ(wheel_.advance(round + 1s), 1u);
}

TEST_F(TimerWheelTest, NextDeadlineJumpsOverEmptySlots) {
  wheel_.arm(probe(), kStart + 24h);
  int turns = 0;
  for (TimePoint at = wheel_.next_deadline(); fired_.empty(); at = wheel_.next_deadline()) {
    ASSERT_LE(at, kStart + 24h);
    wheel_.advance(at);
    ASSERT_LE(++turns, 6) << "more stops than there are wheels";
  }
}

/// Goal:   the wheel does what a sorted list of deadlines would do.
/// Method: random arming (all scales), moving, cancelling and advancing; a multimap beside it.
class TimerWheelModel : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TimerWheelModel, FiresWhatASortedListWouldFireInTheSameOrder) {
  SCOPED_TRACE(testing::Message() << "seed " << GetParam());
  SeededRandom random(GetParam());
  TimerWheel wheel(kStart);
  std::vector<Probe*> fired;
  std::vector<std::unique_ptr<Probe>> probes;
  for (int at = 0; at < 200; ++at) probes.emplace_back(std::make_unique<Probe>())->fired = &fired;
  std::multimap<std::int64_t, Probe*> model;  // By millisecond; equal keys keep the order of insertion.
  std::int64_t reached = 0;
  const auto forget = [&model](Probe* which) { std::erase_if(model, [which](const auto& entry) { return entry.second == which; }); };

  TimePoint now = kStart;
  for (int step = 0; step < 20'000; ++step) {
    Probe& one = *probes[random.u32() % probes.size()];
    const auto dice = random.u32() % 10;
    if (dice < 6) {
      const int scale = static_cast<int>(random.u32() % 52);  // Up to 2^51 ns: 26 days.
      const auto after = Duration(static_cast<std::int64_t>(random.u64() >> 12 & ((std::uint64_t{1} << scale) - 1)));
      const TimePoint deadline = now + after - (dice == 0 ? Duration(5ms) : Duration::zero());
      forget(&one);
      wheel.arm(one, deadline);
      const std::int64_t nanoseconds = std::max<std::int64_t>(0, (deadline - kStart).count());
      model.emplace(std::max((nanoseconds + 999'999) / 1'000'000, reached + 1), &one);
      one.deadline = deadline;
    } else if (dice < 7) {
      forget(&one);
      wheel.cancel(one);
    } else {
      const int scale = static_cast<int>(random.u32() % 46);
      const bool to_the_next = dice == 9 && wheel.next_deadline() != kNever && wheel.next_deadline() > now;
      now = to_the_next ? wheel.next_deadline()
                        : now + Duration(static_cast<std::int64_t>(random.u64() >> 12 & ((std::uint64_t{1} << scale) - 1)));
      reached = (now - kStart).count() / 1'000'000;
      std::vector<Probe*> expected;
      while (!model.empty() && model.begin()->first <= reached) {
        expected.push_back(model.begin()->second);
        model.erase(model.begin());
      }
      fired.clear();
      ASSERT_EQ(wheel.advance(now), expected.size()) << "step " << step;
      ASSERT_EQ(fired, expected) << "step " << step;
      for (const Probe* it : fired) ASSERT_LE(it->deadline, now) << "early, at step " << step;
    }
    ASSERT_EQ(wheel.size(), model.size()) << "step " << step;
    if (model.empty()) {
      ASSERT_EQ(wheel.next_deadline(), kNever);
    } else {
      ASSERT_LE(wheel.next_deadline(), kStart + std::chrono::milliseconds(model.begin()->first)) << "step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerWheelModel, testing::Values(1, 2, 3, 4, 5, 6, 7, 8));

struct Abandoned final : Timer {
  bool still_wanted() noexcept override { return wanted; }
  void expired() override { fired = true; }
  bool wanted = false;
  bool fired = false;
};

TEST(TimerWheel, DropsWhatNobodyWantsFromBeforeTheNearestThatIsWanted) {
  TimerWheel wheel(TimePoint{});
  Abandoned first, second, wanted, behind;
  wheel.arm(first, TimePoint{5ms});
  wheel.arm(second, TimePoint{3s});
  wanted.wanted = true;
  wheel.arm(wanted, TimePoint{1h});
  wheel.arm(behind, TimePoint{2h});
  wheel.drop_unwanted();
  EXPECT_FALSE(first.is_armed());
  EXPECT_FALSE(second.is_armed());
  EXPECT_TRUE(wanted.is_armed());
  EXPECT_GT(wheel.next_deadline(), TimePoint{3s});
  wanted.wanted = false;
  wheel.drop_unwanted();
  EXPECT_EQ(wheel.next_deadline(), kNever);
  EXPECT_FALSE(behind.is_armed());
}

}  // namespace
}  // namespace pulpo::io
