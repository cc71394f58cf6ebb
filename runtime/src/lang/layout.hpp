// SPDX-License-Identifier: Apache-2.0
//
// Layout: a term's text in several lines where it is too long for one, as iex shows values.
//
// It works on the text: brackets, commas and quotes say all that is to be known. Lists of plain values and tuples are filled, line by
// line; maps, structs, keyword lists and lists of larger things get a line for each element (Inspect.Algebra's flex and strict breaks).
//
//   Threads    Any; no state.
//   Bounds     What is nested deeper than kDepthMax stays in one line; of a container that is broken kItemsMax elements are shown.
//   Cost       The size of the text times the depth of its brackets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pulpo::lang {

inline constexpr std::size_t kLayoutWidth = 80;  ///< iex's, however wide the terminal is.
inline constexpr std::size_t kDepthMax = 40;
inline constexpr std::size_t kItemsMax = 50;  ///< Inspect.Opts' limit.

/// `text` is what inspect() returns, or the beginning of it.
[[nodiscard]] std::string laid_out(std::string_view text, std::size_t width = kLayoutWidth);

}  // namespace pulpo::lang
