// SPDX-License-Identifier: Apache-2.0
//
// Cursor: reads varints and runs of bytes from a peer's bytes, and never past their end.
//
// By hand and without exceptions, unlike protozero's reader, since a frame is read in some 30 ns; a unit test holds the
// two against each other. A failed read leaves `bad` set and yields zero; callers look at it once a field.
#pragma once

#include <cstdint>

#include "pulpo/bytes.hpp"

namespace pulpo::wire {

/// The varint at `at`, which lies before `end`: where the next byte is, or nullptr when it is cut off or beyond 64 bits.
[[nodiscard, gnu::noinline]] inline const char* read_long_varint(const char* at, const char* end, std::uint64_t& value) noexcept {
  std::uint64_t sum = 0;
  for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    // The tenth byte holds the 64th bit alone.
    if (shift == 63 && byte > 1) break;
    sum |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = sum;
      return at;
    }
  }
  return nullptr;
}

/// The same, with one and two bytes in line: tags, kinds, slots and most indices are no longer.
[[nodiscard, gnu::always_inline]] inline const char* read_varint(const char* at, const char* end, std::uint64_t& value) noexcept {
  if (at != end) [[likely]] {
    const std::uint64_t low = static_cast<unsigned char>(*at);
    if (low < 0x80) {
      value = low;
      return at + 1;
    }
    if (end - at >= 2 && static_cast<unsigned char>(at[1]) < 0x80) {
      value = (low & 0x7f) | static_cast<std::uint64_t>(static_cast<unsigned char>(at[1])) << 7;
      return at + 2;
    }
  }
  std::uint64_t slow = 0;
  at = read_long_varint(at, end, slow);
  value = slow;
  return at;
}

struct Cursor {
  const char* at;
  const char* end;
  bool bad = false;

  explicit Cursor(ByteView bytes) noexcept : at(bytes.data()), end(bytes.data() + bytes.size()) {}
  [[nodiscard]] bool done() const noexcept { return at == end; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }

  [[nodiscard]] std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    const char* const next = read_varint(at, end, value);
    if (next == nullptr) [[unlikely]] {
      bad = true;
      return 0;
    }
    at = next;
    return value;
  }

  /// A run of bytes: its length, then itself.
  [[nodiscard]] ByteView bytes() noexcept {
    const auto size = varint();
    if (bad || size > left()) {
      bad = true;
      return {};
    }
    const ByteView view{at, static_cast<std::size_t>(size)};
    at += size;
    return view;
  }

  [[nodiscard]] double fixed_double() noexcept {
    if (left() < sizeof(double)) {
      bad = true;
      return 0;
    }
    const auto number = load_unaligned<double>(at);
    at += sizeof(double);
    return number;
  }
};

}  // namespace pulpo::wire
