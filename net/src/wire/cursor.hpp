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

struct Cursor {
  const char* at;
  const char* end;
  bool bad = false;

  explicit Cursor(ByteView bytes) noexcept : at(bytes.data()), end(bytes.data() + bytes.size()) {}
  [[nodiscard]] bool done() const noexcept { return at == end; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end - at); }

  [[nodiscard]] std::uint64_t varint() noexcept {
    if (at != end && static_cast<unsigned char>(*at) < 0x80) [[likely]]
      return static_cast<unsigned char>(*at++);
    return long_varint();
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

 private:
  std::uint64_t long_varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at++);
      // The tenth byte holds the 64th bit alone.
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    bad = true;
    return 0;
  }
};

}  // namespace pulpo::wire
