// SPDX-License-Identifier: Apache-2.0
#include "base/usage.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pulpo {
namespace {

/// An allocation that nobody sees is taken away by clang at -O2.
void see(const void* memory) { asm volatile("" : : "g"(memory) : "memory"); }

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
  see(memory.data());
  EXPECT_GE(process_usage().rss_kibibytes, before.rss_kibibytes + (16 << 10));
  EXPECT_EQ(memory[12'345], 'x');
}

TEST(Usage, ResidentMemoryGrowsByWhatWasTouched) {
  if (resident_bytes() == 0) GTEST_SKIP() << "this kernel or emulator has no smaps_rollup";
  constexpr std::size_t kSize = 16u << 20;
  const std::uint64_t before = resident_bytes();
  std::vector<char> touched(kSize, 1);
  see(touched.data());
  EXPECT_GE(resident_bytes() + touched.front(), before + kSize * 9 / 10);
}

}  // namespace
}  // namespace pulpo
