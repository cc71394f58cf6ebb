// SPDX-License-Identifier: Apache-2.0
//
// BenchResult: what `bench call`, `bench send`, `bench spawn` or `bench connect` measured, and how it is told to people and to machines.
//
//   Threads    Any; plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.hpp"
#include "pulpo/time.hpp"

namespace pulpo::cli {

/// What is counted; each latency is of one of these, or for send of one confirmation.
enum class BenchKind : std::uint8_t {
  call,     ///< A request and its reply.
  send,     ///< A message one way; what has arrived counts.
  spawn,    ///< A process that is started there, until its end is known here.
  connect,  ///< A connection, from the dial to the proof of both sides.
};

/// One end of the measured way. Empty texts are what it does not tell.
struct BenchEnd {
  std::string machine = {};
  std::string kernel = {};
  std::string loop = {};
};

struct BenchResult {
  BenchKind kind = BenchKind::call;
  // What was asked for.
  std::string node;
  std::string from = {};  ///< The node that measures; empty: this program.
  std::string server;
  std::uint64_t concurrency = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t cores = 1;  ///< On this side.
  Duration warmup{};
  std::uint64_t rate = 0;                       ///< Calls a second that were to leave; 0: each caller calls when its last call has ended.
  std::uint64_t beside_bytes = 0;               ///< call: of each binary that passed meanwhile; 0: none did.
  std::string loop;                             ///< On this side.
  std::string spin;                             ///< On this side: "off", "adaptive" or "50us".
  bool sealed = false;                          ///< Were the connection's records sealed?
  std::uint64_t messages_per_confirmation = 0;  ///< send: how many a sender sends before it waits for them to have arrived.

  // What was measured on.
  BenchEnd here = {};
  BenchEnd there = {};
  std::optional<Duration> round_trip = {};  ///< Of one call at a time before the load, the median of some.

  // What came out. Only calls that began after the warm-up count, unless said otherwise.
  Duration duration{};
  Histogram latency{};                                             ///< In nanoseconds, of calls that were answered rightly.
  std::vector<std::pair<std::string, std::uint64_t>> errors = {};  ///< Calls that failed, by kind; warm-up included.
  std::uint64_t calls_due = 0;       ///< With a rate: calls that were to leave in this stretch, whether or not they did.
  std::uint64_t arrived = 0;         ///< send: messages that the server has counted over the stretch, and …
  std::uint64_t arrived_bytes = 0;   ///< … their payload.
  std::uint64_t beside_arrived = 0;  ///< Of those binaries, over the stretch.
  std::uint64_t turned_away = 0;     ///< connect: by the other node's limits for peers that have not proved themselves; tried again.
  // Processor time of both ends over the same stretch, and the calls that were answered in it.
  std::uint64_t cpu_calls = 0;
  double cpu_seconds_here = 0;
  std::optional<double> cpu_seconds_there = {};
  std::uint64_t system_calls_here = 0;  ///< Of the loops, over the same stretch.
  std::optional<std::uint64_t> system_calls_there = {};
  // All calls of this run, as counted on both ends; the server's is absent when it does not tell.
  std::uint64_t calls_made = 0;
  std::optional<std::uint64_t> calls_served = {};

  /// How many calls, messages, processes or connections the figure is of.
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] double per_second() const;
  [[nodiscard]] double bytes_per_second() const;
  [[nodiscard]] double beside_bytes_per_second() const;
  [[nodiscard]] std::uint64_t errors_count() const;
  /// Both ends; this side's alone when the other does not tell.
  [[nodiscard]] double cpu_seconds_per_million() const;
  /// Both ends; this side's alone when the other does not tell.
  [[nodiscard]] double system_calls_per_call() const;
  /// At least 99 % of the calls that were to leave left and were answered; true without a rate.
  [[nodiscard]] bool rate_was_held() const;
  /// "2 timeout, 1 no process", or "none".
  [[nodiscard]] std::string errors_text() const;
  /// Why these figures are not to be trusted, or an empty text.
  [[nodiscard]] std::string fault() const;
};

/// Some lines for a person.
[[nodiscard]] std::string bench_text(const BenchResult& result);
/// One object; scripts rely on its keys (architecture.md, section 4).
[[nodiscard]] std::string bench_json(const BenchResult& result);

}  // namespace pulpo::cli
