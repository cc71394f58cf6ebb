// SPDX-License-Identifier: Apache-2.0
#include "failover_story.hpp"

#include <gtest/gtest.h>

#include "seeds.hpp"

namespace pulpo::failover {
namespace {

TEST(FailoverStory, EndsWithOneInstanceInTheRightPlaceWhateverHappens) {  // AC-21, AC-30, AC-31, AC-35, AC-39, AC-43, GLOBAL-7, WK-1
  // Goal:   what failover_story.hpp promises, for every seed.
  // Method: a world for each seed, two of them side by side on two threads; what they saw is added up, and must not be nothing.
  testing::expect_all_hold(&live, 10'000);
}

TEST(FailoverStory, IsTheSameForTheSameSeedByteForByte) { testing::expect_same_for_same_seed(&live); }

}  // namespace
}  // namespace pulpo::failover
