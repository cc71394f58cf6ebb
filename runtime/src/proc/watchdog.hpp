// SPDX-License-Identifier: Apache-2.0
//
// Watchdog: names a process that holds its core too long (D11).
//
// One thread a runtime. While some core is awake it looks at all of them four times in the limit; when none is it sleeps until one wakes,
// so that an idle node makes no wake-ups, and a busy one pays for one wake an interval. A core that made no step since it was first seen
// in its present one, for as long as the limit, is reported; again when it has held on twice as long, four times …; and once more when it
// is over.
//
//   Threads    The constructor and destructor: that of Runtime. core_wakes(): the cores'.
//   Bounds     The pauses between two reports of one stall grow to 10 minutes.
//   Errors     What the thread does not answer is left out of the report.
//   Cost       Per wake of a core two accesses in a fixed order, some 5 ns.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pulpo/runtime.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class Core;

class Watchdog {
 public:
  /// `cores` stay while it lives. With options.backtrace the cores' threads have a SignalStack.
  Watchdog(Runtime& runtime, const WatchdogOptions& options, std::vector<Core*> cores);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  /// After CoreWatch::wakes_up().
  void core_wakes() noexcept {
    if (sleeping_.load(std::memory_order_seq_cst)) rouse();
  }

 private:
  struct Seen {
    std::uint64_t progress = 0;
    TimePoint since{};        ///< When that was first seen.
    Duration report_after{};  ///< The next report.
    bool reported = false;
    std::string who;  ///< As reported.
  };
  void rouse() noexcept;
  void run();
  [[nodiscard]] bool is_a_core_awake() const noexcept;
  void look(Core& core, Seen& seen);
  void report(Core& core, Seen& seen, Duration held);

  Runtime& runtime_;
  const WatchdogOptions options_;
  const std::vector<Core*> cores_;
  std::vector<Seen> seen_;
  bool probes_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> sleeping_{false};
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace pulpo
