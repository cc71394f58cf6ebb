// SPDX-License-Identifier: Apache-2.0
//
// RestartWindow: how many restarts a supervisor has made lately (SUP-6).
//
//   Threads    Its supervisor's process.
//   Bounds     An entry for each second of the period, however many restarts there are.
//   Cost       A restart: no more than the seconds that have passed since the last.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "pulpo/time.hpp"

namespace pulpo {

class RestartWindow {
 public:
  RestartWindow(unsigned intensity, Duration period)
      : intensity_(intensity), period_seconds_(std::chrono::ceil<std::chrono::seconds>(period).count()) {}

  /// Counts a restart at `now`; false when that is one too many. Whole seconds, and the boundary counts: the window is `period` to
  /// `period` + 1 s long.
  [[nodiscard]] bool add(TimePoint now) {
    const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (seconds_.empty() || seconds_.back().second != second) seconds_.push_back({second, 0});
    ++seconds_.back().restarts;
    ++count_;
    while (seconds_.front().second < second - period_seconds_) {
      count_ -= seconds_.front().restarts;
      seconds_.pop_front();
    }
    return count_ <= intensity_;
  }

 private:
  struct Second {
    std::int64_t second;
    std::size_t restarts;
  };

  std::size_t intensity_;
  std::int64_t period_seconds_;
  std::deque<Second> seconds_;
  std::size_t count_ = 0;
};

}  // namespace pulpo
