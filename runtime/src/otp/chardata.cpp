// SPDX-License-Identifier: Apache-2.0
#include "otp/chardata.hpp"

#include "term/utf8.hpp"

namespace pulpo {
namespace {

/// False when it is neither a binary nor a code point.
bool append_leaf(const Term& leaf, Encoding encoding, std::string& out) {
  if (leaf.is_binary()) {
    if (encoding == Encoding::unicode) {
      out += leaf.bytes();
    } else {
      for (const char byte : leaf.bytes()) utf8::append(out, static_cast<unsigned char>(byte));
    }
    return true;
  }
  if (!leaf.is_integer() || leaf.integer() < 0) return false;
  if (leaf.integer() > (encoding == Encoding::unicode ? 0x10ffff : 0xff)) return false;
  const auto point = static_cast<char32_t>(leaf.integer());
  if (!utf8::is_scalar(point)) return false;
  utf8::append(out, point);
  return true;
}

}  // namespace

bool append_chardata(const Term& chars, Encoding encoding, std::string& out) {
  if (!chars.is_list()) return chars.is_binary() && append_leaf(chars, encoding, out);
  struct Level {
    Term list;
    std::size_t next = 0;
  };
  std::vector<Level> levels{{chars}};
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.next < level.list.list_size()) {
      Term element = level.list.list_at(level.next++);
      if (element.is_list()) {
        levels.push_back({std::move(element)});
      } else if (!append_leaf(element, encoding, out)) {
        return false;
      }
      continue;
    }
    const Term tail = level.list.list_tail();
    levels.pop_back();
    if (!tail.is_list() && !(tail.is_binary() && append_leaf(tail, encoding, out))) return false;  // [1 | "text"] is chardata
  }
  return true;
}

}  // namespace pulpo
