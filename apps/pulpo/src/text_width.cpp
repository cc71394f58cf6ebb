// SPDX-License-Identifier: Apache-2.0
#include "text_width.hpp"

#include <algorithm>
#include <iterator>

#include "term/utf8.hpp"

namespace pulpo::cli {
namespace {

struct Range {
  char32_t first, last;
};
// Unicode's combining marks and zero-width characters, as far as people type them.
constexpr Range kZero[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0900, 0x0902},
                           {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
                           {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
// East Asian Width W and F (UAX #11), and emoji, as blocks: a letter in them that is none has a space behind it.
constexpr Range kWide[] = {{0x1100, 0x115f},   {0x231a, 0x231b},  {0x2329, 0x232a}, {0x23e9, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},
                           {0x2648, 0x2653},   {0x26aa, 0x26ab},  {0x26bd, 0x26be}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
                           {0x274c, 0x274c},   {0x2753, 0x2757},  {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf},
                           {0xa960, 0xa97f},   {0xac00, 0xd7a3},  {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
                           {0x1f000, 0x1faff}, {0x20000, 0x3fffd}};

template <std::size_t count>
bool is_in(const Range (&ranges)[count], char32_t character) noexcept {
  const auto* const found = std::lower_bound(std::begin(ranges), std::end(ranges), character,
                                             [](const Range& range, char32_t wanted) { return range.last < wanted; });
  return found != std::end(ranges) && found->first <= character;
}

/// Takes one character from the text; what is no UTF-8 is one byte.
char32_t take_character(std::string_view& text) noexcept {
  const char32_t character = utf8::take(text);
  if (character == utf8::kInvalid) text.remove_prefix(1);
  return character;
}

/// Past `ESC [ parameters letter`, if one is at the beginning.
bool skip_escape(std::string_view& text) noexcept {
  if (!text.starts_with("\x1b[")) return false;
  std::size_t end = 2;
  while (end < text.size() && (text[end] < '@' || text[end] > '~')) ++end;
  text.remove_prefix(std::min(end + 1, text.size()));
  return true;
}

}  // namespace

unsigned character_width(char32_t character) noexcept {
  if (character < 0x20 || (character >= 0x7f && character < 0xa0)) return 0;
  if (character < 0x300) return 1;
  if (is_in(kZero, character)) return 0;
  return is_in(kWide, character) ? 2 : 1;
}

std::size_t text_width(std::string_view text) noexcept {
  std::size_t width = 0;
  while (!text.empty()) {
    if (skip_escape(text)) continue;
    const char32_t character = take_character(text);
    width += character == utf8::kInvalid ? 1 : character_width(character);
  }
  return width;
}

std::size_t character_size(std::string_view text) noexcept {
  if (text.empty()) return 0;
  std::string_view rest = text;
  take_character(rest);
  while (!rest.empty()) {
    std::string_view behind = rest;
    const char32_t character = take_character(behind);
    if (character == utf8::kInvalid || character < 0x300 || character_width(character) != 0) break;
    rest = behind;
  }
  return text.size() - rest.size();
}

}  // namespace pulpo::cli
