// SPDX-License-Identifier: Apache-2.0
//
// The bench of connections, on a command's node or, with --from, on another: diallers on a thread and a loop of their own, beside the
// process that asks for them.
//
//   Threads    Inside a process of a Node. The diallers run on a thread of blocking().
//   Suspends   As long as the bench takes.
//   Errors     Why the bench could not be made. Connections that failed are part of the result.
#pragma once

#include <optional>

#include "bench_plan.hpp"
#include "bench_run.hpp"

namespace pulpo::cli {

/// As run_plan(). The mapper of that host is asked once, before.
[[nodiscard]] Outcome<BenchResult> run_connect_plan(const BenchPlan& plan, Atom node, std::optional<Ref> asking);

}  // namespace pulpo::cli
