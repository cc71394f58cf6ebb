// SPDX-License-Identifier: Apache-2.0
//
// What the benches against another node have in common as commands: their plan is carried out here, or with --from on another node.
//
//   Threads    The program's first thread.
#pragma once

#include <vector>

#include "arguments.hpp"
#include "bench_plan.hpp"
#include "bench_run.hpp"
#include "program.hpp"

namespace pulpo::cli {

/// --concurrency, --cores, --duration, --warmup.
[[nodiscard]] Outcome<void> read_common_plan(const Arguments& arguments, BenchPlan& plan);
/// Measures, prints, and gives the exit status.
[[nodiscard]] int run_bench(Program& program, const Arguments& arguments, const Outcome<BenchPlan>& plan);
/// --from.
[[nodiscard]] std::vector<Option> from_option();

}  // namespace pulpo::cli
