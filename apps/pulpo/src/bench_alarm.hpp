// SPDX-License-Identifier: Apache-2.0
//
// Alarm: wakes a process at a moment, where sleep() knows milliseconds only.
//
// A timerfd watched by the core's loop: what is left of lateness is the wake of a sleeping processor.
//
//   Ownership  Lives in the process that waits. Its descriptor goes when the loop has let go of it.
//   Threads    Inside one process.
//   Suspends   Never: set() returns at once, and the process then gets the message `:alarm`, also when it was set anew meanwhile.
//   Errors     is_open(): false when the kernel refused a timer.
//   Cost       One or two system calls an alarm.
#pragma once

#include "pulpo/process.hpp"

namespace pulpo::cli {

class Alarm {
 public:
  Alarm();
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return watch_ != nullptr; }
  /// One `:alarm` comes at `moment`, at once when that is past.
  void set(TimePoint moment);

 private:
  struct Watch;
  Watch* watch_ = nullptr;
};

}  // namespace pulpo::cli
