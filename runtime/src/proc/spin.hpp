// SPDX-License-Identifier: Apache-2.0
//
// Spinner: whether a core that has nothing to do looks on for a while before it sleeps, and for how long.
//
// A sleep and the wake out of it cost 30 to 40 µs on a virtual machine, and the waker pays some 7 µs of them; looking costs the
// processor. So the core keeps the average of how long it waits for the next thing to come. While that is below the window it looks
// on for up to four averages, at most for the window; else it sleeps at once. A look in vain makes it skip looking for the next wait,
// another for two, four … 1,024: in vain is, above all, a look by which we keep the processor from the very thread that we wait for,
// and the kernel often puts both ends of a connection on one; what came only after that thread took it from us was in vain too. A core that
// is idle for long does not look.
//
//   Order      wait(), then perhaps sleeps(), then arrived() when something came; again wait() when what ended it was nothing.
//   Threads    The core's only.
//   Bounds     A wait ends after the window (50 µs, at most 1 ms), at the deadline of the next timer, or when something came.
//   Cost       A clock read for each idle stretch, and one for every 16 looks.
#pragma once

#include <algorithm>
#include <string>

#include "base/cpus.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

/// Beyond that a sleep and its wake cost nothing in comparison.
inline constexpr Duration kSpinWindowMax = 1ms;

/// What a SpinChoice comes to on this machine, and why.
struct SpinPlan {
  SpinChoice::Mode mode = SpinChoice::Mode::off;  ///< off, fixed, or automatic for adaptive.
  Duration window{};
  std::string reason = {};  ///< For a person: "more cores (4) than processors (2)".
  /// "off", "adaptive" or "50us".
  [[nodiscard]] std::string text() const;
};

/// `cores` loops on `cpus`. `is_small` says that this is a board's processor (ARM), where the battery counts; `looks_are_free` that the
/// loop tells what came without a system call. What was asked for by number is done wherever it was asked for.
[[nodiscard]] SpinPlan plan_spin(const SpinChoice& choice, unsigned cores, const CpuCounts& cpus, bool looks_are_free, bool is_small);
/// The processor this was compiled for.
[[nodiscard]] bool is_board_processor() noexcept;

class Spinner {
 public:
  Spinner() noexcept = default;  ///< Never spins.
  explicit Spinner(const SpinPlan& plan) noexcept
      : window_(plan.mode == SpinChoice::Mode::off ? Duration::zero() : plan.window),
        is_adaptive_(plan.mode == SpinChoice::Mode::automatic),
        average_(kLongest * window_) {}

  [[nodiscard]] bool is_on() const noexcept { return window_ > Duration::zero(); }
  /// Between wait() and arrived().
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }

  /// There is nothing to do: looks on while that pays. True when `ready()` holds or `deadline` has come: do not sleep.
  template <class Ready, class Clock>
  [[nodiscard]] bool wait(Ready&& ready, Clock&& clock, TimePoint deadline) {
    // What is there at once, above all the end of our own send, was not waited for and tells nothing.
    if (!waiting_ && ready()) return true;
    TimePoint now = clock();
    if (!waiting_) {
      waiting_ = true;
      slept_ = in_vain_ = false;
      since_ = now;
    }
    const Duration limit = limit_of_wait();
    if (limit == Duration::zero()) return false;
    const TimePoint end = std::min(since_ + limit, deadline);
    while (now < end) {
      for (unsigned look = 0; look < kLooks; ++look) {
        if (!ready()) {
          pause();
          continue;
        }
        // It came, but perhaps only because somebody else got this processor meanwhile.
        in_vain_ = clock() - now > kStolen;
        return true;
      }
      const TimePoint before = now;
      now = clock();
      if (now - before > kStolen) break;
    }
    in_vain_ = true;
    return now >= deadline;
  }
  [[nodiscard]] bool is_looking_in_vain() const noexcept { return in_vain_; }  ///< In this wait, so far.
  /// The core goes to sleep.
  void sleeps() noexcept { slept_ = true; }
  /// Something came: the wait is over.
  void arrived(TimePoint now) noexcept {
    waiting_ = false;
    Duration gap = now - since_;
    // A sleep's own wake is no part of the gap. Without this, two ends that sleep would see gaps above the window for ever: each
    // waits for the other to wake.
    if (slept_) gap = std::max(Duration::zero(), gap - window_);
    average_ += (std::min(gap, kLongest * window_) - average_) / 8;
    if (skip_ > 0) {
      --skip_;
    } else if (in_vain_) {
      skip_ = next_skip_;
      next_skip_ = std::min(2 * next_skip_, kMostSkipped);
    } else if (!slept_) {
      next_skip_ = 1;
    }
  }
  [[nodiscard]] Duration average() const noexcept { return average_; }

 private:
  /// Looks between two reads of the clock: at 10 to 60 ns each, a timer is at most 1 µs late by it.
  static constexpr unsigned kLooks = 16;
  /// The longest gap that counts, in windows: after an hour's silence a dozen short gaps bring the average below one window.
  static constexpr int kLongest = 4;
  /// So long between two reads of the clock, twenty times what the looks take, and another thread had this processor.
  static constexpr Duration kStolen = 20us;
  /// Waits without a look after the last of many looks in vain. So those that never help cost 50 µs of every thousand waits, and what
  /// would help by now is found out some 80 ms later (a thousand round trips of two ends that sleep).
  static constexpr unsigned kMostSkipped = 1024;

  [[nodiscard]] Duration limit_of_wait() const noexcept {
    if (!is_adaptive_) return window_;
    if (average_ >= window_ || skip_ > 0) return Duration::zero();
    // At least half of the window, so that one gap a little longer than many short ones is not slept through.
    return std::clamp(4 * average_, window_ / 2, window_);
  }
  static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    asm volatile("yield");
#endif
  }

  Duration window_{};
  bool is_adaptive_ = false;
  bool waiting_ = false;
  bool slept_ = false;
  bool in_vain_ = false;
  TimePoint since_{};
  Duration average_{};
  unsigned skip_ = 0;
  unsigned next_skip_ = 1;
};

}  // namespace pulpo
