// SPDX-License-Identifier: Apache-2.0
//
// BenchPlan: what a bench against another node has to do. From a command line, or in a request of another node (`--from`), as a map:
//
//   %{kind: :call, concurrency: 64, duration_us: 5000000, warmup_us: 1000000}     // the others keep what a fresh plan has
//
//   Threads    Any; plain data.
//   Errors     Wrong usage that names the key and what to write instead.
#pragma once

#include <cstdint>
#include <string>

#include "bench_result.hpp"
#include "pulpo/error.hpp"
#include "pulpo/term.hpp"
#include "rpc_text.hpp"

namespace pulpo::cli {

inline constexpr std::uint64_t kPayloadMax = (256u << 20) - 1024;  // what a message may have, less what is around it
inline constexpr std::uint64_t kBesideMax = 64'000'000;            // below the 64 MiB of a mailbox, where calls wait as well
inline constexpr std::uint64_t kBenchCallersMax = 1'000'000;       // below the limit of processes of one core
inline constexpr std::uint64_t kBenchRateMax = 10'000'000;         // more than raw sockets of this shape carry
inline constexpr std::uint64_t kBenchCoresMax = 64;
inline constexpr std::uint64_t kBenchDiallersMax = 32;  // more half-open ones from one address a node turns away
inline constexpr Duration kBenchDurationMin = 10ms;
inline constexpr Duration kBenchDurationMax = 24h;
inline constexpr Duration kBenchWarmupMax = 1h;

struct BenchPlan {
  BenchKind kind = BenchKind::call;   ///< What is counted.
  std::string server = "Pulpo.Echo";  ///< call: as Elixir writes it.
  std::string request = {};           ///< call: an Elixir term; empty: the payload, or :ping.
  std::uint64_t concurrency = 64;
  std::uint64_t payload = 0;
  std::uint64_t cores = 1;   ///< Of the side that measures.
  std::uint64_t rate = 0;    ///< call: 0: none was asked for.
  std::uint64_t beside = 0;  ///< call: binaries of that size pass meanwhile; 0: none.
  Duration warmup = 1s;
  Duration duration = 5s;

  [[nodiscard]] bool is_echo() const noexcept { return request.empty(); }
  /// send: how many messages a sender has under way before it hears that they have arrived.
  [[nodiscard]] std::uint64_t messages_per_confirmation() const noexcept;
};

/// What no limit of a single number says: names, terms, and that what is under way fits into a mailbox.
[[nodiscard]] Outcome<void> check_bench_plan(const BenchPlan& plan);

[[nodiscard]] Term bench_plan_term(const BenchPlan& plan);
/// Checked as a command line is. A key that is not known is refused: it asks for what would not be measured.
[[nodiscard]] Outcome<BenchPlan> read_bench_plan(const Term& options);

/// Why Pulpo.Bench.run of `node` has no value, in one line.
[[nodiscard]] std::string bench_failure_text(const Error& error, const RpcCall& call, std::string_view node, Timeout timeout);

}  // namespace pulpo::cli
