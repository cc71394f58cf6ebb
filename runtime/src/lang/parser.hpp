// SPDX-License-Identifier: Apache-2.0
//
// The parser: a text to a tree. Brackets, calls, `fn` and `do` that are still open lie as frames on a stack of its own, the operators of
// each in one more: it never calls itself, so that how deep a text is nested is its frames' business, and not that of a process' stack.
//
//   Bounds     kTextBytesMax, kFramesMax.
//   Threads    Any. No state.
//   Errors     Failure::Kind::syntax with line and column; unsupported, for what Elixir has and this language has not.
#pragma once

#include <string_view>

#include "lang/failure.hpp"

namespace pulpo::lang {

inline constexpr std::size_t kFramesMax = 1'000;

/// The block of the text's expressions.
[[nodiscard]] Value parse(std::string_view text);

}  // namespace pulpo::lang
