// SPDX-License-Identifier: Apache-2.0
#include "bench_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/machine.hpp"
#include "base/usage.hpp"
#include "bench_asker.hpp"
#include "bench_connect.hpp"
#include "bench_spawner.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "histogram_text.hpp"
#include "pulpo/gen_server.hpp"

namespace pulpo::cli {
namespace {

/// Enough for a median that one late wake-up does not move, and some ms on a slow link.
constexpr int kRoundTrips = 31;

double own_cpu_seconds() { return static_cast<double>(process_usage().cpu_microseconds) / 1e6; }

std::optional<std::uint64_t> count_of(const Term& map, Atom key) {
  const Term* const value = map.map_find(key);
  if (value == nullptr || !value->is_integer() || value->integer() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value->integer());
}

/// For JSON, which must be UTF-8, and for a terminal: the other node may say anything.
std::string text_of(const Term& map, Atom key) {
  const Term* const value = map.map_find(key);
  std::string text;
  if (value == nullptr || !value->is_binary()) return text;
  for (const char c : value->bytes().substr(0, 100)) text += c >= 0x20 && c < 0x7f ? c : '?';
  return text;
}

std::optional<Duration> median_round_trip(Atom node) {
  const Address echo("Elixir.Pulpo.Echo"_atom, node);
  std::vector<Duration> trips;
  for (int i = 0; i < kRoundTrips; ++i) {
    const TimePoint begun = precise_now();
    if (!try_call(echo, "ping"_atom, {.timeout = kBenchCallTimeout})) return std::nullopt;
    trips.push_back(precise_now() - begun);
  }
  std::nth_element(trips.begin(), trips.begin() + kRoundTrips / 2, trips.end());
  return trips[kRoundTrips / 2];
}

/// A binary of that size that tells shifted bytes apart; :ping for 0.
Term make_payload(std::uint64_t size) {
  if (size == 0) return "ping"_atom;
  std::string bytes(static_cast<std::size_t>(size), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + 7);
  return Term::binary(bytes);
}

BenchCallers::Settings settings_of(const BenchPlan& plan, Atom node) {
  BenchCallers::Settings settings{.callers = plan.concurrency,
                                  .cores = static_cast<unsigned>(plan.cores),
                                  .rate = plan.kind == BenchKind::call ? plan.rate : 0,
                                  .timeout = kBenchCallTimeout,
                                  .request = [] { return Term("ping"_atom); }};
  switch (plan.kind) {
    case BenchKind::send:
      settings.server = Address("Elixir.Pulpo.Echo"_atom, node);
      settings.messages_per_call = plan.messages_per_confirmation();
      settings.message = [payload = plan.payload] { return make_payload(payload); };
      break;
    case BenchKind::spawn:
      settings.perform = [node](const Term&) { return spawn_once(node, kBenchCallTimeout); };
      // "The reply equals the request": how each process has to end.
      settings.request = [] { return Term(atoms::normal); };
      break;
    default:
      settings.server = Address(*atom_of_name(plan.server), node);  // checked, as the request, by check_bench_plan()
      settings.is_echo = plan.is_echo();
      // A request of its own for each core that asks, so that no two count references to one block.
      settings.request = [plan] { return plan.is_echo() ? make_payload(plan.payload) : *read_elixir(plan.request); };
      if (plan.beside > 0) {
        settings.beside = [size = plan.beside] { return make_payload(size); };
        settings.beside_server = Address("Elixir.Pulpo.Echo"_atom, node);
      }
      break;
  }
  return settings;
}

}  // namespace

std::optional<PeerUsage> ask_usage(Atom node) {
  const auto reply = try_call(Address("Elixir.Pulpo.Node"_atom, node), Term("usage"_atom), {.timeout = kBenchCallTimeout});
  if (!reply || !reply->is_map()) return std::nullopt;
  const auto cpu = count_of(*reply, "cpu_us"_atom);
  const auto calls = count_of(*reply, "calls"_atom);
  if (!cpu || !calls) return std::nullopt;
  return PeerUsage{
      .at = precise_now(),
      .cpu_seconds = static_cast<double>(*cpu) / 1e6,
      .system_calls = count_of(*reply, "system_calls"_atom),
      .echo_calls = *calls,
      .casts = count_of(*reply, "casts"_atom),
      .cast_bytes = count_of(*reply, "cast_bytes"_atom).value_or(0),
      .end = {.machine = text_of(*reply, "machine"_atom), .kernel = text_of(*reply, "kernel"_atom), .loop = text_of(*reply, "loop"_atom)}};
}

void describe_ends(Atom node, BenchResult& result) {
  // Asked while there is a link: a node that dies takes it along.
  result.sealed = link_is_sealed(node).value_or(false);
  const Machine machine = this_machine();
  result.here = {.machine = machine.board, .kernel = machine.kernel, .loop = result.loop};
  if (auto usage = ask_usage(node)) result.there = std::move(usage->end);
  result.round_trip = median_round_trip(node);
}

void CostMeter::begin(std::uint64_t system_calls, std::uint64_t done) {
  before_ = ask_usage(node_);
  cpu_before_ = own_cpu_seconds();
  done_before_ = done;
  system_calls_before_ = system_calls;
}

void CostMeter::end(std::uint64_t system_calls, std::uint64_t done, BenchResult& result) {
  result.cpu_seconds_here = own_cpu_seconds() - cpu_before_;
  result.cpu_calls = done - done_before_;
  result.system_calls_here = system_calls - system_calls_before_;
  after_ = ask_usage(node_);
  if (!before_ || !after_) return;
  result.cpu_seconds_there = after_->cpu_seconds - before_->cpu_seconds;
  if (before_->system_calls && after_->system_calls) result.system_calls_there = *after_->system_calls - *before_->system_calls;
}

Outcome<BenchResult> run_plan(const BenchPlan& plan, Atom node, std::optional<Ref> asking) {
  if (plan.kind == BenchKind::connect) return run_connect_plan(plan, node, asking);
  const bool sends = plan.kind == BenchKind::send;
  const bool spawns = plan.kind == BenchKind::spawn;
  Asker asker(asking);
  BenchResult result{.kind = plan.kind,
                     .node = std::string(node.text()),
                     .from = asking ? std::string(runtime().node_name().text()) : std::string(),
                     .server = spawns ? std::string(kBenchSpawned) + "/0" : plan.server,
                     .concurrency = plan.concurrency,
                     .payload_bytes = plan.payload,
                     .cores = plan.cores,
                     .warmup = plan.warmup,
                     .rate = plan.rate,
                     .beside_bytes = plan.beside,
                     .loop = runtime().loop_name(),
                     .spin = runtime().spin_text(),
                     .messages_per_confirmation = sends ? plan.messages_per_confirmation() : 0};
  describe_ends(node, result);
  const auto at_start = ask_usage(node);
  if (sends && (!at_start || !at_start->casts)) {
    return Fault{.code = Errc::unsupported,
                 .where = "",
                 .detail = fmt::format("{} does not count the messages that it gets; it runs an older version", result.node)};
  }
  BenchCallers callers(settings_of(plan, node));
  const auto have_given_up = [&callers] { return callers.have_given_up(); };
  if (auto started = callers.start(); !started) return Fault{.code = Errc::busy, .where = "", .detail = started.error().text()};
  asker.sleep(plan.warmup, have_given_up);

  // Both ends' processor time is read around the stretch, and the calls answered between the two readings counted.
  CostMeter cost(node);
  cost.begin(runtime().system_calls(), callers.calls_answered());
  const TimePoint begun = precise_now();
  const std::uint64_t beside_before = callers.beside_arrived();
  callers.measure();
  asker.sleep(plan.duration, have_given_up);
  result.duration = precise_now() - begun;
  result.beside_arrived = callers.beside_arrived() - beside_before;
  cost.end(runtime().system_calls(), callers.calls_answered(), result);
  if (sends && cost.before() && cost.after()) {
    // What counts is what has arrived, between two moments in which the server said how much that was.
    result.duration = cost.after()->at - cost.before()->at;
    result.arrived = *cost.after()->casts - *cost.before()->casts;
    result.arrived_bytes = cost.after()->cast_bytes - cost.before()->cast_bytes;
    result.cpu_calls = result.arrived;
  }

  asker.let_go();
  callers.finish();
  callers.report(result);
  const auto at_end = ask_usage(node);
  if (at_start && at_end && sends) result.calls_served = *at_end->casts - *at_start->casts;
  if (at_start && at_end && result.kind == BenchKind::call && plan.is_echo()) {
    result.calls_served = at_end->echo_calls - at_start->echo_calls - callers.beside_arrived();
  }
  return result;
}

BenchReport report_of(const BenchResult& result) {
  return {.text = bench_text(result), .json = bench_json(result), .histogram = histogram_text(result.latency), .fault = result.fault()};
}

Outcome<std::optional<OutputFile>> open_histogram(const Arguments& arguments) {
  std::optional<OutputFile> histogram;
  if (const auto path = arguments.get("histogram")) {
    PULPO_TRY(auto file, OutputFile::open("--histogram", *path));
    histogram.emplace(std::move(file));
  }
  return histogram;
}

int finish_bench(Program& program, const Arguments& arguments, const BenchReport& report, std::optional<OutputFile>& histogram) {
  program.print(arguments.has("json") ? report.json : report.text);
  // Behind the result, which a full disk shall not take along.
  if (histogram) {
    if (const auto written = histogram->write(report.histogram); !written) {
      return program.complain(arguments.verb(), written.error());
    }
  }
  if (report.fault.empty()) return kSuccess;
  program.complain(arguments.verb().name, report.fault);
  return kFailed;
}

std::vector<Option> bench_options() {
  return std::vector<Option>{{.name = "histogram", .value = "FILE", .help = "Write all latencies as HdrHistogram does, in microseconds."},
                             json_option()} +
         command_options();
}

}  // namespace pulpo::cli
