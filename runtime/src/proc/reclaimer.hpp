// SPDX-License-Identifier: Apache-2.0
//
// Reclaimer: gives large blocks back to the kernel a piece at a time.
//
// free() of 64 MiB is one call into the kernel that takes 16,000 pages back, 4 ms in which its core does nothing else. Here the block
// waits, and each slice takes 2 MiB of it: what others wait for is delayed by some 0.1 ms.
//
//   Order      The oldest block first. A core does not sleep before all are gone.
//   Ownership  Of the memory that it was given, which came from malloc().
//   Threads    Its core's.
//   Bounds     kWaitingMax, and one block: what is freed beyond is given back at once, the oldest first.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>

namespace pulpo {

class Reclaimer {
 public:
  static constexpr std::size_t kPiece = 2 << 20;
  /// One of the large messages that come one after the other, on a node that has memory for two.
  static constexpr std::size_t kWaitingMax = 64 << 20;

  Reclaimer() = default;
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;
  ~Reclaimer() {
    while (!blocks_.empty()) free_oldest();
  }

  [[nodiscard]] bool is_empty() const noexcept { return blocks_.empty(); }

  void take(void* memory, std::size_t bytes) {
    blocks_.push_back({memory, reinterpret_cast<std::uintptr_t>(memory) + bytes});
    waiting_ += bytes;
    while (waiting_ > kWaitingMax && blocks_.size() > 1) free_oldest();
  }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

  /// One piece, from a block's end on: malloc's own notes lie before its beginning.
  void release_piece() noexcept {
    Block& block = blocks_.front();
    const auto whole_pages = [](std::uintptr_t address) { return address & ~std::uintptr_t{kPage - 1}; };
    const std::uintptr_t first = whole_pages(reinterpret_cast<std::uintptr_t>(block.memory) + kPage - 1);
    const std::uintptr_t end = whole_pages(block.end);
    if (end < first + kPiece) return free_oldest();
    waiting_ -= block.end - (end - kPiece);
    block.end = end - kPiece;
    // Should it fail, free() does all of the work.
    static_cast<void>(::madvise(reinterpret_cast<void*>(block.end), kPiece, MADV_DONTNEED));
  }

 private:
  // At least the kernel's: those of ARM boards may have 64 KiB.
  static constexpr std::size_t kPage = 64 * 1024;
  struct Block {
    void* memory;
    std::uintptr_t end;  ///< From here on it is gone.
  };
  void free_oldest() noexcept {
    waiting_ -= blocks_.front().end - reinterpret_cast<std::uintptr_t>(blocks_.front().memory);
    std::free(blocks_.front().memory);  // NOLINT: a block is raw memory
    blocks_.pop_front();
  }
  std::deque<Block> blocks_;
  std::size_t waiting_ = 0;  ///< Bytes of them that are not gone.
};

}  // namespace pulpo
