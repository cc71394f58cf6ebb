// SPDX-License-Identifier: Apache-2.0
//
// Gate: the way into a runtime for threads that are no core's. Open while the runtime runs.
//
// What passes is posted under the gate's lock: once close() has returned nothing follows, so that the cores may go. What a
// thread waits for afterwards it waits for outside, since every process ends with its runtime.
//
//   Order      Kept for one thread and one receiver.
//   Bounds     kBytesMax of messages that the cores have not taken, or that a full link holds up; then pass() waits.
//   Threads    pass(): no core's. give_back(): any. open() and close(): the one that starts and stops the runtime.
//   Cost       pass(): one lock, which no core takes unless somebody waits for room.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace pulpo {

class Gate {
 public:
  /// As much as a link queues (Session::kQueueMax): what is beyond that is no burst but a producer that is too fast.
  static constexpr std::size_t kBytesMax = 4u << 20;

  void open() {
    const std::lock_guard lock(mutex_);
    under_way_.store(0);  // what was given up at the last close()
    open_.store(true);
  }
  /// Nobody passes any more, and those who wait for room are turned away.
  void close() {
    const std::lock_guard lock(mutex_);
    open_.store(false);
    changed_.notify_all();
  }
  [[nodiscard]] bool is_open() const noexcept { return open_.load(); }

  /// Waits until there is room for `bytes` (anything fits when nothing else is under way), then runs `post`. With no bytes it does not
  /// wait. False when the gate is closed.
  template <class F>
  [[nodiscard]] bool pass(std::size_t bytes, F&& post) {
    std::unique_lock lock(mutex_);
    if (!has_room(bytes)) {
      // Counted before looking again: give_back() looks at the count after it has made room.
      waiting_.fetch_add(1);
      changed_.wait(lock, [&] { return has_room(bytes); });
      waiting_.fetch_sub(1);
    }
    if (!open_.load()) return false;
    under_way_.fetch_add(bytes);
    post();
    return true;
  }
  /// pass() would not wait.
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    const std::size_t under_way = under_way_.load();
    return !open_.load() || bytes == 0 || under_way == 0 || under_way + bytes <= kBytesMax;
  }
  /// What passed has arrived.
  void give_back(std::size_t bytes) noexcept {
    under_way_.fetch_sub(bytes);
    if (waiting_.load() == 0) return;
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> open_{false};
  std::atomic<std::size_t> under_way_{0};
  std::atomic<unsigned> waiting_{0};
};

}  // namespace pulpo
