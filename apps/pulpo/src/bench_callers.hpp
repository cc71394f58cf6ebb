// SPDX-License-Identifier: Apache-2.0
//
// BenchCallers: many processes that do nothing but call one server and look at the reply.
//
//   Order      Warm-up, then measuring, then stopped; only forward.
//   Threads    Made, moved on and asked inside one process (the bench's own). Callers run on any core and write
//              to their core's tally alone; what the bench reads while they run are plain counters.
//   Suspends   start(), finish().
//   Bounds     A tally a core (250 KiB), whatever the number of callers.
//   Cost       A call is counted and its latency recorded for one clock read and three increments (some 40 ns).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench_result.hpp"
#include "pulpo/process.hpp"

namespace pulpo::cli {

class BenchCallers {
 public:
  struct Settings {
    Address server;
    std::uint64_t callers = 1;
    unsigned cores = 1;
    Timeout timeout = Timeout(5s);
    /// Makes the request. Called once on each core, so that no two cores count references to one block.
    std::function<Term()> request;
    bool is_echo = true;  ///< The reply must equal the request; else the first reply that the core got.
  };

  explicit BenchCallers(Settings settings);
  ~BenchCallers();

  /// Spawns them all, calling already.
  [[nodiscard]] Result<void> start();
  /// From now on latencies are recorded, of calls that begin from now on.
  void measure() noexcept;
  /// No more calls begin. Waits for those under way.
  void finish();
  /// True when all callers have given up (the server or its node is gone).
  [[nodiscard]] bool have_given_up() const noexcept;

  [[nodiscard]] std::uint64_t calls_made() const noexcept;      ///< Begun so far.
  [[nodiscard]] std::uint64_t calls_answered() const noexcept;  ///< Answered rightly so far.
  /// Latencies and errors, after finish().
  void report(BenchResult& result) const;

 private:
  struct Tally;
  struct Shared;
  static void run_caller(Shared& shared, Tally& tally);
  std::shared_ptr<Shared> shared_;
  std::vector<Ref> monitors_;
};

}  // namespace pulpo::cli
