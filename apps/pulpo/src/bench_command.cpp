// SPDX-License-Identifier: Apache-2.0
#include "bench_command.hpp"

#include <optional>

#include "bench_function.hpp"
#include "command_node.hpp"
#include "pulpo/system.hpp"

namespace pulpo::cli {

Outcome<void> read_common_plan(const Arguments& arguments, BenchPlan& plan) {
  PULPO_TRY(plan.concurrency, arguments.number("concurrency", 1, kBenchCallersMax, plan.concurrency));
  PULPO_TRY(plan.cores, arguments.number("cores", 1, kBenchCoresMax, plan.cores));
  PULPO_TRY(plan.duration, arguments.duration("duration", kBenchDurationMin, kBenchDurationMax, plan.duration));
  PULPO_TRY(plan.warmup, arguments.duration("warmup", 0s, kBenchWarmupMax, plan.warmup));
  return {};
}

int run_bench(Program& program, const Arguments& arguments, const Outcome<BenchPlan>& plan) {
  const auto fail = [&](const Fault& fault) { return program.complain(arguments.verb(), fault); };
  if (!plan) return fail(plan.error());
  const auto target = parse_node_name(arguments.positional()[0]);
  if (!target) return fail(wrong_usage(target.error().text()));
  const auto from = arguments.get("from");
  auto histogram = open_histogram(arguments);
  if (!histogram) return fail(histogram.error());
  auto command = CommandNode::join(
      program, arguments,
      {.name = from.value_or(arguments.positional()[0]), .prefix = "bench", .cores = from ? 1 : static_cast<unsigned>(plan->cores)});
  if (!command) return fail(command.error());
  if (const auto connected = command->connect(); !connected) return fail(connected.error());

  Outcome<BenchReport> report = Fault{.code = Errc::io, .where = "", .detail = "the bench was interrupted"};
  command->run([&] {
    if (!from) {
      auto result = run_plan(*plan, command->peer(), std::nullopt);
      report = result ? Outcome<BenchReport>(report_of(*result)) : Outcome<BenchReport>(std::move(result).error());
      return;
    }
    // The process there has `user` of this node as its group leader, and ends its bench when that is gone.
    if (const auto system = start_system(); !system) {
      report = Fault{.code = Errc::busy, .where = "", .detail = system.error().text()};
      return;
    }
    report = bench_from(command->peer(), Atom(target->text()), *plan);
    static_cast<void>(stop_system());
  });
  if (!report) return fail(report.error());
  return finish_bench(program, arguments, *report, *histogram);
}

std::vector<Option> from_option() {
  return {{.name = "from",
           .value = "NODE",
           .help = "Measure from that node, by rpc: it calls, with its own loop, --cores of its cores, and its own link."}};
}

}  // namespace pulpo::cli
