// SPDX-License-Identifier: Apache-2.0
//
// Operators: those of the language, how tightly they bind (Elixir's own table), and what those that are no control flow calculate.
//
//   Threads    Any. No state.
//   Bounds     A value that is made is at most kValueBytesMax: a loop that doubles a list or a string ends with an error.
//   Errors     A Failure in Elixir's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lang/failure.hpp"
#include "pulpo/term.hpp"

namespace pulpo::lang {

/// Their numbers are part of what is sent to other nodes (lang/tree.hpp): new ones go to the end.
enum class Op : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  concat_binary,
  concat_list,
  subtract_list,
  equal,
  not_equal,
  exactly_equal,
  not_exactly_equal,
  less,
  greater,
  less_equal,
  greater_equal,
  in,
  not_in,
  and_,
  or_,
  and_truthy,
  or_truthy,
  not_,
  not_truthy,
  negate,
  plus,
  // What the parser alone knows.
  match,
  pipe,
  when,
  pin,
  capture,
  bar,
  assoc,
  unsupported
};

struct OpInfo {
  std::string_view text;
  Op op;
  std::uint8_t precedence;
  bool right;
};

inline constexpr std::uint8_t kUnaryPrecedence = 240;
inline constexpr std::uint8_t kCapturePrecedence = 90;

/// The binary operator that `text` begins with, the longest.
[[nodiscard]] const OpInfo* binary_operator(std::string_view text) noexcept;
/// As it is written.
[[nodiscard]] std::string_view text_of(Op op) noexcept;

[[nodiscard]] Value calculate(Op op, const Term& left, const Term& right);
[[nodiscard]] Value calculate(Op op, const Term& operand);

/// `value`, unless it is larger than a value may be.
[[nodiscard]] Value bounded(Term value);
inline constexpr std::size_t kValueBytesMax = 64u << 20;

[[nodiscard]] inline bool is_truthy(const Term& value) noexcept { return !value.is_atom(atoms::nil) && !value.is_atom(atoms::false_); }

}  // namespace pulpo::lang
