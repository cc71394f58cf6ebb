// SPDX-License-Identifier: Apache-2.0
//
// `pulpo bench connect NODE`: how many connections a second a node takes, each with its proof of the cookie.
#include <fmt/format.h>

#include <optional>

#include "bench_diallers.hpp"
#include "bench_run.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "cookie.hpp"
#include "dist/dialer.hpp"
#include "link/admission.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

/// More from one address a node turns away.
constexpr std::uint64_t kDiallersMax = links::AdmissionLimits{}.half_open_per_address_max;

/// Asks the mapper once.
Outcome<io::Address> find_address(io::Loop& loop, Random& random, const NodeName& name, std::uint16_t port) {
  std::optional<Outcome<io::Address>> found;
  {
    const dist::Dialer dialer(loop, random, host::this_machine(), name, port,
                              [&](Outcome<io::Address> answer) { found = std::move(answer); });
    while (!found) loop.turn(io::Loop::Wait::yes);
  }
  while (loop.pending() > 0) loop.turn(io::Loop::Wait::yes);
  return *found;
}

int bench_connect(Program& program, const Arguments& arguments) {
  const auto fail = [&](const Fault& fault) { return program.complain(arguments.verb(), fault); };
  const auto diallers = arguments.number("concurrency", 1, kDiallersMax, 8);
  if (!diallers) return fail(diallers.error());
  const auto duration = arguments.duration("duration", 10ms, 24h, 5s);
  if (!duration) return fail(duration.error());
  const auto warmup = arguments.duration("warmup", 0s, 1h, 1s);
  if (!warmup) return fail(warmup.error());
  auto histogram = open_histogram(arguments);
  if (!histogram) return fail(histogram.error());

  // A connection of its own tells what the other node counts, and whether there is one to be had at all.
  auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "bench"});
  if (!command) return fail(command.error());
  if (const auto connected = command->connect(); !connected) return fail(connected.error());
  const auto cookie = find_cookie(arguments, program.random());
  if (!cookie) return fail(cookie.error());
  const auto port = mapper_port(arguments);
  if (!port) return fail(port.error());
  const auto kind = loop_choice(arguments);
  if (!kind) return fail(kind.error());
  auto loop = io::make_loop(*kind == LoopChoice::uring   ? io::LoopKind::uring
                            : *kind == LoopChoice::epoll ? io::LoopKind::epoll
                                                         : io::LoopKind::automatic);
  if (!loop) return fail(loop.error());
  const auto name = parse_node_name(command->peer_name());
  if (!name) return fail(name.error());
  const auto address = find_address(**loop, program.random(), *name, *port);
  if (!address) return fail(address.error());

  BenchResult result{.kind = BenchKind::connect,
                     .node = command->peer_name(),
                     .server = "handshakes",
                     .concurrency = *diallers,
                     .warmup = *warmup,
                     .loop = (*loop)->name(),
                     .spin = "off"};
  const std::string& own = command->node().name();
  BenchDiallers bench(std::move(*loop), program.random(),
                      {.node = command->peer_name(),
                       .address = *address,
                       .host = own.substr(own.find('@') + 1),
                       .cookie = cookie->value,
                       .plain_links = arguments.has("plain-links"),
                       .diallers = *diallers});
  CostMeter cost(command->peer());
  command->run([&] { describe_ends(command->peer(), result); });
  bench.run_for(*warmup);
  command->run([&] { cost.begin(bench.system_calls(), bench.made()); });
  const TimePoint begun = bench.now();
  bench.measure();
  bench.run_for(*duration);
  result.duration = bench.now() - begun;
  command->run([&] { cost.end(bench.system_calls(), bench.made(), result); });
  bench.finish();
  bench.report(result);
  return finish_bench(program, arguments, report_of(result), *histogram);
}

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
                 bench_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = bench_connect};
}

}  // namespace pulpo::cli
