// SPDX-License-Identifier: Apache-2.0
#include "proc/blocking_pool.hpp"

#include <system_error>
#include <vector>

#include "base/block_signals.hpp"
#include "proc/core.hpp"

namespace pulpo {

BlockingPool::~BlockingPool() {
  std::vector<std::thread> all;
  {
    const std::lock_guard lock(mutex_);
    PULPO_ASSERT(waiting_.empty() && "who waits is a process, and there is none any more");
    stopping_ = true;
    for (Threads* const some : {&threads_, &ended_}) {
      for (std::thread& thread : *some) all.push_back(std::move(thread));
    }
    changed_.notify_all();
  }
  for (std::thread& thread : all) thread.join();
}

bool BlockingPool::submit(const std::shared_ptr<BlockingJob>& job) {
  const std::lock_guard lock(mutex_);
  join_ended();
  if (jobs_ >= resting_ && threads_.size() < threads_max_ && !add_thread() && threads_.empty()) return false;
  job->held = job;
  waiting_.push_back(*job);
  ++jobs_;
  changed_.notify_one();
  return true;
}

bool BlockingPool::withdraw(BlockingJob& job) noexcept {
  std::shared_ptr<BlockingJob> held;  // outlives the lock
  const std::lock_guard lock(mutex_);
  if (!job.is_linked()) return false;
  job.unlink();
  --jobs_;
  held = std::move(job.held);
  return true;
}

std::size_t BlockingPool::thread_count() {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

bool BlockingPool::add_thread() {
  const BlockSignals blocked;
  threads_.emplace_back();
  const auto self = std::prev(threads_.end());
  try {
    *self = std::thread([this, self] { serve(self); });
  } catch (const std::system_error&) {
    threads_.erase(self);
    return false;
  }
  return true;
}

void BlockingPool::serve(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++resting_;
    const bool called = changed_.wait_for(lock, idle_, [this] { return stopping_ || !waiting_.empty(); });
    --resting_;
    if (BlockingJob* const next = waiting_.pop_front()) {
      --jobs_;
      std::shared_ptr<BlockingJob> job = std::move(next->held);
      lock.unlock();
      job->work->run();
      Core& core = job->core;
      core.post([job = std::move(job)] { job->arrived(); });
      lock.lock();
    } else if (stopping_ || !called) {
      break;
    }
  }
  ended_.splice(ended_.end(), threads_, self);
}

void BlockingPool::join_ended() noexcept {
  while (!ended_.empty()) {
    ended_.front().join();
    ended_.pop_front();
  }
}

}  // namespace pulpo
