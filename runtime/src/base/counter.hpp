// SPDX-License-Identifier: Apache-2.0
//
// Counter: a number that one thread counts up and any thread reads.
//
//   Threads    increment(): one. get(): any.
//   Cost       A load and a store; no locked instruction, so that it may stand in a hot loop.
#pragma once

#include <atomic>
#include <cstdint>

namespace pulpo {

class Counter {
 public:
  void increment() noexcept { value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace pulpo
