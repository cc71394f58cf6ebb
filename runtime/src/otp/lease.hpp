// SPDX-License-Identifier: Apache-2.0
//
// Lease: the right of an application of this node to serve, until a time. Only those of mode `consistent` have one (WK-1).
//
// Who gives it (net/src/cluster/) may be late, or frozen together with this node. So every server of the application looks at it before
// it takes a request up, by a clock that nothing stops: one whose time is over serves nobody, whatever else has not been noticed yet.
//
//   Threads    begin(), open(), hand_on(), close(): one process, dist_ac. The others: any core.
//   Cost       may_serve(): a read of a clock and two of memory.
#pragma once

#include <atomic>
#include <cstdint>

#include "pulpo/time.hpp"

namespace pulpo {

class Lease {
 public:
  /// Times are the loop's boot_time().
  enum class Right : std::uint8_t {
    none,
    ending,     ///< It was handed on, and the instance ends: requests of its own processes are served, and no casts.
    to_itself,  ///< The application starts beside the instance that it is to take over from: requests of strangers are not served.
    to_all,
  };
  /// Starts while another instance still serves.
  void begin() noexcept {
    epoch_.store(0, std::memory_order_relaxed);
    until_.store(kToItself, std::memory_order_release);
  }
  /// Serves as that epoch until then; or longer than before, as the same.
  void open(std::uint64_t epoch, Duration until) noexcept {
    epoch_.store(epoch, std::memory_order_relaxed);
    until_.store(until.count(), std::memory_order_release);
  }
  /// Another one serves from here on.
  void hand_on() noexcept { until_.store(kEnding, std::memory_order_release); }
  /// Serves nobody from here on.
  void close() noexcept { until_.store(kClosed, std::memory_order_release); }

  [[nodiscard]] Right right(Duration boot_time) const noexcept {
    const std::int64_t until = until_.load(std::memory_order_acquire);
    if (until == kToItself) return Right::to_itself;
    if (until == kEnding) return Right::ending;
    return boot_time.count() < until ? Right::to_all : Right::none;
  }
  /// Zero or less when it is over, or was never open.
  [[nodiscard]] Duration left(Duration boot_time) const noexcept {
    const std::int64_t until = until_.load(std::memory_order_acquire);
    return until > 0 ? Duration(until) - boot_time : Duration::zero();
  }
  /// Which of all instances this is: higher than that of any that served before. Of the last open(); 0: none yet.
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::int64_t kClosed = 0, kToItself = -1, kEnding = -2;
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<std::int64_t> until_{kClosed};
};

}  // namespace pulpo
