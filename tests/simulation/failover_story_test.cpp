// SPDX-License-Identifier: Apache-2.0
//
// Many seeds of the story of distributed applications, two at a time: a hundred, with PULPO_TEST_FULL a thousand, or as many as
// PULPO_SEEDS says. PULPO_SEED replays one of them.
#include "failover_story.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <pulpo/testing.hpp>
#include <thread>

namespace pulpo::failover {
namespace {

// NOLINTBEGIN(concurrency-mt-unsafe): nobody sets any
std::size_t failover_seeds_wanted() {
  if (const char* const seeds = std::getenv("PULPO_SEEDS")) return std::strtoul(seeds, nullptr, 10);
  return std::getenv("PULPO_TEST_FULL") != nullptr ? 1000 : 100;
}
// NOLINTEND

TEST(FailoverStory, EndsWithOneInstanceInTheRightPlaceWhateverHappens) {  // AC-21, AC-30, AC-31, AC-35, AC-39, AC-43, GLOBAL-7, WK-1
  // Goal:   what failover_story.hpp promises, for every seed.
  // Method: a world for each seed, two of them side by side on two threads; what they saw is added up, and must not be nothing.
  const auto only = testing::seed_from_environment();
  const std::uint64_t first = only.value_or(1);
  const std::size_t count = only ? 1 : failover_seeds_wanted();
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Tally tally;
  std::string broken;
  Duration virtual_time{};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      const Outcome outcome = live(first + i, only.has_value());
      const std::lock_guard lock(mutex);
      tally += outcome.tally;
      virtual_time += outcome.virtual_time;
      if (!outcome.broken.empty()) {
        broken += "seed " + std::to_string(outcome.seed) + ": " + outcome.broken + "\nReplay: " +
                  testing::replay_command(outcome.seed, "--gtest_filter=FailoverStory.EndsWithOneInstanceInTheRightPlaceWhateverHappens") +
                  "\n" + outcome.trace;
      }
    }
  };
  std::thread second(work);
  work();
  second.join();
  EXPECT_TRUE(broken.empty()) << broken;
  std::printf("%zu seeds, %lld virtual seconds: %s\n", count,
              static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(virtual_time).count()), tally.text().c_str());
  if (!only && count >= 100) {  // rare things need some seeds
    EXPECT_EQ(tally.missing(), "") << "this never happened";
  }
}

TEST(FailoverStory, IsTheSameForTheSameSeedByteForByte) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::string first = live(seed, true).trace;
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, live(seed, true).trace) << "seed " << seed;
    EXPECT_NE(first, live(seed + 100, true).trace) << "seed " << seed;
  }
}

}  // namespace
}  // namespace pulpo::failover
