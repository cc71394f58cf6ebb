// SPDX-License-Identifier: Apache-2.0
#include "text_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "term/utf8.hpp"

namespace pulpo::cli {
namespace {

struct Span {
  char32_t first, last;
};

/// Unicode's East Asian Width W and F, and emoji, in coarse blocks: a letter that is none of them there is shown with a space behind it.
constexpr Span kWide[] = {{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},   {0x2648, 0x2653},
                          {0x26bd, 0x26be}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c},   {0x2753, 0x2757},
                          {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa960, 0xa97f},   {0xac00, 0xd7a3},
                          {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd}};
/// Marks that combine with the letter before, and what is not shown at all.
constexpr Span kNothing[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
                             {0x0900, 0x0902}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff},
                             {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
/// What changes the order of what follows, and other format characters: nothing that a name needs.
constexpr Span kFormats[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f},
                             {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};

template <std::size_t n>
bool is_in(const Span (&spans)[n], char32_t point) {
  return std::any_of(std::begin(spans), std::end(spans), [&](const Span& each) { return point >= each.first && point <= each.last; });
}

std::size_t width_of(char32_t point) {
  if (point < 0x300) return 1;
  if (is_in(kNothing, point)) return 0;
  return is_in(kWide, point) ? 2 : 1;
}

/// The first character of `text`, which is not empty, as it may be shown.
char32_t take_shown(std::string_view& text) {
  const char32_t point = utf8::take(text);
  if (point == utf8::kInvalid) {
    text.remove_prefix(1);
    return '?';
  }
  return is_in(kFormats, point) ? U'?' : point;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) utf8::append(out, take_shown(text));
  return out;
}

std::size_t cells_of(std::string_view text) {
  std::size_t cells = 0;
  while (!text.empty()) cells += width_of(take_shown(text));
  return cells;
}

std::string shortened(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t cells = 0;
  std::size_t cut_bytes = 0;  // up to where a ~ still has its cell
  while (!text.empty()) {
    const char32_t point = take_shown(text);
    const std::size_t more = width_of(point);
    if (cells + more > width) {
      if (width == 0) return {};
      out.resize(cut_bytes);
      return out + "~";
    }
    utf8::append(out, point);
    cells += more;
    if (cells < width) cut_bytes = out.size();
  }
  return out;
}

std::string fitted(std::string_view text, std::size_t width, Align align) {
  std::string out = shortened(text, width);
  const std::string spaces(width - std::min(width, cells_of(out)), ' ');
  return align == Align::left ? out + spaces : spaces + out;
}

namespace {

/// Three digits are enough to see what changes.
std::string three_digits(double value) {
  return value >= 99.95 ? fmt::format("{:.0f}", value) : value >= 9.995 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

}  // namespace

std::string short_count(double value) {
  if (value < 99'999.5) return fmt::format("{:.0f}", value);
  static constexpr std::array<const char*, 4> kUnits{"k", "M", "G", "T"};
  std::size_t unit = 0;
  for (value /= 1000; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return three_digits(value) + kUnits[unit];
}

std::string short_bytes(double value) {
  if (value < 1023.5) return fmt::format("{:.0f} B", value);
  static constexpr std::array<const char*, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{} {}", three_digits(value), kUnits[unit]);
}

}  // namespace pulpo::cli
