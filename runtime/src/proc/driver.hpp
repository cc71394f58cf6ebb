// SPDX-License-Identifier: Apache-2.0
//
// Driver: what turns the cores of a runtime in the place of threads of their own, as a simulated world does; and Occurrence, what
// the program waits for outside the runtime, the same with and without threads.
//
//   Ownership  A driver is borrowed (RuntimeOptions::driver) and outlives the runtime. The loops it makes are the cores'.
//   Threads    With a driver there is one: its own. Nothing of such a runtime is called from elsewhere.
//   Errors     run_until(), wait(): false when what is waited for can never come.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "io/loop.hpp"
#include "pulpo/result.hpp"

namespace pulpo {

class Core;

class Driver {
 public:
  virtual ~Driver() = default;
  /// Makes the loop of a core. From then until retire() the driver steps that core whenever it has something to do.
  [[nodiscard]] virtual Outcome<std::unique_ptr<io::Loop>> enlist(Core& core) = 0;
  /// The core is about to be destroyed, and its loop with it.
  virtual void retire(Core& core) noexcept = 0;
  /// Steps cores and lets time pass until `done` holds. False: it never will.
  [[nodiscard]] virtual bool run_until(const std::function<bool()>& done) = 0;
};

/// Something that happens once, on a core, and that the program's own thread waits for. With a driver, waiting is what makes it happen.
class Occurrence {
 public:
  explicit Occurrence(Driver* driver) noexcept : driver_(driver) {}

  void set() {
    const std::lock_guard lock(mutex_);
    happened_ = true;
    changed_.notify_all();  // under the lock: the waiter may destroy this as soon as it has that
  }
  [[nodiscard]] bool wait() {
    if (driver_ != nullptr) return driver_->run_until([this] { return happened_; });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return happened_; });
    return true;
  }

 private:
  Driver* const driver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

}  // namespace pulpo
