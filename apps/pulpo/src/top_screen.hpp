// SPDX-License-Identifier: Apache-2.0
//
// TopScreen: the lines of `pulpo top` for a terminal of a size. No terminal is needed to look at them.
//
//   Threads    Any; values.
#pragma once

#include <string>
#include <vector>

#include "top_state.hpp"

namespace pulpo::cli::top {

struct Size {
  std::size_t columns = 80, rows = 24;
  friend bool operator==(const Size&, const Size&) noexcept = default;
};

enum class Style : std::uint8_t { plain, title, header, selected, notice, dim };

struct Line {
  std::string text;  ///< Exactly Size::columns cells, nothing in it that is no character.
  Style style = Style::plain;
  friend bool operator==(const Line&, const Line&) noexcept = default;
};

/// Rows of a table that a terminal of that size shows.
[[nodiscard]] std::size_t page_of(const Size& size) noexcept;
/// Exactly Size::rows lines. Moves State::first of what scrolls without a cursor back to its end.
[[nodiscard]] std::vector<Line> render(State& state, const Sample& sample, const Size& size);

}  // namespace pulpo::cli::top
