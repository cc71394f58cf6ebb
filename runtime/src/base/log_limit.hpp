// SPDX-License-Identifier: Apache-2.0
//
// BurstLimit: which entries of a log that runs over are left out, and what is said of them.
//
// An entry has a kind: where in the sources it comes from, and the registered name of who logs. A window begins with a kind's first entry;
// in it the first RateLimit::lines are let through, and the others counted. Once it is over, one line says how many there were.
//
//   Bounds     kKinds kinds; the one whose window began first makes room.
//   Threads    One at a time: the log's lock.
//   Cost       A look at each kind, some 200 ns: less than the system call that an entry costs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "pulpo/log.hpp"

namespace pulpo::log {

/// What numbers and names differ in does not make another kind: "Process #PID<0.7.1> raised an exception".
[[nodiscard]] std::uint64_t kind_of(std::string_view text, std::string_view name) noexcept;

class BurstLimit {
 public:
  using Clock = std::chrono::steady_clock;
  struct Summary {
    Level level;
    std::uint64_t lines;
    std::string message;  ///< Whole, to be logged.
  };

  void set(const RateLimit& limit) noexcept { limit_ = limit; }
  /// What is to be said at this time of windows that are over; `all`: of every window.
  [[nodiscard]] std::vector<Summary> due(Clock::time_point now, bool all = false);
  /// Whether this entry is written.
  [[nodiscard]] bool admit(std::uint64_t kind, const Entry& entry, Clock::time_point now);

 private:
  // 64 kinds at once go wrong on no board that can be helped by reading on; 8 KiB.
  static constexpr std::size_t kKinds = 64;
  static constexpr std::size_t kSampleBytes = 80;
  struct Window {
    std::uint64_t kind = 0;
    Clock::time_point start{};
    std::uint32_t lines = 0;  ///< Let through; 0: nothing is here.
    std::uint64_t suppressed = 0;
    Level level = Level::debug;  ///< The highest that was suppressed.
    std::string sample = {};     ///< The first line of the last one.
  };
  [[nodiscard]] bool is_over(const Window& window, Clock::time_point now) const noexcept;
  [[nodiscard]] Summary summary_of(const Window& window) const;

  RateLimit limit_;
  std::array<Window, kKinds> windows_;
  Window of_all_;
  std::vector<Summary> of_evicted_;
};

}  // namespace pulpo::log
