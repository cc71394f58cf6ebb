// SPDX-License-Identifier: Apache-2.0
//
// OutBuffer: the bytes of one record while it gathers.
//
// Frames are encoded straight into it. In front of them lies room for the record's own header, which is written when
// the record is closed: only then are its length, sequence number and acknowledgement known.
//
//   Ownership  Owns its bytes; pointers from room() are good until the next room(), and closed() until clear().
//   Threads    One.
//   Bounds     None of its own: the session looks at the link's queue before it encodes.
//   Cost       room(): a comparison, unless the buffer must grow (it doubles).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "pulpo/assert.hpp"
#include "pulpo/bytes.hpp"

namespace pulpo::wire {

/// The session's numbers that one record carries.
struct Stamp {
  std::uint64_t seq = 0;  ///< Of this record: 1, 2, 3 …
  std::uint64_t ack = 0;  ///< The greatest seq received so far.
};

class OutBuffer {
 public:
  /// Tag and length of the record (1 + 5), tag and value of seq and ack (2 x 11).
  static constexpr std::size_t kHeadroom = 28;
  /// What an idle link keeps for its next record; a buffer that grew beyond it for a big message is given back.
  static constexpr std::size_t kKeptMax = 128 * 1024;

  OutBuffer() = default;
  OutBuffer(OutBuffer&& other) noexcept { swap(other); }
  OutBuffer& operator=(OutBuffer&& other) noexcept {
    swap(other);
    return *this;
  }

  /// Where to write next, with at least `bytes` of room.
  [[nodiscard]] char* room(std::size_t bytes) {
    if (end_ + bytes > capacity_) [[unlikely]]
      grow(bytes);
    return bytes_.get() + end_;
  }
  /// Everything before `end`, which lies in the room last given, is written.
  void wrote_to(const char* end) noexcept { end_ = static_cast<std::size_t>(end - bytes_.get()); }

  /// Bytes of frames so far.
  [[nodiscard]] std::size_t size() const noexcept { return end_ - kHeadroom; }
  [[nodiscard]] bool empty() const noexcept { return end_ == kHeadroom; }
  [[nodiscard]] char* at(std::size_t offset) noexcept { return bytes_.get() + kHeadroom + offset; }
  /// Forgets what was written after the first `size` bytes of frames.
  void truncate(std::size_t size) noexcept {
    PULPO_ASSERT(size <= this->size());
    end_ = kHeadroom + size;
  }
  /// Writes the record's header in front of the frames; the whole record is ready to send until clear().
  [[nodiscard]] ByteView close(const Stamp& stamp);
  void clear() noexcept;
  void swap(OutBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(end_, other.end_);
  }

 private:
  void grow(std::size_t bytes);
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t end_ = kHeadroom;
};

}  // namespace pulpo::wire
