// SPDX-License-Identifier: Apache-2.0
//
// Waker: the eventfd by which other threads end a loop's sleep.
//
// Both loops use it. MSG_RING would save the uring loop nothing: waking a sleeper took 29-35 µs with it and
// 30-34 µs with an eventfd, since the halt of the CPU is the price, and it can only be sent from a ring.
//
//   Order      A wake() that returned before notice() counts for the sleep that notice() ends.
//   Threads    wake(): any. The rest: the loop's.
//   Cost       wake(): one write(2), or one atomic exchange while an earlier wake is still unnoticed.
#pragma once

#include <atomic>
#include <cstdint>

#include "pulpo/result.hpp"

namespace pulpo::io {

class Waker {
 public:
  /// An eventfd for the constructor, or a Fault.
  [[nodiscard]] static Outcome<int> open();
  explicit Waker(int descriptor) noexcept : descriptor_(descriptor) {}
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake() noexcept;
  /// How often wake() entered the kernel. Any thread.
  [[nodiscard]] std::uint64_t writes() const noexcept { return writes_.load(std::memory_order_relaxed); }
  /// Becomes readable anew with each write; never read, since both loops watch for the edge.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The edge was seen.
  void arrived() noexcept { arrived_ = true; }
  /// A wake is waiting to be noticed: do not sleep.
  [[nodiscard]] bool is_waiting() const noexcept { return arrived_; }
  /// The sleep ends because of it: the next wake() writes again.
  void notice() noexcept {
    arrived_ = false;
    woken_.store(false, std::memory_order_seq_cst);
  }

 private:
  int descriptor_;
  bool arrived_ = false;
  std::atomic<bool> woken_{false};
  std::atomic<std::uint64_t> writes_{0};
};

}  // namespace pulpo::io
