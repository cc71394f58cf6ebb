// SPDX-License-Identifier: Apache-2.0
//
// `pulpo --remsh NODE`, as iex has it: what `pulpo remote NODE` is.
//
//   Threads    The program's first thread.
//   Errors     Those of the verb `remote`, and its exit status.
#pragma once

#include "program.hpp"

namespace pulpo::cli {

[[nodiscard]] Option remsh_option();

/// Runs the verb `remote` with those of the options that it has too (--cookie); a --sname is no error, since iex wants one there.
[[nodiscard]] int run_remsh(Program& program, const Arguments& arguments);

}  // namespace pulpo::cli
