// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench send NODE`: how many messages a second arrive, one way.
#include "bench_command.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

Outcome<BenchPlan> read_send_plan(const Arguments& arguments) {
  BenchPlan plan{.kind = BenchKind::send};
  PULPO_CHECK(read_common_plan(arguments, plan));
  PULPO_TRY(plan.payload, arguments.bytes("payload", 0, kPayloadMax, 0));
  PULPO_CHECK(check_bench_plan(plan));
  return plan;
}

int bench_send(Program& program, const Arguments& arguments) { return run_bench(program, arguments, read_send_plan(arguments)); }

}  // namespace

Verb bench_send_verb() {
  return {
      .name = "bench send",
      .arguments = "NODE",
      .summary = "Measure one-way messages: how many arrive, at what cost.",
      .details =
          "Each sender is a process that casts to Pulpo.Echo of that node, and then asks whether it has handled them: after some hundreds, "
          "or 16 MiB of all senders together. Prints messages and bytes a second that have arrived, as that server counted them; how long "
          "a "
          "confirmation took; processor seconds per million messages and system calls a message of both ends, the machines at both, a "
          "round trip without load, and errors. Exit status 1 when a message did not arrive.",
      .examples =
          "bench send a@altair --payload 1KiB --concurrency 64 --duration 5\nbench send a@altair --payload 1MiB --concurrency 4 --json",
      .options =
          std::vector<Option>{
              {.name = "concurrency", .value = "N", .help = "Senders; 64 by default."},
              {.name = "payload", .value = "BYTES", .help = "Send a binary of this size: 100, 64KiB, 1MiB. Without it, :ping."},
              {.name = "duration", .value = "S", .help = "How long to measure; 5 by default."},
              {.name = "warmup", .value = "S", .help = "Messages before that; 1 by default."},
              {.name = "cores", .value = "N", .help = "Loops of this side; 1 by default."}} +
          from_option() + bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_send};
}

}  // namespace pulpo::cli
