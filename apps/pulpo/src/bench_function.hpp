// SPDX-License-Identifier: Apache-2.0
//
// Pulpo.Bench.run/2: a bench that runs on the node where it is called, so that `--from` measures between two boards from a third.
//
//   Pulpo.Bench.run(:"a@altair", %{kind: :call, concurrency: 64})      // bench_plan.hpp has the keys
//
// Its value is %{text: _, json: _, histogram: _, fault: _}, as the command prints them, or {:error, text} when it could not be made.
// The bench ends early when the group leader of its process is gone: nobody waits for it then.
//
//   Threads    export_bench_functions(): any. The rest: inside a process.
//   Suspends   bench_from(): as long as the bench takes.
//   Errors     bench_from(): one line for a person. What the other node sends is cut to printable text.
#pragma once

#include "bench_plan.hpp"
#include "bench_run.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cli {

/// Once a runtime of a node that others may ask.
void export_bench_functions(Runtime& runtime);

/// Has `from` carry out `plan` against `target`.
[[nodiscard]] Outcome<BenchReport> bench_from(Atom from, Atom target, const BenchPlan& plan);

}  // namespace pulpo::cli
