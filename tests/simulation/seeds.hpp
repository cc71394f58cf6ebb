// SPDX-License-Identifier: Apache-2.0
//
// Seeds: how many a test goes through, and a story through all of them, two at a time. A hundred, with PULPO_TEST_FULL a thousand and more,
// or as many as PULPO_SEEDS says; PULPO_SEED replays one, with its trace.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "pulpo/testing/seed.hpp"
#include "pulpo/time.hpp"

namespace pulpo::testing {

// NOLINTBEGIN(concurrency-mt-unsafe): nobody sets any
inline std::size_t seeds_wanted(std::size_t full = 1000) {
  if (const char* const seeds = std::getenv("PULPO_SEEDS")) return std::strtoul(seeds, nullptr, 10);
  return std::getenv("PULPO_TEST_FULL") != nullptr ? full : 100;
}
// NOLINTEND

/// Fails with the trace of each seed whose story breaks a rule, and when something never happened in a hundred of them. `live` is a
/// story: (seed, keep_trace) -> OutcomeOf<…>; `full`: how many are a full run.
template <class Live>
void expect_all_hold(const Live& live, std::size_t full = 1000) {
  const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string filter = std::string("--gtest_filter=") + test->test_suite_name() + "." + test->name();
  const auto only = seed_from_environment();
  const std::uint64_t first = only.value_or(1);
  const std::size_t count = only ? 1 : seeds_wanted(full);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  decltype(live(first, true).tally) tally;
  std::string broken;
  Duration virtual_time{};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      const auto outcome = live(first + i, only.has_value());
      const std::lock_guard lock(mutex);
      tally += outcome.tally;
      virtual_time += outcome.virtual_time;
      if (outcome.broken.empty()) continue;
      broken += "seed " + std::to_string(outcome.seed) + ": " + outcome.broken + "\nReplay: " + replay_command(outcome.seed, filter) +
                "\n" + outcome.trace;
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

/// The same trace for the same seed, byte for byte, and another one for another.
template <class Live>
void expect_same_for_same_seed(const Live& live) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const std::string first = live(seed, true).trace;
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, live(seed, true).trace) << "seed " << seed;
    EXPECT_NE(first, live(seed + 100, true).trace) << "seed " << seed;
  }
}

}  // namespace pulpo::testing
