// SPDX-License-Identifier: Apache-2.0
#include "text_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "term/utf8.hpp"
#include "text_width.hpp"

namespace pulpo::cli {
namespace {

struct Span {
  char32_t first, last;
};

/// What changes the order of what follows, and other format characters: nothing that a name needs.
constexpr Span kFormats[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c}, {0x200b, 0x200f},
                             {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};

template <std::size_t n>
bool is_in(const Span (&spans)[n], char32_t point) {
  return std::any_of(std::begin(spans), std::end(spans), [&](const Span& each) { return point >= each.first && point <= each.last; });
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
  while (!text.empty()) cells += character_width(take_shown(text));
  return cells;
}

std::string shortened(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t cells = 0;
  std::size_t cut_bytes = 0;  // up to where a ~ still has its cell
  while (!text.empty()) {
    const char32_t point = take_shown(text);
    const std::size_t more = character_width(point);
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
