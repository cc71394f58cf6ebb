// SPDX-License-Identifier: Apache-2.0
//
// For tests of processes: a log that can be read, and waiting for what other processes do.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "pulpo/log.hpp"
#include "pulpo/process.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::testing {

/// While it lives, log lines come here instead of to stderr.
class CapturedLog {
 public:
  CapturedLog() : before_(log::exchange_target({&CapturedLog::take, this})) {}
  ~CapturedLog() { log::exchange_target(before_); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  /// The lines that hold `text`.
  [[nodiscard]] std::size_t count(std::string_view text) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(lines_.begin(), lines_.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }
  [[nodiscard]] std::string all() {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  static void take(void* context, const log::Entry& entry) {
    auto& self = *static_cast<CapturedLog*>(context);
    const std::lock_guard lock(self.mutex_);
    self.lines_.push_back("[" + std::string(log::to_string(entry.level)) + "] " + std::string(entry.message));
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
  log::Target before_;
};

/// Lets other processes run until `condition` holds; false after 5 s.
inline bool eventually(const std::function<bool()>& condition) {
  const TimePoint deadline = Timeout(5s).after(precise_now());
  while (!condition()) {
    if (precise_now() >= deadline) return false;
    sleep(1ms);
  }
  return true;
}

/// Waits until `pid` is gone and returns its reason; `:no_down` after 5 s.
inline Term end_of(const Pid& pid) { return down_reason(monitor(pid)); }

/// A process that runs `function` and is unlinked: what exits there does not end the test. Returns its exit reason.
template <class F>
Term reason_of(F&& function) {
  return down_reason(spawn_monitor(std::forward<F>(function)).monitor);
}

/// Elixir text as a term.
inline Term elixir(std::string_view text) {
  auto term = read_elixir(text);
  EXPECT_TRUE(term) << text;
  return term ? *term : Term();
}

}  // namespace pulpo::testing
