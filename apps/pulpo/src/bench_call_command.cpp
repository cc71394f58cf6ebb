// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench call NODE [SERVER REQUEST]`: how many calls a second, how long each takes, and what they cost.
#include <fmt/format.h>

#include <optional>

#include "base/usage.hpp"
#include "bench_callers.hpp"
#include "bench_result.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "histogram_text.hpp"
#include "output_file.hpp"
#include "program.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kCallTimeout = 5s;                       // GenServer.call's (section K)
constexpr std::uint64_t kPayloadMax = (256u << 20) - 1024;  // what a message may have, less what is around it
constexpr std::uint64_t kCallersMax = 1'000'000;            // below the limit of processes of one core
constexpr std::uint64_t kRateMax = 10'000'000;              // more than raw sockets of this shape carry
constexpr Duration kLookInterval = 100ms;                   // how soon a bench ends when all callers have given up

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
  PULPO_TRY(plan.callers, arguments.number("concurrency", 1, kCallersMax, 64));
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
  if (plan.payload == 0) return "ping"_atom;
  std::string bytes(plan.payload, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + 7);  // tells shifted bytes apart
  return Term::binary(bytes);
}

/// What the other node says of itself (Pulpo.Node).
struct PeerUsage {
  double cpu_seconds = 0;
  std::optional<std::uint64_t> system_calls = {};  ///< Older nodes do not tell.
  std::uint64_t echo_calls = 0;
};
std::optional<PeerUsage> ask_usage(Atom node) {
  const auto reply = try_call(Address("Elixir.Pulpo.Node"_atom, node), Term("usage"_atom), {.timeout = kCallTimeout});
  if (!reply || !reply->is_map()) return std::nullopt;
  const Term* const cpu = reply->map_find("cpu_us"_atom);
  const Term* const calls = reply->map_find("calls"_atom);
  if (cpu == nullptr || calls == nullptr || !cpu->is_integer() || !calls->is_integer()) return std::nullopt;
  PeerUsage usage{.cpu_seconds = static_cast<double>(cpu->integer()) / 1e6, .echo_calls = static_cast<std::uint64_t>(calls->integer())};
  const Term* const kernel = reply->map_find("system_calls"_atom);
  if (kernel != nullptr && kernel->is_integer()) usage.system_calls = static_cast<std::uint64_t>(kernel->integer());
  return usage;
}

double own_cpu_seconds() { return static_cast<double>(process_usage().cpu_microseconds) / 1e6; }

/// Sleeps, but not on when there is nobody left to measure.
void sleep_while_calling(const BenchCallers& callers, Duration duration) {
  const TimePoint end = precise_now() + duration;
  for (TimePoint at = precise_now(); at < end && !callers.have_given_up(); at = precise_now()) sleep(std::min(end - at, kLookInterval));
}

/// Runs inside a process. Returns why the bench could not be made; failed calls are part of the result.
Outcome<void> measure(const Plan& plan, Atom node, BenchResult& result) {
  // Asked while there is a link: a node that dies takes it along.
  result.sealed = link_is_sealed(node).value_or(false);
  const auto at_start = ask_usage(node);
  BenchCallers callers({.server = Address(plan.server, node),
                        .callers = plan.callers,
                        .cores = static_cast<unsigned>(plan.cores),
                        .rate = plan.rate,
                        .timeout = kCallTimeout,
                        .request = [&plan] { return make_request(plan); },
                        .is_echo = plan.is_echo});
  if (auto started = callers.start(); !started) return Fault{.code = Errc::busy, .where = "", .detail = started.error().text()};
  sleep_while_calling(callers, plan.warmup);

  // Both ends' processor time is read around the stretch, and the calls answered between the two readings counted.
  const auto usage_before = ask_usage(node);
  const double own_before = own_cpu_seconds();
  const std::uint64_t answered_before = callers.calls_answered();
  const std::uint64_t kernel_before = runtime().system_calls();
  const TimePoint begun = precise_now();
  callers.measure();
  sleep_while_calling(callers, plan.duration);
  result.duration = precise_now() - begun;
  const auto usage_after = ask_usage(node);
  result.cpu_seconds_here = own_cpu_seconds() - own_before;
  result.cpu_calls = callers.calls_answered() - answered_before;
  result.system_calls_here = runtime().system_calls() - kernel_before;
  if (usage_before && usage_after) result.cpu_seconds_there = usage_after->cpu_seconds - usage_before->cpu_seconds;
  if (usage_before && usage_after && usage_before->system_calls && usage_after->system_calls) {
    result.system_calls_there = *usage_after->system_calls - *usage_before->system_calls;
  }

  callers.finish();
  callers.report(result);
  const auto at_end = ask_usage(node);
  if (plan.is_echo && at_start && at_end) result.calls_served = at_end->echo_calls - at_start->echo_calls;
  return {};
}

int bench_call(Program& program, const Arguments& arguments) {
  const auto plan = read_plan(arguments);
  if (!plan) return program.complain(arguments.verb(), plan.error());
  std::optional<OutputFile> histogram;
  if (const auto path = arguments.get("histogram")) {
    auto file = OutputFile::open("--histogram", *path);
    if (!file) return program.complain(arguments.verb(), file.error());
    histogram.emplace(std::move(*file));
  }
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
  Outcome<void> measured = Fault{.code = Errc::io, .where = "", .detail = "the bench was interrupted"};
  command->run([&] { measured = measure(*plan, command->peer(), result); });
  if (!measured) return program.complain(arguments.verb(), measured.error());
  program.print(arguments.has("json") ? bench_json(result) : bench_text(result));
  // Behind the result, which a full disk shall not take along.
  if (histogram) {
    if (const auto written = histogram->write(histogram_text(result.latency)); !written) {
      return program.complain(arguments.verb(), written.error());
    }
  }
  const std::string fault = result.fault();
  if (fault.empty()) return kSuccess;
  program.complain(arguments.verb().name, fault);
  return kFailed;
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
          "million calls and system calls a call of both ends, and errors. Exit status 1 when a call failed or the server counted "
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
              {.name = "histogram", .value = "FILE", .help = "Write all latencies as HdrHistogram does, in microseconds."},
              {.name = "cores", .value = "N", .help = "Loops of this side; 1 by default."},
              json_option()} +
          command_options(),
      .arguments_min = 1,
      .arguments_max = 3,
      .run = bench_call};
}

}  // namespace pulpo::cli
