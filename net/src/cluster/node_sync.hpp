// SPDX-License-Identifier: Apache-2.0
//
// Node synchronisation: a node that boots waits for those without which it is not to begin (AC-9 to AC-15).
//
// Unlike OTP's, it does not wait for all of them when a node that it is connected with has begun: then the cluster has formed, and a
// board that comes back alone joins it (WK-4, AC-16). It asks each when they meet, and all of them again every second.
//
//   Threads    Inside a process.
//   Bounds     A question waits for 5 s, as calls do: five at most to a node.
//   Suspends   Until all are there, or the time is over.
//   Errors     timeout: mandatory nodes are missing; says which.
#pragma once

#include "pulpo/config.hpp"
#include "pulpo/result.hpp"

namespace pulpo::cluster {

[[nodiscard]] Outcome<void> await_nodes(const KernelConfig& kernel);

}  // namespace pulpo::cluster
