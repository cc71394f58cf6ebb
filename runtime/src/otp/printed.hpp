// SPDX-License-Identifier: Apache-2.0
//
// printed: a term as IO.puts and the Logger print it: text as it is, everything else as it is typed.
//
//   Threads    Any.
#pragma once

#include <string>

#include "pulpo/term.hpp"

namespace pulpo {

[[nodiscard]] std::string printed(const Term& item);

}  // namespace pulpo
