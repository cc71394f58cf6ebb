// SPDX-License-Identifier: Apache-2.0
#include "proc/stack_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace pulpo {
namespace {

void never(void*) {}

TEST(StackPool, TheLastStackGivenIsTheNextTaken) {
  StackPool pool(64 * 1024, 10, never, nullptr);
  Stack* const one = pool.take();
  Stack* const two = pool.take();
  ASSERT_NE(one, nullptr);
  ASSERT_NE(two, one);
  pool.give(*one);
  pool.give(*two);
  EXPECT_EQ(pool.take(), two);
  EXPECT_EQ(pool.take(), one);
  EXPECT_EQ(pool.made(), 2u);
  pool.give(*one);
  pool.give(*two);
}

TEST(StackPool, BeyondItsLimitThereIsNone) {
  StackPool pool(64 * 1024, 100, never, nullptr);
  std::vector<Stack*> stacks;
  while (Stack* const stack = pool.take()) stacks.push_back(stack);
  EXPECT_EQ(stacks.size(), 100u);
  EXPECT_EQ(std::set<Stack*>(stacks.begin(), stacks.end()).size(), 100u);
  EXPECT_EQ(pool.in_use(), 100u);
  for (Stack* const stack : stacks) pool.give(*stack);
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(StackPool, EveryByteOfAStackIsItsOwn) {
  StackPool pool(32 * 1024, 70, never, nullptr);
  std::vector<Stack*> stacks;
  while (Stack* const stack = pool.take()) {
    std::memset(stack->bottom(), static_cast<int>(stacks.size()), stack->size());
    stacks.push_back(stack);
  }
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    EXPECT_EQ(stacks[i]->bottom()[0], static_cast<char>(i));
    EXPECT_EQ(stacks[i]->bottom()[stacks[i]->size() - 1], static_cast<char>(i));
    EXPECT_GE(stacks[i]->size(), 26u * 1024);
  }
  for (Stack* const stack : stacks) pool.give(*stack);
}

TEST(StackPool, AStackSmallerThanASignalFrameNeedsIsMadeLarger) {
  StackPool pool(100, 1, never, nullptr);
  EXPECT_GE(pool.stack_bytes(), 16u * 1024);
}

TEST(StackPoolDeathTest, WritingBelowAStackEndsTheProgram) {
  EXPECT_DEATH(
      {
        StackPool pool(64 * 1024, 2, never, nullptr);
        Stack* const stack = pool.take();
        volatile char* const below = stack->bottom() - 1;
        *below = 1;
        pool.give(*stack);  // where no guard page could be had, the canary is looked at here
        const volatile char* const again = below - 4095;
        (void)*again;
      },
      "");
}

}  // namespace
}  // namespace pulpo
