// SPDX-License-Identifier: Apache-2.0
//
// What the benches against another node have in common: what that node says of itself, the cost at both ends, the two machines and the
// way between them, and how a result is handed over.
//
//   Threads    Inside a process of the command's node, but finish_bench(): the program's first thread.
//   Suspends   All but finish_bench().
//   Errors     A node that does not tell leaves holes in the result, which are null in JSON.
#pragma once

#include <optional>
#include <string>

#include "arguments.hpp"
#include "bench_callers.hpp"
#include "bench_plan.hpp"
#include "bench_result.hpp"
#include "output_file.hpp"
#include "program.hpp"

namespace pulpo::cli {

inline constexpr Duration kBenchCallTimeout = 5s;  // GenServer.call's (section K)

/// What the other node says of itself (Pulpo.Node).
struct PeerUsage {
  TimePoint at{};  ///< When its answer came.
  double cpu_seconds = 0;
  std::optional<std::uint64_t> system_calls = {};  ///< Older nodes do not tell this, nor what follows.
  std::uint64_t echo_calls = 0;
  std::optional<std::uint64_t> casts = {};
  std::uint64_t cast_bytes = 0;
  BenchEnd end = {};
};
[[nodiscard]] std::optional<PeerUsage> ask_usage(Atom node);

/// Tells `result` of the machines at both ends, of the connection and of a round trip on it. Before the load; there must be a connection.
void describe_ends(Atom node, BenchResult& result);

/// Both ends' processor time and system calls between two moments.
class CostMeter {
 public:
  explicit CostMeter(Atom node) : node_(node) {}
  /// `system_calls` and `done` are this side's counts so far: of calls into the kernel, and of what the cost is shared by.
  void begin(std::uint64_t system_calls, std::uint64_t done);
  void end(std::uint64_t system_calls, std::uint64_t done, BenchResult& result);
  [[nodiscard]] const std::optional<PeerUsage>& before() const noexcept { return before_; }
  [[nodiscard]] const std::optional<PeerUsage>& after() const noexcept { return after_; }

 private:
  Atom node_;
  std::optional<PeerUsage> before_;
  std::optional<PeerUsage> after_;
  double cpu_before_ = 0;
  std::uint64_t system_calls_before_ = 0;
  std::uint64_t done_before_ = 0;
};

/// Carries out `plan` against `node`, to which there is a connection. The error is why the bench could not be made; failed calls are part
/// of the result. It ends early when `asker` is given, a monitor, and tells that whoever wanted to know has gone.
[[nodiscard]] Outcome<BenchResult> run_plan(const BenchPlan& plan, Atom node, std::optional<Ref> asker);

/// How a result is handed over.
struct BenchReport {
  std::string text;
  std::string json;
  std::string histogram;  ///< For --histogram.
  std::string fault;      ///< Empty when the figures are to be trusted.
};
[[nodiscard]] BenchReport report_of(const BenchResult& result);

/// --histogram, opened before the run; nothing when it was not given.
[[nodiscard]] Outcome<std::optional<OutputFile>> open_histogram(const Arguments& arguments);
/// Prints the result and writes the histogram. The exit status: whether the figures are to be trusted.
[[nodiscard]] int finish_bench(Program& program, const Arguments& arguments, const BenchReport& report,
                               std::optional<OutputFile>& histogram);

/// --histogram, --json and what all commands have.
[[nodiscard]] std::vector<Option> bench_options();

}  // namespace pulpo::cli
