// SPDX-License-Identifier: Apache-2.0
#include "base/usage.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pulpo {
namespace {

TEST(Usage, CountsTheTimeThisProgramHasWorked) {
  const Usage before = process_usage();
  volatile unsigned sum = 0;
  // A bounded wait for the kernel's accounting, which may count in ticks of 10 ms.
  for (unsigned i = 0; i < 2'000'000'000u && process_usage().cpu_microseconds == before.cpu_microseconds; ++i) sum = sum + i;
  EXPECT_GT(process_usage().cpu_microseconds, before.cpu_microseconds);
}

TEST(Usage, CountsMemoryThatWasTouched) {
  const Usage before = process_usage();
  ASSERT_GT(before.rss_kibibytes, 0u);
  std::vector<char> memory(32 << 20, 'x');
  EXPECT_GE(process_usage().rss_kibibytes, before.rss_kibibytes + (16 << 10));
  EXPECT_EQ(memory[12'345], 'x');
}

}  // namespace
}  // namespace pulpo
