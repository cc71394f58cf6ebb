// SPDX-License-Identifier: Apache-2.0
#include "bench_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace pulpo::cli {
namespace {

constexpr TimePoint kBegin{1h};

TEST(BenchSchedule, CallsLeaveAtEvenDistances) {
  const BenchSchedule schedule(kBegin, 1000);
  EXPECT_EQ(schedule.due(0), kBegin);
  EXPECT_EQ(schedule.due(1), kBegin + 1ms);
  EXPECT_EQ(schedule.due(2500), kBegin + 2500ms);
}

TEST(BenchSchedule, ARateThatDividesNoSecondDoesNotDrift) {
  const BenchSchedule schedule(kBegin, 3);
  EXPECT_EQ(schedule.due(1), kBegin + 333'333'333ns);
  EXPECT_EQ(schedule.due(3), kBegin + 1s);
  EXPECT_EQ(schedule.due(std::uint64_t{3} * 86'400 * 365), kBegin + 365 * 24h);
}

TEST(BenchSchedule, TheHighestRateLastsALongRun) {
  const BenchSchedule schedule(kBegin, 10'000'000);
  EXPECT_EQ(schedule.due(std::uint64_t{10'000'000} * 86'400 + 7), kBegin + 24h + 700ns);
}

TEST(BenchSchedule, CoresTakeTurns) {
  std::vector<TimePoint> all;
  for (std::uint64_t core = 0; core < 3; ++core) {
    const BenchSchedule schedule(kBegin, 1000, 3, core);
    for (std::uint64_t number = 0; number < 4; ++number) all.push_back(schedule.due(number));
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], kBegin + i * 1ms);
}

TEST(BenchSchedule, ItCountsWhatHadToLeave) {
  for (const std::uint64_t rate : {1u, 3u, 7u, 1000u, 999'983u}) {
    for (std::uint64_t core = 0; core < 3; ++core) {
      const BenchSchedule schedule(kBegin, rate, 3, core);
      EXPECT_EQ(schedule.due_before(kBegin), 0u);
      EXPECT_EQ(schedule.due_before(kBegin - 1s), 0u);
      for (const std::uint64_t number : {0u, 1u, 2u, 10u, 12'345u}) {
        EXPECT_EQ(schedule.due_before(schedule.due(number)), number) << rate;
        EXPECT_EQ(schedule.due_before(schedule.due(number) + 1ns), number + 1) << rate;
      }
    }
  }
}

}  // namespace
}  // namespace pulpo::cli
