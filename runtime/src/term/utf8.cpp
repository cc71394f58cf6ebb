// SPDX-License-Identifier: Apache-2.0
#include "term/utf8.hpp"

namespace pulpo::utf8 {

char32_t take(std::string_view& text) noexcept {
  if (text.empty()) return kInvalid;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  const unsigned length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return kInvalid;
  char32_t point = lead & (0x7fu >> length);
  for (unsigned i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return kInvalid;
    point = (point << 6) | (next & 0x3fu);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || !is_scalar(point)) return kInvalid;
  text.remove_prefix(length);
  return point;
}

void append(std::string& out, char32_t point) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

std::optional<std::size_t> count(std::string_view text) noexcept {
  std::size_t points = 0;
  while (!text.empty()) {
    if (take(text) == kInvalid) return std::nullopt;
    ++points;
  }
  return points;
}

}  // namespace pulpo::utf8
