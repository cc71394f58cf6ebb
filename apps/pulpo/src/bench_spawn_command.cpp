// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench spawn NODE`: how many processes a second can be started there, each until its end is known here.
#include "bench_command.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

Outcome<BenchPlan> read_spawn_plan(const Arguments& arguments) {
  BenchPlan plan{.kind = BenchKind::spawn};
  PULPO_CHECK(read_common_plan(arguments, plan));
  return plan;
}

int bench_spawn(Program& program, const Arguments& arguments) { return run_bench(program, arguments, read_spawn_plan(arguments)); }

}  // namespace

Verb bench_spawn_verb() {
  return {
      .name = "bench spawn",
      .arguments = "NODE",
      .summary = "Measure remote spawn: how many processes a second, at what cost.",
      .details =
          "Each spawner starts a process on that node, with a monitor, that calls :erlang.node and ends; it waits for that end, at most 5 "
          "s, "
          "and starts the next. Prints processes a second, how long each took from the request to its end known here, processor seconds "
          "per "
          "million and system calls a process of both ends, the machines at both, a round trip without load, and errors. Exit status 1 "
          "when "
          "one could not be started or did not end normally.",
      .examples = "bench spawn a@altair --concurrency 64 --duration 5\nbench spawn a@altair --concurrency 1 --json",
      .options =
          std::vector<Option>{{.name = "concurrency", .value = "N", .help = "Spawners, each with one process at a time; 64 by default."},
                              {.name = "duration", .value = "S", .help = "How long to measure; 5 by default."},
                              {.name = "warmup", .value = "S", .help = "Processes before that; 1 by default."},
                              {.name = "cores", .value = "N", .help = "Loops of this side; 1 by default."}} +
          from_option() + bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_spawn};
}

}  // namespace pulpo::cli
