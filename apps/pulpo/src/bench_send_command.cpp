// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench send NODE`: how many messages a second arrive, one way.
#include <fmt/format.h>

#include <algorithm>

#include "bench_run.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

/// What may be under way in all: a quarter of the 64 MiB that a mailbox holds, at whose limit its process is stopped.
constexpr std::uint64_t kWindowBytes = 16u << 20;
/// What a message in a mailbox counts besides its payload, rounded up.
constexpr std::uint64_t kMessageBytes = 256;
/// The same in messages: fewer would leave the link idle between confirmations, more only wait in the mailbox.
constexpr std::uint64_t kWindowMessages = 16'384;
/// Of a sender: so many that the confirmation costs nothing to speak of.
constexpr std::uint64_t kMessagesPerConfirmationMax = 1000;

struct SendPlan {
  std::uint64_t senders = 64;
  std::uint64_t payload = 0;
  std::uint64_t cores = 1;
  std::uint64_t messages_per_confirmation = 1;
  Duration duration{};
  Duration warmup{};
};

Outcome<SendPlan> read_send_plan(const Arguments& arguments) {
  SendPlan plan;
  PULPO_TRY(plan.senders, arguments.number("concurrency", 1, kBenchCallersMax, 64));
  PULPO_TRY(plan.payload, arguments.bytes("payload", 0, kPayloadMax, 0));
  PULPO_TRY(plan.cores, arguments.number("cores", 1, 64, 1));
  PULPO_TRY(plan.duration, arguments.duration("duration", 10ms, 24h, 5s));
  PULPO_TRY(plan.warmup, arguments.duration("warmup", 0s, 1h, 1s));
  const std::uint64_t fit = kWindowBytes / (plan.payload + kMessageBytes);
  if (fit < plan.senders && plan.senders > 1) {
    return wrong_usage(
        fmt::format("{} senders of {} bytes each would have more than {} MiB under way, and a mailbox holds 64; give --concurrency {} "
                    "or less, or a smaller --payload",
                    plan.senders, plan.payload, kWindowBytes >> 20, std::max<std::uint64_t>(fit, 1)));
  }
  plan.messages_per_confirmation = std::clamp<std::uint64_t>(std::min(fit, kWindowMessages) / plan.senders, 1, kMessagesPerConfirmationMax);
  return plan;
}

int bench_send(Program& program, const Arguments& arguments) {
  const auto plan = read_send_plan(arguments);
  if (!plan) return program.complain(arguments.verb(), plan.error());
  auto histogram = open_histogram(arguments);
  if (!histogram) return program.complain(arguments.verb(), histogram.error());
  auto command = CommandNode::join(program, arguments,
                                   {.name = arguments.positional()[0], .prefix = "bench", .cores = static_cast<unsigned>(plan->cores)});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  BenchResult result{.kind = BenchKind::send,
                     .node = command->peer_name(),
                     .server = "Pulpo.Echo",
                     .concurrency = plan->senders,
                     .payload_bytes = plan->payload,
                     .cores = plan->cores,
                     .warmup = plan->warmup,
                     .loop = command->node().runtime().loop_name(),
                     .spin = command->node().runtime().spin_text(),
                     .messages_per_confirmation = plan->messages_per_confirmation};
  const BenchRun run{.callers = {.server = Address("Elixir.Pulpo.Echo"_atom, command->peer()),
                                 .callers = plan->senders,
                                 .cores = static_cast<unsigned>(plan->cores),
                                 .timeout = kBenchCallTimeout,
                                 .request = [] { return Term("ping"_atom); },
                                 .messages_per_call = plan->messages_per_confirmation,
                                 .message = [&plan] { return make_payload(plan->payload); }},
                     .warmup = plan->warmup,
                     .duration = plan->duration};
  Outcome<void> measured = Fault{.code = Errc::io, .where = "", .detail = "the bench was interrupted"};
  command->run([&] { measured = run_callers(run, command->peer(), result); });
  if (!measured) return program.complain(arguments.verb(), measured.error());
  return finish_bench(program, arguments, result, *histogram);
}

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
          bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_send};
}

}  // namespace pulpo::cli
