// SPDX-License-Identifier: Apache-2.0
#include "bench_result.hpp"

#include <fmt/format.h>

#include "json.hpp"

namespace pulpo::cli {
namespace {

/// What the lines and keys of a kind are called.
struct Words {
  const char* bench;
  const char* one;
  const char* many;
  const char* actor;    ///< Of which there are as many as --concurrency.
  const char* made;     ///< What this side did with them.
  const char* served;   ///< What the server did.
  const char* nothing;  ///< That there was none.
};
const Words& words_of(BenchKind kind) {
  static constexpr Words kCall{"call", "call", "calls", "caller", "made", "served", "no call was answered while it measured"};
  static constexpr Words kSend{"send", "message", "messages", "sender", "sent", "arrived", "no message arrived while it measured"};
  static constexpr Words kSpawn{"spawn", "spawn", "spawns", "spawner", "made", "served", "no process was started while it measured"};
  static constexpr Words kConnect{
      "connect", "connect", "connects", "dialler", "made", "accepted", "no connection was made while it measured"};
  switch (kind) {
    case BenchKind::send:
      return kSend;
    case BenchKind::spawn:
      return kSpawn;
    case BenchKind::connect:
      return kConnect;
    default:
      return kCall;
  }
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

double per_million(double value, std::uint64_t calls) { return calls == 0 ? 0 : value * 1e6 / static_cast<double>(calls); }

void add_end(JsonObject& object, std::string_view which, const BenchEnd& end) {
  const std::pair<std::string_view, const std::string&> members[] = {{"machine", end.machine}, {"kernel", end.kernel}, {"loop", end.loop}};
  JsonObject told;
  for (const auto& [key, text] : members) text.empty() ? told.add_raw(key, "null") : told.add(key, text);
  object.add(which, told);
}

std::string end_text(const BenchEnd& end) {
  if (end.machine.empty()) return "does not tell";
  return fmt::format("{}, {}, {}", end.machine, end.kernel, end.loop);
}

}  // namespace

std::uint64_t BenchResult::count() const { return kind == BenchKind::send ? arrived : latency.count(); }

double BenchResult::per_second() const { return duration <= Duration::zero() ? 0 : static_cast<double>(count()) / seconds(duration); }

double BenchResult::bytes_per_second() const {
  return duration <= Duration::zero() ? 0 : static_cast<double>(arrived_bytes) / seconds(duration);
}

double BenchResult::beside_bytes_per_second() const {
  return duration <= Duration::zero() ? 0 : static_cast<double>(beside_arrived) * static_cast<double>(beside_bytes) / seconds(duration);
}

std::uint64_t BenchResult::errors_count() const {
  std::uint64_t all = 0;
  for (const auto& [name, times] : errors) all += times;
  return all;
}

double BenchResult::cpu_seconds_per_million() const { return per_million(cpu_seconds_here + cpu_seconds_there.value_or(0), cpu_calls); }

double BenchResult::system_calls_per_call() const {
  return per_million(static_cast<double>(system_calls_here + system_calls_there.value_or(0)), cpu_calls) / 1e6;
}

bool BenchResult::rate_was_held() const { return latency.count() * 100 >= calls_due * 99; }

std::string BenchResult::errors_text() const {
  std::string text;
  for (const auto& [name, times] : errors) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", times, name);
  return text.empty() ? "none" : text;
}

std::string BenchResult::fault() const {
  const Words& words = words_of(kind);
  if (errors_count() > 0) return fmt::format("{} failed: {}", words.many, errors_text());
  if (count() == 0) return fmt::format("{}; give it a longer --duration", words.nothing);
  if (calls_served && *calls_served != calls_made) {
    return fmt::format("the server counted {} {}, but {} were {}; does something else {} it?", *calls_served, words.many, calls_made,
                       words.made, kind == BenchKind::send ? "send to" : "call");
  }
  return {};
}

std::string bench_text(const BenchResult& result) {
  const Words& words = words_of(result.kind);
  std::string text = fmt::format("{} on {}{}: {} {}{}, {:g} s after {:g} s of warm-up, loop {}, spin {}, {} {}, {}", result.server,
                                 result.node, result.from.empty() ? "" : " from " + result.from, result.concurrency, words.actor,
                                 result.concurrency == 1 ? "" : "s", seconds(result.duration), seconds(result.warmup), result.loop,
                                 result.spin, result.cores, result.cores == 1 ? "core" : "cores", result.sealed ? "sealed" : "not sealed");
  if (result.kind == BenchKind::call || result.kind == BenchKind::send) text += fmt::format(", payload {} bytes", result.payload_bytes);
  text += fmt::format("\n  {}/s  {:L}", words.many, static_cast<std::uint64_t>(result.per_second()));
  if (result.kind == BenchKind::send) text += fmt::format(" have arrived, {:.1f} MB/s of payload", result.bytes_per_second() / 1e6);
  text += '\n';
  if (result.rate != 0) {
    text += fmt::format("  rate     {:L} calls/s asked for, {}; latency counts from when a call had to leave\n", result.rate,
                        result.rate_was_held() ? "held"
                                               : fmt::format("NOT HELD: {:L} of {:L} calls that were due have been answered",
                                                             result.latency.count(), result.calls_due));
  }
  text += fmt::format("  latency  p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f} us",
                      microseconds(result.latency.percentile(0.5)), microseconds(result.latency.percentile(0.9)),
                      microseconds(result.latency.percentile(0.99)), microseconds(result.latency.percentile(0.999)),
                      microseconds(result.latency.largest()));
  if (result.kind == BenchKind::send) text += fmt::format(", until {} were confirmed", result.messages_per_confirmation);
  text += '\n';
  if (result.beside_bytes > 0) {
    text += fmt::format("  beside   binaries of {:L} bytes, {:.1f} MB/s; processor time and system calls are of both\n",
                        result.beside_bytes, result.beside_bytes_per_second() / 1e6);
  }
  if (result.cpu_seconds_there) {
    text += fmt::format("  cpu      {:.2f} s per million {} ({:.2f} here, {:.2f} there)\n", result.cpu_seconds_per_million(), words.many,
                        per_million(result.cpu_seconds_here, result.cpu_calls), per_million(*result.cpu_seconds_there, result.cpu_calls));
  } else {
    text +=
        fmt::format("  cpu      {:.2f} s per million {} here; the other end does not tell\n", result.cpu_seconds_per_million(), words.many);
  }
  text += fmt::format("  kernel   {:.2f} system calls a {}{}\n", result.system_calls_per_call(), words.one,
                      result.system_calls_there ? ", both ends" : " here; the other end does not tell");
  text += fmt::format("  here     {}\n  there    {}\n", end_text(result.here), end_text(result.there));
  if (result.round_trip) text += fmt::format("  way      {:.1f} us there and back without load\n", seconds(*result.round_trip) * 1e6);
  if (result.turned_away > 0) {
    text += fmt::format("  limits   turned away {:L} times by what that node allows peers it does not know yet; see doctor there\n",
                        result.turned_away);
  }
  text += fmt::format("  errors   {}\n", result.errors_text());
  return text;
}

std::string bench_json(const BenchResult& result) {
  const Words& words = words_of(result.kind);
  JsonObject kinds;
  for (const auto& [kind, times] : result.errors) kinds.add(kind, times);
  JsonObject object;
  object.add("bench", words.bench).add("node", result.node);
  if (result.from.empty()) {
    object.add_raw("from", "null");
  } else {
    object.add("from", result.from);
  }
  if (result.kind != BenchKind::connect) object.add("server", result.server);
  object.add(fmt::format("{}_per_second", words.many), result.per_second(), 1).add(words.many, result.count());
  if (result.kind == BenchKind::send) {
    object.add("bytes_per_second", result.bytes_per_second(), 1)
        .add("bytes", result.arrived_bytes)
        .add("messages_per_confirmation", result.messages_per_confirmation);
  }
  object.add("duration_s", seconds(result.duration), 3)
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
  object.add(fmt::format("system_calls_per_{}", words.one), result.system_calls_per_call(), 4)
      .add(fmt::format("{}_{}", words.many, words.made), result.calls_made);
  if (result.kind == BenchKind::connect) {
    object.add("turned_away", result.turned_away);
  } else if (result.kind == BenchKind::spawn) {
    // Nobody there counts them.
  } else if (result.calls_served) {
    object.add(fmt::format("{}_{}", words.many, words.served), *result.calls_served);
  } else {
    object.add_raw(fmt::format("{}_{}", words.many, words.served), "null");
  }
  if (result.rate != 0) {
    object.add("rate", result.rate).add("rate_held", result.rate_was_held()).add("calls_due", result.calls_due);
  } else if (result.kind == BenchKind::call) {
    object.add_raw("rate", "null").add_raw("rate_held", "null").add_raw("calls_due", "null");
  }
  if (result.beside_bytes > 0) {
    object.add("beside_bytes", result.beside_bytes).add("beside_bytes_per_second", result.beside_bytes_per_second(), 1);
  } else if (result.kind == BenchKind::call) {
    object.add_raw("beside_bytes", "null").add_raw("beside_bytes_per_second", "null");
  }
  object.add("concurrency", result.concurrency)
      .add("payload_bytes", result.payload_bytes)
      .add("spin", result.spin)
      .add("sealed", result.sealed)
      .add("loop", result.loop)
      .add("cores", result.cores);
  if (result.round_trip) {
    object.add("round_trip_us", seconds(*result.round_trip) * 1e6, 3);
  } else {
    object.add_raw("round_trip_us", "null");
  }
  add_end(object, "here", result.here);
  add_end(object, "there", result.there);
  return object.text() + "\n";
}

}  // namespace pulpo::cli
