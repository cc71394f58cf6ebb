// SPDX-License-Identifier: Apache-2.0
#include "proc/reclaimer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace pulpo {
namespace {

std::size_t resident_bytes(const void* memory, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) & ~(page - 1);
  const std::size_t pages = bytes / page - 1;
  std::vector<unsigned char> there(pages);
  if (::mincore(reinterpret_cast<void*>(begin), pages * page, there.data()) != 0) return 0;
  std::size_t count = 0;
  for (const unsigned char each : there) count += each & 1u;
  return count * page;
}

TEST(Reclaimer, TakesALargeBlockBackPieceByPiece) {
  constexpr std::size_t kBytes = 16 << 20;
  void* const memory = std::malloc(kBytes);  // NOLINT: what the reclaimer frees
  std::memset(memory, 1, kBytes);
  const std::size_t before = resident_bytes(memory, kBytes);
  ASSERT_GE(before, kBytes - (64 << 10));

  Reclaimer reclaimer;
  reclaimer.take(memory, kBytes);
  reclaimer.release_piece();
  // A piece; but for a page at the block's end that resident_bytes() may leave out.
  const std::size_t gone = before - resident_bytes(memory, kBytes);
  EXPECT_LE(gone, Reclaimer::kPiece);
  EXPECT_GE(gone, Reclaimer::kPiece - (64 << 10));
  std::size_t pieces = 1;
  while (!reclaimer.is_empty()) {
    ASSERT_LE(++pieces, kBytes / Reclaimer::kPiece + 1);
    reclaimer.release_piece();
  }
  EXPECT_GE(pieces, kBytes / Reclaimer::kPiece);
}

TEST(Reclaimer, KeepsNoMoreThanItsBoundWhateverIsFreedInOneSlice) {
  Reclaimer reclaimer;
  for (int i = 0; i < 40; ++i) {
    constexpr std::size_t kBytes = 24 << 20;
    reclaimer.take(std::malloc(kBytes), kBytes);  // NOLINT: what the reclaimer frees
    ASSERT_LE(reclaimer.waiting(), Reclaimer::kWaitingMax);
  }
  reclaimer.take(std::malloc(2 * Reclaimer::kWaitingMax), 2 * Reclaimer::kWaitingMax);  // NOLINT
  EXPECT_EQ(reclaimer.waiting(), 2 * Reclaimer::kWaitingMax) << "one block alone may be larger";
  while (!reclaimer.is_empty()) reclaimer.release_piece();
  EXPECT_EQ(reclaimer.waiting(), 0u);
}

TEST(Reclaimer, FreesWhatIsLeftAtItsEnd) {
  Reclaimer reclaimer;
  reclaimer.take(std::malloc(8 << 20), 8 << 20);  // NOLINT: LeakSanitizer looks whether it is freed
  EXPECT_FALSE(reclaimer.is_empty());
}

}  // namespace
}  // namespace pulpo
