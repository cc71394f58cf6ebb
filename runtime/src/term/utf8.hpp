// SPDX-License-Identifier: Apache-2.0
//
// UTF-8, as atoms, strings and the readers need it: strict (no surrogates, no overlong forms), no tables.
//
//   Threads    Any. No state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pulpo::utf8 {

inline constexpr char32_t kInvalid = 0xffffffff;

/// A code point that text can hold: not beyond U+10FFFF and no surrogate.
[[nodiscard]] constexpr bool is_scalar(char32_t point) noexcept { return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff); }

/// Takes the first code point off `text`. kInvalid, and nothing taken, when it is empty or does not begin with one.
[[nodiscard]] char32_t take(std::string_view& text) noexcept;

/// Appends a code point for which is_scalar() holds.
void append(std::string& out, char32_t point);

/// How many code points `text` has; empty when it is not UTF-8.
[[nodiscard]] std::optional<std::size_t> count(std::string_view text) noexcept;

}  // namespace pulpo::utf8
