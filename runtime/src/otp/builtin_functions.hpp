// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions: what every node exports besides its applications, under the names that Elixir and Erlang have for them.
//
//   Threads    They run inside a process, the one that applies them.
//   Errors     As any function by name: arguments of other types are {:function_clause, …}.
#pragma once

#include <span>

#include "pulpo/function.hpp"

namespace pulpo {

[[nodiscard]] std::span<const Function> builtin_functions();

}  // namespace pulpo
