// SPDX-License-Identifier: Apache-2.0
//
// What GenServer and :rpc do on all nodes when none are named: on this one and on those that it is connected with.
//
//   Threads    Inside a process.
#pragma once

#include <span>

#include "pulpo/function.hpp"

namespace pulpo {

[[nodiscard]] std::span<const Function> everywhere_functions();

}  // namespace pulpo
