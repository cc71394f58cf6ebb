// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench call NODE [SERVER REQUEST]`: how many calls a second, how long each takes, and what they cost.
#include <fmt/format.h>

#include <optional>

#include "bench_run.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

constexpr std::uint64_t kRateMax = 10'000'000;  // more than raw sockets of this shape carry

struct Plan {
  std::string server_text;
  Atom server{};
  std::optional<std::string> request;  ///< Elixir; the payload or :ping when absent.
  bool is_echo = true;
  std::uint64_t callers = 64;
  std::uint64_t payload = 0;
  std::uint64_t cores = 1;
  std::uint64_t rate = 0;  ///< 0: none was asked for.
  Duration duration{};
  Duration warmup{};
};

Outcome<Plan> read_plan(const Arguments& arguments) {
  const auto& words = arguments.positional();
  Plan plan;
  if (words.size() == 2) return wrong_usage("a SERVER needs a REQUEST: bench call NODE SERVER REQUEST");
  plan.is_echo = words.size() == 1;
  plan.server_text = plan.is_echo ? "Pulpo.Echo" : words[1];
  PULPO_TRY(plan.server, read_name(plan.server_text, "server's name"));
  PULPO_TRY(plan.callers, arguments.number("concurrency", 1, kBenchCallersMax, 64));
  PULPO_TRY(plan.payload, arguments.bytes("payload", 0, kPayloadMax, 0));
  PULPO_TRY(plan.cores, arguments.number("cores", 1, 64, 1));
  PULPO_TRY(plan.rate, arguments.number("rate", 1, kRateMax, 0));
  PULPO_TRY(plan.duration, arguments.duration("duration", 10ms, 24h, 5s));
  PULPO_TRY(plan.warmup, arguments.duration("warmup", 0s, 1h, 1s));
  if (!plan.is_echo) {
    if (arguments.typed("payload")) return wrong_usage("--payload is what Pulpo.Echo gets; with a SERVER, put it into the REQUEST");
    plan.payload = 0;
    const auto term = read_elixir(words[2]);
    if (!term) return wrong_usage(fmt::format("the request {} is no Elixir term: {}", words[2], term.error().text()));
    plan.request = words[2];
  }
  return plan;
}

/// A request of its own for each core that asks, so that no two count references to one block.
Term make_request(const Plan& plan) {
  if (plan.request) return std::move(read_elixir(*plan.request)).value();  // read before, in read_plan()
  return make_payload(plan.payload);
}

int bench_call(Program& program, const Arguments& arguments) {
  const auto plan = read_plan(arguments);
  if (!plan) return program.complain(arguments.verb(), plan.error());
  auto histogram = open_histogram(arguments);
  if (!histogram) return program.complain(arguments.verb(), histogram.error());
  auto command = CommandNode::join(program, arguments,
                                   {.name = arguments.positional()[0], .prefix = "bench", .cores = static_cast<unsigned>(plan->cores)});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  BenchResult result{.node = command->peer_name(),
                     .server = plan->server_text,
                     .concurrency = plan->callers,
                     .payload_bytes = plan->payload,
                     .cores = plan->cores,
                     .warmup = plan->warmup,
                     .rate = plan->rate,
                     .loop = command->node().runtime().loop_name(),
                     .spin = command->node().runtime().spin_text()};
  const BenchRun run{.callers = {.server = Address(plan->server, command->peer()),
                                 .callers = plan->callers,
                                 .cores = static_cast<unsigned>(plan->cores),
                                 .rate = plan->rate,
                                 .timeout = kBenchCallTimeout,
                                 .request = [&plan] { return make_request(*plan); },
                                 .is_echo = plan->is_echo},
                     .warmup = plan->warmup,
                     .duration = plan->duration};
  Outcome<void> measured = Fault{.code = Errc::io, .where = "", .detail = "the bench was interrupted"};
  command->run([&] { measured = run_callers(run, command->peer(), result); });
  if (!measured) return program.complain(arguments.verb(), measured.error());
  return finish_bench(program, arguments, result, *histogram);
}

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
              {.name = "cores", .value = "N", .help = "Loops of this side; 1 by default."}} +
          bench_options(),
      .arguments_min = 1,
      .arguments_max = 3,
      .run = bench_call};
}

}  // namespace pulpo::cli
