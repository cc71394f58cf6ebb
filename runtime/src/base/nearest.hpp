// SPDX-License-Identifier: Apache-2.0
//
// nearest(): what a mistyped word was meant to be, for error messages.
//
//   Threads    Any; no state.
//   Cost       For each candidate the product of the two lengths; words beyond 32 letters are not looked at.
#pragma once

#include <span>
#include <string_view>

namespace pulpo {

/// The candidate that `word` was probably meant to be (Damerau-Levenshtein distance of at most a third of its length, at least
/// 1), or an empty text.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace pulpo
