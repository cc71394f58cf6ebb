// SPDX-License-Identifier: Apache-2.0
//
// Text width: how many columns of a terminal a text takes. The C library's wcwidth() asks the locale, which a static program has none of.
//
//   Threads    Any; no state.
#pragma once

#include <cstddef>
#include <string_view>

namespace pulpo::cli {

/// Of one character: 0 for what combines with the one before it and for what is not shown, 2 for East Asian wide ones and emoji, else 1.
[[nodiscard]] unsigned character_width(char32_t character) noexcept;

/// Of a text without ends of lines. Escape sequences (ESC [ …) take no column; a byte that is no UTF-8 takes one.
[[nodiscard]] std::size_t text_width(std::string_view text) noexcept;

/// The size in bytes of the character at the beginning of `text`, with what combines with it; 0 at its end.
[[nodiscard]] std::size_t character_size(std::string_view text) noexcept;

}  // namespace pulpo::cli
