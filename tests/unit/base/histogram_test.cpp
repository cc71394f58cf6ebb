// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace pulpo {
namespace {

TEST(Histogram, ABucketHoldsWhatItSaysAndNothingIsBetweenBuckets) {
  for (std::size_t i = 0; i < Histogram::index_of(Histogram::kValueMax); ++i) {
    const std::uint64_t highest = Histogram::highest_of(i);
    ASSERT_EQ(Histogram::index_of(highest), i);
    ASSERT_EQ(Histogram::index_of(highest + 1), i + 1);
  }
  EXPECT_EQ(Histogram::highest_of(Histogram::index_of(Histogram::kValueMax)), Histogram::kValueMax);
}

TEST(Histogram, PercentilesAreExactToThreeDigits) {
  // Goal:   the percentiles of a spread of six decades differ by less than 0.1 % from those of the sorted values.
  // Method: 100,000 values of a fixed seed.
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  SeededRandom random(kSeed);
  Histogram histogram;
  std::vector<std::uint64_t> values(100'000);
  for (auto& value : values) {
    value = random.u64() >> (24 + random.u32() % 40);
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    const auto exact = static_cast<double>(values[std::min(rank, values.size()) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), exact, exact * 0.001 + 1) << share;
  }
  EXPECT_EQ(histogram.largest(), values.back());
  EXPECT_EQ(histogram.count(), values.size());
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 2000; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(0.5), 1000u);
  EXPECT_EQ(histogram.percentile(0.999), 1998u);
  EXPECT_EQ(histogram.percentile(0), 1u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 1000.5);
}

TEST(Histogram, AnEmptyOneAnswersZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  EXPECT_EQ(histogram.largest(), 0u);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(Histogram, WhatIsTooLargeCountsAsTheLargest) {
  Histogram histogram;
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.percentile(1), Histogram::kValueMax);
}

TEST(Histogram, MergingAddsWhatTwoCoresSaw) {
  Histogram one, two;
  one.record(100);
  two.record(300);
  two.record(200);
  one.merge(two);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.percentile(0.5), 200u);
  EXPECT_EQ(one.largest(), 300u);
}

}  // namespace
}  // namespace pulpo
