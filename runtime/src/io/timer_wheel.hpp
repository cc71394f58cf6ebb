// SPDX-License-Identifier: Apache-2.0
//
// TimerWheel: every deadline of one core, in a hierarchy of wheels of 64 slots.
//
// The kernel is told only the nearest deadline, as the timeout of the loop's wait: one kernel timer
// each costs 1 µs to arm and milliseconds to cancel among 100,000.
//
//   Resolution 1 ms: a timer never fires early, and at most about 1 ms late.
//   Ownership  A Timer is a node inside what waits (a stack frame, a connection); nothing is
//              allocated. It must be cancelled, or have fired, before it dies (its destructor cancels).
//   Threads    The loop's only.
//   Suspends   Never. expired() runs on the loop and may arm and cancel any timer.
//   Cost       arm + cancel: a few ns, whatever is pending.
#pragma once

#include <array>
#include <cstdint>

#include "base/intrusive_list.hpp"
#include "pulpo/time.hpp"

namespace pulpo::io {

class TimerWheel;

class Timer : public ListHook<Timer> {
 public:
  Timer() noexcept = default;
  virtual ~Timer() { unlink_from_wheel(); }
  [[nodiscard]] bool is_armed() const noexcept { return wheel_ != nullptr; }
  /// False: whoever armed it has left it armed to save the cancelling, and drop_unwanted() may do that now.
  virtual bool still_wanted() noexcept { return true; }

 protected:
  /// The deadline has passed. The timer is no longer armed.
  virtual void expired() = 0;

 private:
  friend class TimerWheel;
  void unlink_from_wheel() noexcept;
  TimerWheel* wheel_ = nullptr;
  std::int64_t tick_ = 0;   ///< The millisecond at which it fires.
  std::uint16_t slot_ = 0;  ///< level * 64 + slot, to clear the slot's bit when it empties.
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  /// Arms `timer` for `deadline`, moving it when it is armed already; kNever only disarms it.
  void arm(Timer& timer, TimePoint deadline) noexcept;
  void cancel(Timer& timer) noexcept;
  /// Fires everything due at `now`, in order of deadlines (ties in order of arming). Returns how many.
  std::size_t advance(TimePoint now);
  /// Cancels timers that are no longer wanted until the nearest is one that is: for a core that is about to sleep.
  void drop_unwanted() noexcept;
  /// When to call advance() next: never later than the nearest deadline, and possibly before it,
  /// when a slot of a coarser wheel must be spread; kNever when nothing is armed.
  [[nodiscard]] TimePoint next_deadline() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return armed_; }

 private:
  friend class Timer;
  static constexpr int kLevels = 6;  // 64^6 ms: two years; what lies beyond waits in the last wheel.
  static constexpr int kSlots = 64;
  struct Due {
    std::int64_t tick;  ///< When the slot is to be fired (level 0) or spread over finer wheels.
    int level;
    int slot;
  };
  void insert(Timer& timer) noexcept;
  [[nodiscard]] Due next() const noexcept;
  std::array<std::array<IntrusiveList<Timer, Timer>, kSlots>, kLevels> wheels_;
  std::array<std::uint64_t, kLevels> occupied_{};
  TimePoint start_;
  std::int64_t tick_ = 0;    ///< Milliseconds since start_ that advance() has reached.
  std::int64_t target_ = 0;  ///< Where it is going: ahead of tick_ only inside advance().
  std::size_t armed_ = 0;
};

}  // namespace pulpo::io
