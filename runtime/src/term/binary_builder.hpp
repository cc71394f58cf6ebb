// SPDX-License-Identifier: Apache-2.0
//
// BinaryBuilder: a binary whose bytes come piece by piece, and go straight into the block of the term that it becomes.
//
//   Ownership  Owns the block until take().
//   Threads    One.
//   Bounds     The size that is announced reserves nothing: room is at most four times what has come, and 64 KiB.
//   Cost       A copy a byte, and a third more for growing.
#pragma once

#include <cstddef>

#include "pulpo/bytes.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

class BinaryBuilder {
 public:
  /// For `announced` bytes, below 2^32.
  explicit BinaryBuilder(std::size_t announced) noexcept : announced_(announced) {}
  BinaryBuilder(const BinaryBuilder&) = delete;
  BinaryBuilder& operator=(const BinaryBuilder&) = delete;
  ~BinaryBuilder();

  /// False, and nothing is added, when it would be more than was announced.
  [[nodiscard]] bool append(ByteView bytes) noexcept;
  [[nodiscard]] bool is_whole() const noexcept { return size_ == announced_; }
  /// Bytes so far; good until the next append().
  [[nodiscard]] ByteView bytes() const noexcept;
  /// The binary, once whole; nothing may be added after it.
  [[nodiscard]] Term take() noexcept;

 private:
  static constexpr std::size_t kRoomAtFirst = 64 * 1024;
  std::size_t announced_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
  void* memory_ = nullptr;  ///< A block to be: room for its header, then the bytes.
};

}  // namespace pulpo
