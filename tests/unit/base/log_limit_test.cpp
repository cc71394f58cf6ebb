// SPDX-License-Identifier: Apache-2.0
#include "base/log_limit.hpp"

#include <gtest/gtest.h>

#include "pulpo/time.hpp"

namespace pulpo::log {
namespace {

class LogLimit : public testing::Test {
 protected:
  LogLimit() { limit.set({.lines = 5, .lines_of_all = 50, .window = 10s}); }
  /// How many of `lines` entries are let through.
  unsigned admitted(unsigned lines, std::string_view text, std::string_view name = "") {
    unsigned count = 0;
    for (unsigned i = 0; i < lines; ++i) count += limit.admit(kind_of(text, name), {Level::error, text, {}}, now) ? 1 : 0;
    return count;
  }

  BurstLimit limit;
  BurstLimit::Clock::time_point now = BurstLimit::Clock::time_point(1000s);
};

TEST_F(LogLimit, TheFirstOfAWindowPassAndTheRestAreCountedOnce) {
  EXPECT_EQ(admitted(12, "crashed\nmore"), 5u);
  EXPECT_TRUE(limit.due(now + 9s).empty());
  const auto due = limit.due(now + 10s);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].message, "… 7 more like this suppressed within 10 s: crashed");
  EXPECT_EQ(due[0].level, Level::error);
  EXPECT_TRUE(limit.due(now + 10s).empty());
}

TEST_F(LogLimit, ANewWindowLetsTheFirstThroughAgain) {
  EXPECT_EQ(admitted(12, "crashed"), 5u);
  now += 10s;
  EXPECT_EQ(limit.due(now).size(), 1u);
  EXPECT_EQ(admitted(12, "crashed"), 5u);
}

TEST_F(LogLimit, NumbersMakeNoOtherKindButNamesDo) {
  EXPECT_EQ(kind_of("Process #PID<0.7.1> ended", ""), kind_of("Process #PID<0.12.30> ended", ""));
  EXPECT_NE(kind_of("GenServer terminating", "Left"), kind_of("GenServer terminating", "Right"));
  EXPECT_EQ(admitted(9, "crashed", "Left"), 5u);
  EXPECT_EQ(admitted(9, "crashed", "Right"), 5u);
}

TEST_F(LogLimit, ManyKindsTogetherAreLimitedToo) {
  unsigned count = 0;
  for (char kind = 'a'; kind <= 'z'; ++kind) count += admitted(4, std::string(1, kind));
  EXPECT_EQ(count, 50u);
  EXPECT_FALSE(limit.due(now + 10s).empty());
}

TEST_F(LogLimit, WhatWasSuppressedOfAKindThatMakesRoomIsSaid) {
  EXPECT_EQ(admitted(6, "first"), 5u);
  now += 1s;
  // More kinds than there is room for; they differ in letters, since numbers make no kind.
  for (unsigned i = 0; i < 64; ++i) (void)admitted(1, std::string(i + 1, 'x'));
  const auto due = limit.due(now);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_NE(due[0].message.find("1 more"), std::string::npos) << due[0].message;
}

TEST_F(LogLimit, ALimitOfNoneLetsAllThrough) {
  limit.set({.lines = 0});
  EXPECT_EQ(admitted(5000, "chatty"), 5000u);
}

}  // namespace
}  // namespace pulpo::log
