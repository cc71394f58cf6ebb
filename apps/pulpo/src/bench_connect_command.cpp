// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench connect NODE`: how many connections a second a node takes, each with its proof of the cookie.
#include "bench_command.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

Outcome<BenchPlan> read_connect_plan(const Arguments& arguments) {
  BenchPlan plan{.kind = BenchKind::connect};
  PULPO_TRY(plan.concurrency, arguments.number("concurrency", 1, kBenchDiallersMax, 8));
  PULPO_TRY(plan.duration, arguments.duration("duration", kBenchDurationMin, kBenchDurationMax, plan.duration));
  PULPO_TRY(plan.warmup, arguments.duration("warmup", 0s, kBenchWarmupMax, plan.warmup));
  return plan;
}

int bench_connect(Program& program, const Arguments& arguments) { return run_bench(program, arguments, read_connect_plan(arguments)); }

}  // namespace

Verb bench_connect_verb() {
  return {
      .name = "bench connect",
      .arguments = "NODE",
      .summary = "Measure connecting: how many a second, each with its proof.",
      .details =
          "Each dialler connects as a hidden node of a name of its own, until both sides have proved that they know the cookie, says "
          "goodbye, "
          "and connects again. The mapper is asked once, before. Prints connections a second, how long each took from the dial to the "
          "proof, "
          "processor seconds per million of both ends, the machines at both, a round trip without load, and errors. A node takes 2,000 "
          "handshakes a second, and 32 half-open connections of one address: what it turns away beyond that is tried again, and counted.",
      .examples = "bench connect a@altair --concurrency 8 --duration 5\nbench connect a@altair --concurrency 1 --json",
      .options = std::vector<Option>{{.name = "concurrency", .value = "N", .help = "Diallers, 1 to 32; 8 by default."},
                                     {.name = "duration", .value = "S", .help = "How long to measure; 5 by default."},
                                     {.name = "warmup", .value = "S", .help = "Connections before that; 1 by default."}} +
                 from_option() + bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_connect};
}

}  // namespace pulpo::cli
