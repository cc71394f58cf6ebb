// SPDX-License-Identifier: Apache-2.0
#include "bench_result.hpp"

#include <fmt/format.h>

#include "json.hpp"

namespace pulpo::cli {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

double per_million(double value, std::uint64_t calls) { return calls == 0 ? 0 : value * 1e6 / static_cast<double>(calls); }

}  // namespace

double BenchResult::calls_per_second() const {
  return duration <= Duration::zero() ? 0 : static_cast<double>(latency.count()) / seconds(duration);
}

std::uint64_t BenchResult::errors_count() const {
  std::uint64_t count = 0;
  for (const auto& [kind, times] : errors) count += times;
  return count;
}

double BenchResult::cpu_seconds_per_million() const { return per_million(cpu_seconds_here + cpu_seconds_there.value_or(0), cpu_calls); }

double BenchResult::system_calls_per_call() const {
  return per_million(static_cast<double>(system_calls_here + system_calls_there.value_or(0)), cpu_calls) / 1e6;
}

bool BenchResult::rate_was_held() const { return latency.count() * 100 >= calls_due * 99; }

std::string BenchResult::errors_text() const {
  std::string text;
  for (const auto& [kind, times] : errors) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", times, kind);
  return text.empty() ? "none" : text;
}

std::string BenchResult::fault() const {
  if (errors_count() > 0) return fmt::format("calls failed: {}", errors_text());
  if (latency.count() == 0) return "no call was answered while it measured; give it a longer --duration";
  if (calls_served && *calls_served != calls_made) {
    return fmt::format("the server counted {} calls, but {} were made; does something else call it?", *calls_served, calls_made);
  }
  return {};
}

std::string bench_text(const BenchResult& result) {
  std::string text = fmt::format("{} on {}: {} {}, {:g} s after {:g} s of warm-up, loop {}, spin {}, {} {}, {}, payload {} bytes\n",
                                 result.server, result.node, result.concurrency, result.concurrency == 1 ? "caller" : "callers",
                                 seconds(result.duration), seconds(result.warmup), result.loop, result.spin, result.cores,
                                 result.cores == 1 ? "core" : "cores", result.sealed ? "sealed" : "not sealed", result.payload_bytes);
  text += fmt::format("  calls/s  {:L}\n", static_cast<std::uint64_t>(result.calls_per_second()));
  if (result.rate != 0) {
    text += fmt::format("  rate     {:L} calls/s asked for, {}; latency counts from when a call had to leave\n", result.rate,
                        result.rate_was_held() ? "held"
                                               : fmt::format("NOT HELD: {:L} of {:L} calls that were due have been answered",
                                                             result.latency.count(), result.calls_due));
  }
  text += fmt::format("  latency  p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f} us\n",
                      microseconds(result.latency.percentile(0.5)), microseconds(result.latency.percentile(0.9)),
                      microseconds(result.latency.percentile(0.99)), microseconds(result.latency.percentile(0.999)),
                      microseconds(result.latency.largest()));
  if (result.cpu_seconds_there) {
    text += fmt::format("  cpu      {:.2f} s per million calls ({:.2f} here, {:.2f} there)\n", result.cpu_seconds_per_million(),
                        per_million(result.cpu_seconds_here, result.cpu_calls), per_million(*result.cpu_seconds_there, result.cpu_calls));
  } else {
    text += fmt::format("  cpu      {:.2f} s per million calls here; the other end does not tell\n", result.cpu_seconds_per_million());
  }
  text += fmt::format("  kernel   {:.2f} system calls a call{}\n", result.system_calls_per_call(),
                      result.system_calls_there ? ", both ends" : " here; the other end does not tell");
  text += fmt::format("  errors   {}\n", result.errors_text());
  return text;
}

std::string bench_json(const BenchResult& result) {
  JsonObject kinds;
  for (const auto& [kind, times] : result.errors) kinds.add(kind, times);
  JsonObject object;
  object.add("bench", "call")
      .add("node", result.node)
      .add("server", result.server)
      .add("calls_per_second", result.calls_per_second(), 1)
      .add("calls", result.latency.count())
      .add("duration_s", seconds(result.duration), 3)
      .add("warmup_s", seconds(result.warmup), 3)
      .add("mean_us", result.latency.mean() / 1000, 3)
      .add("p50_us", microseconds(result.latency.percentile(0.5)), 3)
      .add("p90_us", microseconds(result.latency.percentile(0.9)), 3)
      .add("p99_us", microseconds(result.latency.percentile(0.99)), 3)
      .add("p999_us", microseconds(result.latency.percentile(0.999)), 3)
      .add("max_us", microseconds(result.latency.largest()), 3)
      .add("errors", result.errors_count())
      .add("errors_by_kind", kinds)
      .add("cpu_seconds_per_million", result.cpu_seconds_per_million(), 4)
      .add("cpu_seconds_per_million_here", per_million(result.cpu_seconds_here, result.cpu_calls), 4);
  if (result.cpu_seconds_there) {
    object.add("cpu_seconds_per_million_there", per_million(*result.cpu_seconds_there, result.cpu_calls), 4);
  } else {
    object.add_raw("cpu_seconds_per_million_there", "null");
  }
  object.add("system_calls_per_call", result.system_calls_per_call(), 4).add("calls_made", result.calls_made);
  if (result.calls_served) {
    object.add("calls_served", *result.calls_served);
  } else {
    object.add_raw("calls_served", "null");
  }
  if (result.rate != 0) {
    object.add("rate", result.rate).add("rate_held", result.rate_was_held()).add("calls_due", result.calls_due);
  } else {
    object.add_raw("rate", "null").add_raw("rate_held", "null").add_raw("calls_due", "null");
  }
  object.add("concurrency", result.concurrency)
      .add("payload_bytes", result.payload_bytes)
      .add("spin", result.spin)
      .add("sealed", result.sealed)
      .add("loop", result.loop)
      .add("cores", result.cores);
  return object.text() + "\n";
}

}  // namespace pulpo::cli
