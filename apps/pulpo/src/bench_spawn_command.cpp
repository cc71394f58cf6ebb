// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench spawn NODE`: how many processes a second can be started there, each until its end is known here.
#include <algorithm>
#include <optional>

#include "bench_run.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "program.hpp"
#include "pulpo/remote.hpp"

namespace pulpo::cli {
namespace {

/// What every node has, Erlang's too, and what does nothing worth mentioning.
const char* const kSpawned = ":erlang.node";

/// {:spawn_reply, ref, …} or {:DOWN, ref, …}; nothing when the time is over.
std::optional<Term> receive_about(const Ref& request, TimePoint end) {
  const Term wanted = request;
  return receive_if([&wanted](const Term& each) { return (each.is_tuple(4) || each.is_tuple(5)) && each.elements()[1] == wanted; },
                    std::max(end - precise_now(), Duration::zero()));
}

/// One process, until its DOWN; as a call, whose reply is the reason of that end.
Result<Term> spawn_once(Atom node, Duration timeout) {
  const TimePoint end = precise_now() + timeout;
  const Ref request = spawn_request(node, kSpawned, {}, {.monitor = true});
  const auto begun = receive_about(request, end);
  if (!begun) {
    // Either it never begins for us, or its end is not waited for.
    if (!spawn_request_abandon(request)) demonitor(request, {.flush = true});
    return Error(Errc::timeout);
  }
  if (begun->elements()[2].is_atom(atoms::error)) {
    const Term& reason = begun->elements()[3];
    return Error{reason.is_atom(atoms::noconnection) ? Errc::nodedown : Errc::exited, reason, "spawn"};
  }
  const auto down = receive_about(request, end);
  if (!down) {
    demonitor(request, {.flush = true});
    return Error(Errc::timeout);
  }
  const Term& reason = down->elements()[4];
  if (reason.is_atom(atoms::normal)) return reason;
  return Error{reason.is_atom(atoms::noconnection) ? Errc::nodedown : Errc::exited, reason, "spawn"};
}

int bench_spawn(Program& program, const Arguments& arguments) {
  const auto fail = [&](const Fault& fault) { return program.complain(arguments.verb(), fault); };
  const auto spawners = arguments.number("concurrency", 1, kBenchCallersMax, 64);
  if (!spawners) return fail(spawners.error());
  const auto cores = arguments.number("cores", 1, 64, 1);
  if (!cores) return fail(cores.error());
  const auto duration = arguments.duration("duration", 10ms, 24h, 5s);
  if (!duration) return fail(duration.error());
  const auto warmup = arguments.duration("warmup", 0s, 1h, 1s);
  if (!warmup) return fail(warmup.error());
  auto histogram = open_histogram(arguments);
  if (!histogram) return fail(histogram.error());
  auto command =
      CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "bench", .cores = static_cast<unsigned>(*cores)});
  if (!command) return fail(command.error());
  if (const auto connected = command->connect(); !connected) return fail(connected.error());

  BenchResult result{.kind = BenchKind::spawn,
                     .node = command->peer_name(),
                     .server = std::string(kSpawned) + "/0",
                     .concurrency = *spawners,
                     .cores = *cores,
                     .warmup = *warmup,
                     .loop = command->node().runtime().loop_name(),
                     .spin = command->node().runtime().spin_text()};
  const BenchRun run{.callers = {.perform = [peer = command->peer()](const Term&) { return spawn_once(peer, kBenchCallTimeout); },
                                 .callers = *spawners,
                                 .cores = static_cast<unsigned>(*cores),
                                 .timeout = kBenchCallTimeout,
                                 // "The reply equals the request": how each process has to end.
                                 .request = [] { return Term(atoms::normal); }},
                     .warmup = *warmup,
                     .duration = *duration};
  Outcome<void> measured = Fault{.code = Errc::io, .where = "", .detail = "the bench was interrupted"};
  command->run([&] { measured = run_callers(run, command->peer(), result); });
  if (!measured) return fail(measured.error());
  return finish_bench(program, arguments, result, *histogram);
}

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
          bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_spawn};
}

}  // namespace pulpo::cli
