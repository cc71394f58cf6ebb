// SPDX-License-Identifier: Apache-2.0
//
// IoWait, OperationWait: how a process waits for what its loop does.
//
// The kernel may use the waiting frame and its buffers until an operation's final completion. So neither a deadline nor an exit signal
// resumes the process: both only interrupt(), which asks the loop to cancel, and the completion that follows resumes it. By
// then nothing is under way, and Killed may be thrown: destructors run, and close what they own.
//
//   {
//     OperationWait wait("File.read", handle, timeout);  // throws Killed
//     if (wait.is_refused()) return wait.error();        // being ended, and not to be thrown at
//     wait.loop().read(wait, handle, into, offset);
//     PULPO_TRY(const auto bytes, wait.result());        // suspends; throws Killed once nothing is under way
//   }
//
//   Ownership  On the stack of the process that waits.
//   Threads    Its core's.
//   Suspends   park(), result(): until the final completion. A cancelled operation ends within the next turn of the loop; that of a
//              regular file when its disk has answered.
//   Errors     timeout; killed, where nothing may be thrown; else io_error() of what the kernel said.
#pragma once

#include "proc/core.hpp"
#include "proc/io_error.hpp"

namespace pulpo {

/// The running process waits for an event that is not a message: whoever brings it calls core.wake(process).
class IoWait : public Wait {
 public:
  /// `call` is static text and names the call for the live view, `handle` what it is about. May throw as Core::prepare_to_park().
  IoWait(const char* call, io::Handle handle, Timeout timeout);

  /// The process is being ended, and may not be thrown at: nothing is to be begun.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }
  /// Its deadline has passed, or its process is being ended. On its core, between two steps of the process. Wakes the process, unless
  /// something must end first.
  virtual void interrupt() noexcept { core.wake(process); }
  /// Interrupted or not, `has_come` says when it is over. Throws nothing; see check().
  template <class F>
  void park_until(F&& has_come) {
    while (!has_come()) core.park(*this);
  }
  [[nodiscard]] bool is_interrupted() const noexcept { return timed_out || process.exit_pending; }
  /// Why it was interrupted, where that is not thrown: killed or timeout.
  [[nodiscard]] Error error() const;
  [[nodiscard]] io::Loop& loop() const noexcept { return core.loop(); }

  const char* const call;
  const io::Handle handle;

 private:
  bool refused_ = false;
};

/// For one operation with one completion.
class OperationWait final : public IoWait, public io::Operation {
 public:
  using IoWait::IoWait;

  void interrupt() noexcept override { loop().cancel(*this); }
  /// Until the final completion; its result as the loop gave it. Throws nothing.
  std::int32_t park();
  /// The same, and what it means: throws Killed; a negative result is an error, with `detail` in it.
  [[nodiscard]] Result<std::int32_t> result(std::string_view detail = {});

 private:
  void completed(const io::Completion& completion) override;
  std::int32_t result_ = 0;
  bool ended_ = false;
};

}  // namespace pulpo
