// SPDX-License-Identifier: Apache-2.0
#include "pulpo/blocking.hpp"

#include "proc/blocking_pool.hpp"
#include "proc/io_wait.hpp"

namespace pulpo {

class BlockingWait final : public IoWait {
 public:
  using IoWait::IoWait;
  bool has_run = false;
};

void BlockingJob::arrived() noexcept {
  if (waiter == nullptr) return;
  waiter->has_run = true;
  core.wake(waiter->process);
}

bool Core::submit(const std::shared_ptr<BlockingJob>& job) {
  if (driver_ == nullptr) return runtime_.blocking_pool().submit(job);
  job->held = job;
  blocking_jobs_.push_back(*job);
  return true;
}

bool Core::withdraw(BlockingJob& job) noexcept {
  if (driver_ == nullptr) return runtime_.blocking_pool().withdraw(job);
  if (!job.is_linked()) return false;
  job.unlink();
  job.held.reset();  // its caller has it, too
  return true;
}

// On the driver's own stack, and on nobody's core, as it is on a thread.
void Core::run_blocking_jobs() noexcept {
  while (BlockingJob* const next = blocking_jobs_.pop_front()) {
    const std::shared_ptr<BlockingJob> job = std::move(next->held);
    job->work->run();
    job->arrived();
  }
}

namespace detail {

void BlockingWork::run() noexcept {
  try {
    call();
  } catch (const Exiting& exiting) {
    exiting.reason.share();
    thrown_ = std::current_exception();
  } catch (...) {
    thrown_ = std::current_exception();
  }
  forget();
}

Result<void> run_blocking(const std::shared_ptr<BlockingWork>& work, Timeout timeout, BlockingKill kill) {
  BlockingWait wait("blocking", -1, timeout);
  if (wait.is_refused()) return wait.error();
  Core& core = wait.core;
  const auto job = std::make_shared<BlockingJob>(work, core, wait);
  if (!core.submit(job)) {
    Error error(Errc::busy, atoms::system_limit, "blocking");
    error.detail = "no thread can be made: look at the limits of the program (ulimit -u, TasksMax=) and at its memory";
    return error;
  }
  bool left = false;
  wait.park_until([&] {
    if (!wait.has_run && wait.is_interrupted()) left = core.withdraw(*job) || kill == BlockingKill::leaves;
    return wait.has_run || left;
  });
  job->waiter = nullptr;
  core.check_exit();
  if (wait.has_run) return {};
  return wait.error();
}

void exit_blocking(const Error& error) { exit(error.code == Errc::killed ? Term(atoms::killed) : error.reason); }

}  // namespace detail
}  // namespace pulpo
