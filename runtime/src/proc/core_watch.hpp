// SPDX-License-Identifier: Apache-2.0
//
// CoreWatch: what a core tells of itself while it runs, so that somebody else can see that it stands still, and for how long what is
// runnable waits for its turn.
//
// Who is last in the run queue at the beginning of a slice is a sample: how long until it is activated? One at a time, so a core with a
// long queue takes few.
//
//   Threads    The core's; what is called on any thread is said.
//   Cost       A few stores an activation, to one cache line; a clock read a sample.
#pragma once

#include <atomic>
#include <cstdint>

#include "proc/stall_probe.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class alignas(64) CoreWatch {
 public:
  /// A process gets the core. True when it is the sample: call take_sample().
  [[nodiscard]] bool activates(std::uint32_t slot, std::uint32_t serial) noexcept {
    slot_.store(slot, std::memory_order_relaxed);
    serial_.store(serial, std::memory_order_relaxed);
    const std::uint32_t number = activations_.load(std::memory_order_relaxed) + 1;
    activations_.store(number, std::memory_order_relaxed);
    return number == sample_ && sampling_;
  }
  /// Who is in the run queue now: what joined it and had no turn yet.
  [[nodiscard]] std::uint32_t runnable() const noexcept { return queued_ - activations_.load(std::memory_order_relaxed); }
  /// A process joins the run queue.
  void queued() noexcept { ++queued_; }
  /// A slice is over; what follows is the core's own work.
  void ends_slice() noexcept {
    serial_.store(0, std::memory_order_relaxed);
    slices_.store(slices_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void take_sample(TimePoint now) noexcept {
    sampling_ = false;
    record(now - since_);
  }
  void begin_slice(TimePoint now, bool has_queue) noexcept {
    if (sampling_ || !has_queue) return;
    sampling_ = true;
    sample_ = queued_;
    since_ = now;
  }
  void falls_asleep() noexcept { awake_.store(false, std::memory_order_release); }
  /// Against Watchdog: it says that it sleeps and then looks whether a core is awake.
  void wakes_up() noexcept { awake_.store(true, std::memory_order_seq_cst); }

  // --- Any thread -------------------------------------------------------------------------------------------
  /// What stands still while the core is in one activation, or in one piece of its own work.
  [[nodiscard]] std::uint64_t progress() const noexcept {
    return std::uint64_t{slices_.load(std::memory_order_relaxed)} << 32 | activations_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_awake() const noexcept { return awake_.load(std::memory_order_seq_cst); }
  /// Who runs: slot and serial; no serial: nobody.
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t serial() const noexcept { return serial_.load(std::memory_order_relaxed); }
  [[nodiscard]] CoreStats stats() const noexcept;
  void count_stall() noexcept { stalls_.fetch_add(1, std::memory_order_relaxed); }

  StallProbe probe;  ///< Where the core's thread leaves what it is doing when it is asked.

 private:
  void record(Duration delay) noexcept;

  std::atomic<std::uint32_t> activations_{0};
  std::atomic<std::uint32_t> slices_{0};
  std::atomic<std::uint32_t> slot_{0};
  std::atomic<std::uint32_t> serial_{0};
  std::uint32_t queued_ = 0;
  std::uint32_t sample_ = 0;  ///< The number of the activation that ends it.
  bool sampling_ = false;
  std::atomic<bool> awake_{true};
  TimePoint since_{};
  std::atomic<std::uint64_t> delays_{0};
  std::atomic<std::int64_t> delay_sum_{0};
  std::atomic<std::int64_t> delay_max_{0};
  std::atomic<std::uint64_t> stalls_{0};
};

}  // namespace pulpo
