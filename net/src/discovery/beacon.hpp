// SPDX-License-Identifier: Apache-2.0
//
// Beacon: what a node says of itself to everybody on its network, as the bytes of one datagram.
//
//     8  "pulpobcn"
//     1  version of the node's protocol: 1
//     1  flags: bit 0, it answers another's beacon and wants no answer
//     2  port where the node listens, big-endian
//     8  the node's number, drawn at its start
//     1  length of the label, at most 32
//        the label: letters, digits, _ and -
//
// What follows the label is left to later versions. It is a hint that anybody can forge, and proves nothing.
//
//   Ownership  A decoded beacon owns its label.
//   Threads    Any: pure functions.
//   Errors     decode_beacon(): bad_message, with what was wrong.
//   Bounds     kBeaconBytesMax; the label kLabelBytesMax.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pulpo/bytes.hpp"
#include "pulpo/result.hpp"

namespace pulpo::discovery {

inline constexpr std::size_t kBeaconBytesMax = 512;
inline constexpr std::size_t kLabelBytesMax = 32;
inline constexpr std::uint8_t kBeaconVersion = 1;

struct Beacon {
  std::uint8_t version = kBeaconVersion;
  bool is_answer = false;
  std::uint16_t port = 0;
  std::uint64_t id = 0;
  std::string label = {};

  friend bool operator==(const Beacon&, const Beacon&) = default;
};

/// Letters, digits, _ and -, at most kLabelBytesMax; the empty one is none.
[[nodiscard]] bool is_label(std::string_view text) noexcept;
[[nodiscard]] std::string encode_beacon(const Beacon& beacon);
[[nodiscard]] Outcome<Beacon> decode_beacon(ByteView bytes);

}  // namespace pulpo::discovery
