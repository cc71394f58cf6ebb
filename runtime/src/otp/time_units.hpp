// SPDX-License-Identifier: Apache-2.0
//
// TimeUnit: in which unit a time is told: :second, :millisecond, :microsecond, :nanosecond, :native (nanoseconds here), or parts a second.
//
//   Threads    Any; a value.
#pragma once

#include <chrono>
#include <cstdint>

#include "pulpo/codec.hpp"

namespace pulpo {

struct TimeUnit {
  std::int64_t parts_a_second = 1'000'000'000;
  /// Rounded down, as OTP does.
  [[nodiscard]] std::int64_t told(std::chrono::nanoseconds time) const noexcept;
};
template <>
struct Codec<TimeUnit> {
  static constexpr const char* kText = ":second | :millisecond | :microsecond | :nanosecond | :native | parts a second";
  static Term encode(const TimeUnit& unit) { return unit.parts_a_second; }
  static bool decode(const Term& term, TimeUnit& out);
};

/// The time of day in a unit; the monotonic time of the node.
[[nodiscard]] std::int64_t system_time_in(const TimeUnit& unit);
[[nodiscard]] std::int64_t monotonic_time_in(const TimeUnit& unit);

}  // namespace pulpo
