// SPDX-License-Identifier: Apache-2.0
//
// Asker: for whom a bench measures, when that is a process elsewhere.
//
//   Threads    Inside one process, whose messages it reads while it sleeps.
//   Suspends   sleep().
#pragma once

#include <algorithm>
#include <functional>
#include <optional>

#include "pulpo/process.hpp"

namespace pulpo::cli {

/// Who wants to know: nobody waits for the figures once it is gone.
class Asker {
 public:
  explicit Asker(std::optional<Ref> monitor) : monitor_(monitor) {}
  ~Asker() { let_go(); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// Sleeps, but not on when there is nobody left to measure, or to measure for.
  void sleep(Duration duration, const std::function<bool()>& have_given_up) {
    const TimePoint end = precise_now() + duration;
    for (TimePoint at = precise_now(); at < end && !is_gone_ && !have_given_up(); at = precise_now()) {
      const Duration some = std::min(end - at, kLookInterval);
      if (!monitor_) {
        pulpo::sleep(some);
      } else if (const Term wanted = *monitor_;
                 receive_if([&wanted](const Term& each) { return each.is_tuple(5) && each.elements()[1] == wanted; }, some)) {
        is_gone_ = true;
      }
    }
  }
  /// Before somebody counts down messages.
  void let_go() {
    if (monitor_) demonitor(*monitor_, {.flush = true});
    monitor_.reset();
  }

 private:
  static constexpr Duration kLookInterval = 100ms;  ///< How soon a bench ends when all have given up.
  std::optional<Ref> monitor_;
  bool is_gone_ = false;
};

}  // namespace pulpo::cli
