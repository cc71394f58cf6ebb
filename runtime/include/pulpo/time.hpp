// SPDX-License-Identifier: Apache-2.0
//
// Time: durations and the monotonic time points that every loop hands out.
//
// Nobody above the loop reads a clock: Loop::now() is the only source, so that a simulation's
// virtual clock reaches everything. Wall time exists for the stamps of log lines alone.
#pragma once

#include <chrono>
#include <cstdint>

namespace pulpo {

using namespace std::chrono_literals;

using Duration = std::chrono::nanoseconds;

/// Tag of the time line that loops count on: CLOCK_MONOTONIC, or a simulation's virtual clock.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock, Duration>;
  static constexpr bool is_steady = true;
};

using TimePoint = MonotonicClock::time_point;

/// A deadline that never comes.
inline constexpr TimePoint kNever = TimePoint::max();

/// How long a caller is willing to wait; OTP's `infinity` is Timeout::infinity().
class Timeout {
 public:
  constexpr Timeout(Duration duration) noexcept : duration_(duration) {}  // NOLINT: reads as a duration
  template <class Rep, class Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept  // NOLINT
      : duration_(std::chrono::duration_cast<Duration>(duration)) {}
  [[nodiscard]] static constexpr Timeout infinity() noexcept { return Timeout{Duration::max()}; }

  [[nodiscard]] constexpr bool is_infinite() const noexcept { return duration_ == Duration::max(); }
  [[nodiscard]] constexpr Duration duration() const noexcept { return duration_; }
  /// The moment this timeout ends when it starts at `from`; kNever when infinite or out of range.
  [[nodiscard]] constexpr TimePoint after(TimePoint from) const noexcept {
    if (is_infinite() || duration_ >= kNever - from) return kNever;
    return from + duration_;
  }
  friend constexpr bool operator==(Timeout, Timeout) noexcept = default;

 private:
  Duration duration_;
};

}  // namespace pulpo
