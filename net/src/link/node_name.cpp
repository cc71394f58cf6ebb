// SPDX-License-Identifier: Apache-2.0
#include "link/node_name.hpp"

namespace pulpo::links {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool is_node_name(std::string_view name) noexcept {
  if (name.size() > kNodeNameBytesMax) return false;
  const auto at = name.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == name.size()) return false;
  for (const char c : name.substr(0, at)) {
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != '-') return false;
  }
  for (const char c : name.substr(at + 1)) {
    if (c <= 0x20 || c >= 0x7f || c == '@') return false;
  }
  return true;
}

std::string node_name_text(std::string_view name) {
  bool plain = !name.empty() && (is_letter(name[0]) || name[0] == '_');
  for (const char c : name) plain = plain && (is_letter(c) || is_digit(c) || c == '_' || c == '@');
  std::string text = plain ? ":" : ":\"";
  for (const char c : name) {
    // `#` only matters before `{`, where it would begin an interpolation.
    if (!plain && (c == '"' || c == '\\' || (c == '{' && text.back() == '#'))) {
      if (c == '{') {
        text.back() = '\\';
        text.push_back('#');
      } else {
        text.push_back('\\');
      }
    }
    text.push_back(c);
  }
  if (!plain) text.push_back('"');
  return text;
}

}  // namespace pulpo::links
