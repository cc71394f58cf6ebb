// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench call NODE [SERVER REQUEST]`: how many calls a second, how long each takes, and what they cost.
#include "bench_command.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

Outcome<BenchPlan> read_call_plan(const Arguments& arguments) {
  const auto& words = arguments.positional();
  BenchPlan plan;
  if (words.size() == 2) return wrong_usage("a SERVER needs a REQUEST: bench call NODE SERVER REQUEST");
  PULPO_CHECK(read_common_plan(arguments, plan));
  PULPO_TRY(plan.payload, arguments.bytes("payload", 0, kPayloadMax, 0));
  PULPO_TRY(plan.rate, arguments.number("rate", 1, kBenchRateMax, 0));
  PULPO_TRY(plan.beside, arguments.bytes("beside", 1, kBesideMax, 0));
  if (words.size() == 3) {
    if (arguments.typed("payload")) return wrong_usage("--payload is what Pulpo.Echo gets; with a SERVER, put it into the REQUEST");
    plan.payload = 0;
    plan.server = words[1];
    plan.request = words[2];
    if (plan.request.empty()) return wrong_usage("the REQUEST is empty; write an Elixir term: :ping");
  }
  PULPO_CHECK(check_bench_plan(plan));
  return plan;
}

int bench_call(Program& program, const Arguments& arguments) { return run_bench(program, arguments, read_call_plan(arguments)); }

}  // namespace

Verb bench_call_verb() {
  return {
      .name = "bench call",
      .arguments = "NODE [SERVER REQUEST]",
      .summary = "Measure remote calls: how many, how fast, at what cost.",
      .details =
          "Each caller is a process that calls, with a timeout of 5 s, and compares the reply: Pulpo.Echo of that node must give its "
          "request back, another SERVER always the same. Prints calls a second, latency in microseconds, processor seconds per "
          "million calls and system calls a call of both ends, the machines at both, a round trip without load, and errors. Exit status 1 "
          "when a call failed or the server counted "
          "another number. Without --rate each caller calls again when its last call has ended; with it, calls leave by a schedule, and "
          "a latency counts from when its call had to leave, so that a server that stalls is charged for all that it held up.",
      .examples =
          "bench call a@altair --concurrency 64 --duration 5\nbench call a@altair --payload 1KiB --json\nbench call a@altair --rate 10000 "
          "--histogram calls.hgrm\nbench call a@altair PingPong "
          ":ping",
      .options =
          std::vector<Option>{
              {.name = "concurrency", .value = "N", .help = "Callers; 64 by default."},
              {.name = "payload", .value = "BYTES", .help = "Send a binary of this size: 100, 64KiB, 1MiB. Without it, :ping."},
              {.name = "duration", .value = "S", .help = "How long to measure; 5 by default."},
              {.name = "warmup", .value = "S", .help = "Calls before that; 1 by default."},
              {.name = "rate",
               .value = "R",
               .help = "Calls a second of all callers together, 1 to 10000000; says when it could not be held."},
              {.name = "beside",
               .value = "BYTES",
               .help = "Meanwhile one more process casts binaries of this size, up to 64000000, to Pulpo.Echo there, each when the last "
                       "has been handled."},
              {.name = "cores", .value = "N", .help = "Loops of this side; 1 by default."}} +
          from_option() + bench_options(),
      .arguments_min = 1,
      .arguments_max = 3,
      .run = bench_call};
}

}  // namespace pulpo::cli
