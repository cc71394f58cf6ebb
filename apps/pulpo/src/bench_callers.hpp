// SPDX-License-Identifier: Apache-2.0
//
// BenchCallers: many processes that do nothing but call one server and look at the reply.
//
// What a call is can be said: a request to a server, or a process that is started elsewhere and ends; whatever has a reply.
// They may send messages too, and call to hear that those have arrived. Without a rate each calls again as soon as its last call has ended.
// With one, calls leave by a schedule: on each core a pacer hands the next call to a caller that is idle, when it is due. When none is, the
// call waits for one, and that wait is part of its latency.
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
#include <optional>
#include <string>
#include <vector>

#include "bench_result.hpp"
#include "pulpo/process.hpp"

namespace pulpo::cli {

class BenchCallers {
 public:
  struct Settings {
    std::optional<Address> server = {};  ///< Absent where `perform` knows better.
    /// What is called; one that asks `server` when absent. From processes of all cores at once.
    std::function<Result<Term>(const Term& request)> perform = {};
    std::uint64_t callers = 1;
    unsigned cores = 1;
    std::uint64_t rate = 0;  ///< Calls a second of all callers together; 0: as many as they can.
    Timeout timeout = Timeout(5s);
    /// Makes the request. Called once on each core, so that no two cores count references to one block.
    std::function<Term()> request;
    bool is_echo = true;  ///< The reply must equal the request; else the first reply that the core got.
    /// With some, that many casts of `message` leave before each call, which is then their confirmation: it is answered when they have
    /// been handled, and its latency is recorded. No rate then.
    std::uint64_t messages_per_call = 0;
    std::function<Term()> message = {};  ///< As `request`.
    /// With one, a process of its own casts it to `beside_server`, and the next when that has been handled: what large messages do to
    /// calls.
    std::function<Term()> beside = {};
    std::optional<Address> beside_server = {};
  };

  explicit BenchCallers(Settings settings);
  ~BenchCallers();

  /// Spawns them all, calling already.
  [[nodiscard]] Result<void> start();
  /// From now on latencies are recorded, of calls that begin, or with a rate: are due, from now on.
  void measure();
  /// No more calls begin. Waits for those under way.
  void finish();
  /// True when all callers have given up (the server or its node is gone).
  [[nodiscard]] bool have_given_up() const noexcept;

  [[nodiscard]] std::uint64_t calls_made() const noexcept;      ///< Begun so far.
  [[nodiscard]] std::uint64_t calls_answered() const noexcept;  ///< Answered rightly so far.
  [[nodiscard]] std::uint64_t messages_sent() const noexcept;   ///< So far.
  [[nodiscard]] std::uint64_t beside_arrived() const noexcept;  ///< Messages beside the calls that were handled so far; each took a call.
  /// Latencies and errors, after finish().
  void report(BenchResult& result) const;

 private:
  struct Tally;
  struct Shared;
  static void run_caller(Shared& shared, Tally& tally);
  static void run_paced_caller(Shared& shared, Tally& tally);
  static void drop_warmup_calls(Shared& shared, Tally& tally);
  static void run_pacer(Shared& shared, Tally& tally);
  static void run_beside(Shared& shared, Tally& tally);
  [[nodiscard]] static std::optional<TimePoint> call_once(Shared& shared, Tally& tally, TimePoint due, bool measured);
  [[nodiscard]] Result<void> start_one(unsigned core, void (*run)(Shared&, Tally&));
  std::shared_ptr<Shared> shared_;
  std::vector<Ref> monitors_;
};

}  // namespace pulpo::cli
