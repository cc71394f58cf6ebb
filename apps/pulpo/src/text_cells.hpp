// SPDX-License-Identifier: Apache-2.0
//
// TextCells: text as a terminal counts it: in cells of a line, not in bytes.
//
// Names come from other programs and may hold anything: what moves a cursor or changes a colour becomes a question mark, and so does what
// is no UTF-8, so that a name neither breaks a table nor plays tricks on whoever looks at it.
//
//   Threads    Any; no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pulpo::cli {

enum class Align : unsigned char { left, right };

/// `text` without control characters and bytes that are no UTF-8.
[[nodiscard]] std::string printable(std::string_view text);
/// How many cells it takes: two for most of what is written east of India, none for marks that combine.
[[nodiscard]] std::size_t cells_of(std::string_view text);
/// Printable, and exactly `width` cells wide: filled up with spaces, or cut with a ~ at the end.
[[nodiscard]] std::string fitted(std::string_view text, std::size_t width, Align align = Align::left);
/// The same without spaces at the end: at most `width` cells.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

/// 812, 12.3k, 4.56M: at most five cells.
[[nodiscard]] std::string short_count(double value);
/// 812 B, 12.3 KiB, 4.56 MiB: at most eight cells.
[[nodiscard]] std::string short_bytes(double value);

}  // namespace pulpo::cli
