// SPDX-License-Identifier: Apache-2.0
#include "discovery/beacon.hpp"

#include <algorithm>

namespace pulpo::discovery {
namespace {

constexpr std::string_view kMagic = "pulpobcn";
constexpr std::size_t kHeadBytes = kMagic.size() + 1 + 1 + 2 + 8 + 1;
constexpr std::uint8_t kAnswer = 1;

Fault bad_beacon(const char* why) { return {.code = Errc::bad_message, .where = "beacon", .detail = why}; }

bool is_label_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

void put_big_endian(std::string& bytes, std::uint64_t number, unsigned size) {
  for (unsigned i = size; i-- > 0;) bytes += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
}

std::uint64_t big_endian(ByteView bytes) noexcept {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

bool is_label(std::string_view text) noexcept {
  return text.size() <= kLabelBytesMax && std::all_of(text.begin(), text.end(), is_label_character);
}

std::string encode_beacon(const Beacon& beacon) {
  std::string bytes(kMagic);
  put_big_endian(bytes, beacon.version, 1);
  put_big_endian(bytes, beacon.is_answer ? kAnswer : 0, 1);
  put_big_endian(bytes, beacon.port, 2);
  put_big_endian(bytes, beacon.id, 8);
  put_big_endian(bytes, beacon.label.size(), 1);
  return bytes + beacon.label;
}

Outcome<Beacon> decode_beacon(ByteView bytes) {
  if (bytes.size() > kBeaconBytesMax) return bad_beacon("it is too long");
  if (bytes.size() < kHeadBytes || !bytes.starts_with(kMagic)) return bad_beacon("it is none");
  bytes.remove_prefix(kMagic.size());
  Beacon beacon;
  beacon.version = static_cast<std::uint8_t>(big_endian(bytes.substr(0, 1)));
  beacon.is_answer = (big_endian(bytes.substr(1, 1)) & kAnswer) != 0;
  beacon.port = static_cast<std::uint16_t>(big_endian(bytes.substr(2, 2)));
  beacon.id = big_endian(bytes.substr(4, 8));
  const auto size = static_cast<std::size_t>(big_endian(bytes.substr(12, 1)));
  bytes.remove_prefix(13);
  // Another version may mean something else by all that follows; who hears it looks at the version alone.
  if (beacon.version != kBeaconVersion) return beacon;
  if (beacon.port == 0) return bad_beacon("it names no port");
  if (size > bytes.size()) return bad_beacon("its label is cut off");
  if (!is_label(bytes.substr(0, size))) return bad_beacon("its label is none");
  beacon.label = bytes.substr(0, size);
  return beacon;
}

}  // namespace pulpo::discovery
