// SPDX-License-Identifier: Apache-2.0
#include "proc/io_wait.hpp"

#include <cerrno>

namespace pulpo {
namespace {

Process& running() {
  Process* const process = Core::here().process();
  PULPO_ASSERT(process != nullptr && "this call belongs inside a process");
  return *process;
}

}  // namespace

IoWait::IoWait(const char* call_, io::Handle handle_, Timeout timeout)
    : Wait(WaitKind::io, running(), Core::here()), call(call_), handle(handle_) {
  deadline = timeout.after(core.loop().now());
  refused_ = !core.prepare_to_park();
}

Error IoWait::error() const {
  if (process.exit_pending) return {Errc::killed, {}, call};
  return {Errc::timeout, atoms::timeout, call};
}

void OperationWait::completed(const io::Completion& completion) {
  result_ = completion.result;
  ended_ = true;
  core.wake(process);
}

std::int32_t OperationWait::park() {
  park_until([this] { return ended_; });
  return result_;
}

Result<std::int32_t> OperationWait::result(std::string_view detail) {
  const std::int32_t got = park();
  core.check_exit();
  if (got >= 0) return got;
  if (got == -ECANCELED && is_interrupted()) return error();
  return io_error(-got, call, std::string(detail));
}

}  // namespace pulpo
