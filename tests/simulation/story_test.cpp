// SPDX-License-Identifier: Apache-2.0
#include "story.hpp"

#include <gtest/gtest.h>

#include "seeds.hpp"

namespace pulpo::story {
namespace {

TEST(Story, HoldsWhateverHappens) {
  // Goal:   what story.hpp promises, for every seed.
  // Method: a world for each seed, two of them side by side on two threads; what they saw is added up, and must not be nothing.
  testing::expect_all_hold(&live);
}

TEST(Story, IsTheSameForTheSameSeedByteForByte) { testing::expect_same_for_same_seed(&live); }

}  // namespace
}  // namespace pulpo::story
