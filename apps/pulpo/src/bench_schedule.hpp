// SPDX-License-Identifier: Apache-2.0
//
// BenchSchedule: when each call of an open loop has to leave, whether or not earlier ones were answered.
//
// The calls of a rate are dealt out to the cores in turn: of R a second on N cores, core c has those numbered c, c + N, c + 2 N … of
// one even row. A latency counts from the time in this table, so that a server that stalls is charged for every call that it held
// up, not for the one that was under way (coordinated omission).
//
//   Threads    Any; plain data.
//   Errors     None. `rate` and `cores` are at least 1.
//   Cost       A division or two; exact, so that nothing drifts however long it runs.
#pragma once

#include <cstdint>

#include "pulpo/time.hpp"

namespace pulpo::cli {

class BenchSchedule {
 public:
  BenchSchedule(TimePoint begin, std::uint64_t rate, std::uint64_t cores = 1, std::uint64_t core = 0) noexcept
      : begin_(begin), rate_(rate), cores_(cores), core_(core) {}

  /// When this core's call `number`, counted from 0, has to leave.
  [[nodiscard]] TimePoint due(std::uint64_t number) const noexcept {
    const std::uint64_t row = number * cores_ + core_;
    return begin_ + Duration(static_cast<Duration::rep>(row / rate_ * kSecond + row % rate_ * kSecond / rate_));
  }
  /// How many of this core's calls have to leave before `time`.
  [[nodiscard]] std::uint64_t due_before(TimePoint time) const noexcept {
    if (time <= begin_) return 0;
    const auto past = static_cast<std::uint64_t>((time - begin_).count());
    const std::uint64_t whole = past / kSecond * rate_ + past % kSecond * rate_ / kSecond;
    // Within one of the answer, since due() rounds down.
    std::uint64_t count = whole / cores_;
    while (count > 0 && due(count - 1) >= time) --count;
    while (due(count) < time) ++count;
    return count;
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;  // times a rate of 10^7 a second still fits into 64 bits
  TimePoint begin_;
  std::uint64_t rate_;
  std::uint64_t cores_;
  std::uint64_t core_;
};

}  // namespace pulpo::cli
