// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace pulpo {
namespace {

TEST(Random, ASeedRepeatsExactlyAndAnotherSeedDiffers) {
  SeededRandom first(7), again(7), other(8);
  for (int i = 0; i < 100; ++i) {
    const auto value = first.u64();
    EXPECT_EQ(value, again.u64());
    EXPECT_NE(value, other.u64());
  }
}

TEST(Random, EveryByteOfAnOddSizedRequestIsFilled) {
  SeededRandom random(1);
  // 64 fills: a byte that was never written stays zero in all of them.
  unsigned char seen[13] = {};
  for (int i = 0; i < 64; ++i) {
    unsigned char bytes[13] = {};
    random.fill(bytes, sizeof bytes);
    for (std::size_t at = 0; at < sizeof bytes; ++at) seen[at] |= bytes[at];
  }
  for (const auto byte : seen) EXPECT_NE(byte, 0);
}

TEST(Random, TheSystemsGeneratorDoesNotRepeat) {
  SystemRandom random;
  EXPECT_NE(random.u64(), random.u64());
}

}  // namespace
}  // namespace pulpo
