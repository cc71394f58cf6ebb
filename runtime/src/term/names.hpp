// SPDX-License-Identifier: Apache-2.0
//
// Names: which texts Elixir and Erlang take for an atom without quotes, and the letters they are made of.
// Printers and readers ask here, so that what one writes the other reads.
//
//   Threads    Any. No state.
#pragma once

#include <cstddef>
#include <string_view>

namespace pulpo::names {

[[nodiscard]] constexpr bool is_digit(char32_t c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_lower(char32_t c) noexcept { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_upper(char32_t c) noexcept { return c >= 'A' && c <= 'Z'; }
/// A letter outside of ASCII, in the blocks of the scripts in use: no tables for the rest, which take quotes.
[[nodiscard]] bool is_other_letter(char32_t c) noexcept;

/// Length of the Elixir identifier that `text` begins with, 0 if none: `ping_pong`, `a@altair`, `valid?`. Capitals may
/// begin it, as in an atom's name.
[[nodiscard]] std::size_t elixir_identifier(std::string_view text) noexcept;
/// Length of the alias that `text` begins with, 0 if none: `PingPong`, `Distro.DistroCal`.
[[nodiscard]] std::size_t elixir_alias(std::string_view text) noexcept;
/// Length of the operator that `text` begins with, 0 if none, among those that are atoms after a colon: `+`, `<>`, `%{}`.
[[nodiscard]] std::size_t elixir_operator(std::string_view text) noexcept;

/// Length of the Erlang atom that `text` begins with, 0 if none: `ping_pong`, `a@altair`. Reserved words count.
[[nodiscard]] std::size_t erlang_atom(std::string_view text) noexcept;
[[nodiscard]] bool is_erlang_reserved(std::string_view word) noexcept;

/// The text of an alias's atom: Elixir.PingPong of PingPong; `Elixir` and what begins with `Elixir.` stand for themselves.
[[nodiscard]] bool is_full_alias(std::string_view alias) noexcept;

/// What String.printable?/1 takes, in a string of either language.
[[nodiscard]] bool is_printable(char32_t c) noexcept;

}  // namespace pulpo::names
