// SPDX-License-Identifier: Apache-2.0
//
// `pulpo node --eval EXPR`: expressions that a node evaluates once it is up. It stays then, unless one fails.
//
//   Order      One after the other, in one process; what one binds the next one knows.
//   Threads    evaluate_at_start(): any; it does not wait.
//   Errors     What cannot be read is wrong usage, said before anything is started. One that fails is logged and stops the node with
//              status 1; those after it are not evaluated.
#pragma once

#include <string>
#include <vector>

#include "arguments.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cli {

[[nodiscard]] Option eval_option();
[[nodiscard]] Outcome<std::vector<std::string>> read_expressions(const Arguments& arguments);
void evaluate_at_start(Runtime& runtime, std::vector<std::string> expressions);

}  // namespace pulpo::cli
