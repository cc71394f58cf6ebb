// SPDX-License-Identifier: Apache-2.0
//
// Group: the processes of one group leader.
//
// No list is kept of them: a process has its leader's pid and that is all, so that spawning costs nothing more. Who wants the
// group asks each core to look through its table.
//
//   Threads    Inside a process.
//   Suspends   Until all cores have answered, between their slices.
//   Errors     killed, when the caller is being ended.
//   Cost       Some ns for each process of the node, living or not: for rare occasions (the end of an application).
#pragma once

#include <vector>

#include "pulpo/process.hpp"

namespace pulpo {

/// The living processes whose group leader is `leader`, as they are when their core is asked; those that are about to end among them.
[[nodiscard]] Result<std::vector<Pid>> group_of(const Pid& leader);

}  // namespace pulpo
