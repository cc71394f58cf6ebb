// SPDX-License-Identifier: Apache-2.0
//
// The checker: what Elixir's compiler would refuse in a text that can be read, so that nothing of it is evaluated: variables and functions
// that nobody has, and patterns that are none.
//
//   Threads    Any. No state.
//   Bounds     One visit a node, with a stack of its own.
//   Errors     CompileError.
#pragma once

#include <span>

#include "lang/failure.hpp"

namespace pulpo::lang {

/// `tree` as it comes from parse(), to be evaluated with these variables.
[[nodiscard]] Result<void, Failure> check_names(const Term& tree, const Bindings& bindings);

}  // namespace pulpo::lang
