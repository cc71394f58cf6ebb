// SPDX-License-Identifier: Apache-2.0
#include "bench_function.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "pulpo/function.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/rpc.hpp"
#include "rpc_text.hpp"

namespace pulpo::cli {
namespace {

/// Beyond warm-up and duration: calls that are under way may last their timeout, and so may each question about usage.
constexpr Duration kBenchGrace = 60s;

constexpr std::array<std::pair<const char*, std::string BenchReport::*>, 4> kReportKeys{
    {{"text", &BenchReport::text}, {"json", &BenchReport::json}, {"histogram", &BenchReport::histogram}, {"fault", &BenchReport::fault}}};

Term bench_refused(const std::string& text) { return Term::tuple({atoms::error, Term(text)}); }

Term run_bench_here(Atom target, const Term& options) {
  const auto plan = read_bench_plan(options);
  if (!plan) return bench_refused(plan.error().text());
  if (target == runtime().node_name()) return bench_refused("a bench is between two nodes, and these are one");
  if (plan->cores > runtime().core_count()) {
    return bench_refused(fmt::format("it has {} cores; give --cores {} or less", runtime().core_count(), runtime().core_count()));
  }
  if (const auto connected = connect_node(target); !connected) {
    const Error& error = connected.error();
    return bench_refused(error.detail.empty() ? error.text() : error.detail);
  }
  const auto result = run_plan(*plan, target, monitor(group_leader()));
  if (!result) return bench_refused(result.error().text());
  const BenchReport report = report_of(*result);
  std::vector<std::pair<Term, Term>> pairs;
  for (const auto& [key, member] : kReportKeys) pairs.emplace_back(Atom(key), Term(report.*member));
  return Term::map(std::move(pairs));
}

constexpr auto kBenchRun = function("Pulpo.Bench.run", "Measures from this node to another, as pulpo bench does.",
                                    [](Atom target, const Term& options) { return run_bench_here(target, options); });

/// Lines for a terminal, whatever the other node says.
std::string printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += (c >= 0x20 && c < 0x7f) || c == '\n' ? c : '?';
  return text;
}

Fault bench_fault(Atom from, std::string_view text) {
  return {.code = Errc::exited, .where = "", .detail = fmt::format("from {}: {}", from.text(), text)};
}

}  // namespace

void export_bench_functions(Runtime& runtime) {
  const std::array<Function, 1> all{kBenchRun};
  export_functions(runtime, all);
}

Outcome<BenchReport> bench_from(Atom from, Atom target, const BenchPlan& plan) {
  const FunctionName name(static_cast<const Function&>(kBenchRun));
  const RpcCall call{.module = name.module(), .function = name.name(), .arguments = {target, bench_plan_term(plan)}};
  const Timeout timeout(plan.warmup + plan.duration + kBenchGrace);
  const auto value = erpc::try_call(from, name, call.arguments, timeout);
  if (!value) {
    return Fault{.code = Errc::exited, .where = "", .detail = bench_failure_text(value.error(), call, from.text(), timeout)};
  }
  if (value->is_tuple(2) && value->elements()[0].is_atom(atoms::error) && value->elements()[1].is_binary()) {
    return bench_fault(from, printable(value->elements()[1].bytes()));
  }
  BenchReport report;
  for (const auto& [key, member] : kReportKeys) {
    const Term* const found = value->is_map() ? value->map_find(Term(Atom(key))) : nullptr;
    if (found == nullptr || !found->is_binary()) {
      return bench_fault(from, fmt::format("its Pulpo.Bench.run gave no {}; it runs another version", key));
    }
    report.*member = printable(found->bytes());
  }
  return report;
}

}  // namespace pulpo::cli
