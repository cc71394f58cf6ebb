// SPDX-License-Identifier: Apache-2.0
//
// erl's own flags, as the tutorials hand them over: iex --sname a --erl "-config configs/a".
//
//   Threads    Any; no state.
//   Errors     Fault bad_argument: which flag is not read here, and what to type instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace pulpo::cli {

struct ErlFlags {
  std::vector<std::string> configs;      ///< What stands behind each -config.
  std::vector<std::string> meaningless;  ///< What is accepted and has no meaning here, as it was written.
};

/// Reads what stands behind --erl: words between blanks, or in quotes.
[[nodiscard]] Outcome<ErlFlags> read_erl_flags(std::string_view text);

}  // namespace pulpo::cli
