// SPDX-License-Identifier: Apache-2.0
//
// BlockingPool: the threads of blocking(); BlockingJob: one call on its way through it.
//
//   Order      First come, first served.
//   Bounds     threads_max threads. Who waits for one is a suspended process, and takes its job back when it leaves: so there are never
//              more jobs waiting than processes.
//   Ownership  A job is held by its caller, by the pool until it has run, and by the order that wakes the caller.
//   Threads    submit(), withdraw(): any core's. The destructor, with which all threads end: when no core runs any more.
//   Errors     submit(): false when there is no thread and none can be made.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "base/intrusive_list.hpp"
#include "pulpo/blocking.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class BlockingWait;
class Core;

struct BlockingJob : ListHook<BlockingJob> {
  BlockingJob(std::shared_ptr<detail::BlockingWork> work_, Core& core_, BlockingWait& waiter_) noexcept
      : work(std::move(work_)), core(core_), waiter(&waiter_) {}
  /// It has run: wakes its caller, if that still waits. On its core.
  void arrived() noexcept;

  const std::shared_ptr<detail::BlockingWork> work;
  Core& core;
  BlockingWait* waiter;               ///< Its core's alone.
  std::shared_ptr<BlockingJob> held;  ///< Itself, while it waits to be run.
};

class BlockingPool {
 public:
  BlockingPool(unsigned threads_max, Duration idle) noexcept : threads_max_(threads_max), idle_(idle) {}
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// Waits for what is under way.
  ~BlockingPool();

  [[nodiscard]] bool submit(const std::shared_ptr<BlockingJob>& job);
  /// True: it has not begun, and never will.
  [[nodiscard]] bool withdraw(BlockingJob& job) noexcept;
  [[nodiscard]] std::size_t thread_count();

 private:
  using Threads = std::list<std::thread>;
  [[nodiscard]] bool add_thread();
  void serve(Threads::iterator self);
  void join_ended() noexcept;

  const unsigned threads_max_;
  const Duration idle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  IntrusiveList<BlockingJob, BlockingJob> waiting_;
  Threads threads_;
  Threads ended_;  ///< On their last lines; to be joined.
  std::size_t jobs_ = 0;
  std::size_t resting_ = 0;
  bool stopping_ = false;
};

}  // namespace pulpo
