// SPDX-License-Identifier: Apache-2.0
//
// Kernel: the functions of the language that only calculate, and that need no module's name: abs/1, length/1, is_atom/1, to_string/1.
//
//   Threads    Any. No state.
#pragma once

#include <span>

#include "lang/failure.hpp"

namespace pulpo::lang {

struct KernelFunction {
  std::string_view name;
  std::uint8_t arity;
  bool in_guards;
  Value (*calculate)(std::span<const Term> arguments);
};

/// Null when there is none of that name and number of arguments.
[[nodiscard]] const KernelFunction* find_kernel_function(Atom name, std::size_t arity) noexcept;
/// One of these, or one of those that do something: self/0, spawn/1, …
[[nodiscard]] bool is_kernel_function(Atom name, std::size_t arity) noexcept;

/// How many names they have, whatever the number of arguments.
[[nodiscard]] std::size_t kernel_function_count();

/// Elixir's to_string: what stands for `#{value}`.
[[nodiscard]] Value to_string(const Term& value);

}  // namespace pulpo::lang
