// SPDX-License-Identifier: Apache-2.0
//
// The tags of pulpo.proto as bytes on the wire: field number and wire type in one constant, so that encoder and decoder
// switch on what they write. Those below 128 take one byte.
#pragma once

#include <cstdint>

namespace pulpo::wire {

inline constexpr std::uint32_t varint_tag(std::uint32_t number) { return number << 3; }
inline constexpr std::uint32_t fixed64_tag(std::uint32_t number) { return number << 3 | 1; }
inline constexpr std::uint32_t bytes_tag(std::uint32_t number) { return number << 3 | 2; }

namespace record {
inline constexpr std::uint32_t seq = varint_tag(1);
inline constexpr std::uint32_t ack = varint_tag(2);
inline constexpr std::uint32_t frame = bytes_tag(3);
}  // namespace record

namespace frame {
inline constexpr std::uint32_t kind = varint_tag(1);
inline constexpr std::uint32_t from_id = varint_tag(2);
inline constexpr std::uint32_t from_serial = varint_tag(3);
inline constexpr std::uint32_t to_id = varint_tag(4);
inline constexpr std::uint32_t to_serial = varint_tag(5);
inline constexpr std::uint32_t to_name = varint_tag(6);
inline constexpr std::uint32_t ref_first = varint_tag(7);
inline constexpr std::uint32_t ref_second = varint_tag(8);
inline constexpr std::uint32_t ref_third = varint_tag(9);
inline constexpr std::uint32_t lane = varint_tag(16);
inline constexpr std::uint32_t unlink_id = varint_tag(17);

inline constexpr std::uint32_t atom = varint_tag(10);
inline constexpr std::uint32_t integer = varint_tag(11);
inline constexpr std::uint32_t binary = bytes_tag(12);
inline constexpr std::uint32_t tuple = varint_tag(13);
inline constexpr std::uint32_t list = varint_tag(14);
inline constexpr std::uint32_t map = varint_tag(15);
inline constexpr std::uint32_t define = bytes_tag(18);
inline constexpr std::uint32_t floating = fixed64_tag(19);
inline constexpr std::uint32_t charlist = bytes_tag(20);
inline constexpr std::uint32_t pid = bytes_tag(21);
inline constexpr std::uint32_t reference = bytes_tag(22);
inline constexpr std::uint32_t improper_list = varint_tag(23);
inline constexpr std::uint32_t big_positive = bytes_tag(24);
inline constexpr std::uint32_t big_negative = bytes_tag(25);
inline constexpr std::uint32_t function = bytes_tag(26);

inline constexpr std::uint32_t fragment = varint_tag(28);
inline constexpr std::uint32_t run = varint_tag(29);
inline constexpr std::uint32_t part = bytes_tag(30);
inline constexpr std::uint32_t dropped = varint_tag(31);
}  // namespace frame

namespace pid {
inline constexpr std::uint32_t id = varint_tag(1);
inline constexpr std::uint32_t serial = varint_tag(2);
inline constexpr std::uint32_t origin = varint_tag(3);
inline constexpr std::uint32_t node = varint_tag(4);
inline constexpr std::uint32_t creation = varint_tag(5);
}  // namespace pid

namespace reference {
inline constexpr std::uint32_t first = varint_tag(1);
inline constexpr std::uint32_t second = varint_tag(2);
inline constexpr std::uint32_t third = varint_tag(3);
inline constexpr std::uint32_t origin = varint_tag(4);
inline constexpr std::uint32_t node = varint_tag(5);
inline constexpr std::uint32_t creation = varint_tag(6);
}  // namespace reference

namespace function {
inline constexpr std::uint32_t module = varint_tag(1);
inline constexpr std::uint32_t name = varint_tag(2);
inline constexpr std::uint32_t arity = varint_tag(3);
inline constexpr std::uint32_t bound = varint_tag(4);
}  // namespace function

enum class Origin : std::uint8_t { sender = 0, receiver = 1, other = 2 };

}  // namespace pulpo::wire
