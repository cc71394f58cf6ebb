// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: the processes of one core that can run, and who of them is next.
//
// Those that have begun take turns. Those that have not come before them, and what one spawns while it begins before its elder
// siblings: a tree of processes is walked down branch by branch, so that what lives at one time is a few processes and not a whole
// generation (a million leaves: 20 MB instead of 600).
//
//   Order      Children of one process begin in the order of spawning. Those that have begun: first in, first out.
//   Fairness   Half of a slice at most is for those that begin, when others wait; beyond that, as many as those who have begun have
//              spawned: who spawns on and on waits for its children. What has waited for kFreshSlices becomes an elder: of these one
//              begins in each slice, whatever else there is, and more where fewer others begin, in the order in which they would have
//              begun.
//   Ownership  None: it links the processes by their run_next.
//   Threads    One core's.
#pragma once

#include <algorithm>
#include <utility>

#include "proc/context.hpp"
#include "proc/process.hpp"

namespace pulpo {

class RunQueue {
 public:
  explicit RunQueue(int slice_activations) noexcept : fresh_share_(slice_activations / 2) {}

  [[nodiscard]] bool empty() const noexcept { return begun_.head == nullptr && fresh_.head == nullptr && elders_.head == nullptr; }

  /// Somebody whose turn comes after that of all who have begun.
  void push(Process& process) noexcept { begun_.push(process); }
  /// A child of the one that was popped last.
  void push_spawned(Process& process) noexcept {
    if (!begins_) {
      fresh_.push(process);
      ++fresh_left_;
    } else if (fresh_.head == nullptr) {
      fresh_.push(process);
    } else {
      Process*& place = last_spawned_ != nullptr ? last_spawned_->run_next : fresh_.head;
      process.run_next = std::exchange(place, &process);
      if (process.run_next == nullptr) fresh_.tail = &process;
    }
    last_spawned_ = &process;
  }
  void begin_slice() noexcept {
    fresh_left_ = std::max(fresh_left_, fresh_share_);
    elder_is_due_ = true;
    if (--slices_left_ > 0) return;
    slices_left_ = kFreshSlices;
    while (fresh_.head != nullptr) elders_.push(*fresh_.pop());
  }

  /// Null when there is none.
  [[nodiscard]] Process* pop() noexcept {
    last_spawned_ = nullptr;
    begins_ = true;
    const bool may_begin = fresh_left_ > 0 || begun_.head == nullptr;
    if (elders_.head != nullptr && (elder_is_due_ || (may_begin && fresh_.head == nullptr))) {
      elder_is_due_ = false;
      --fresh_left_;
      return elders_.pop();
    }
    if (may_begin && fresh_.head != nullptr) {
      --fresh_left_;
      return fresh_.pop();
    }
    if (begun_.head == nullptr) return nullptr;
    begins_ = false;
    Process* const process = begun_.pop();
    fetch_ahead();
    return process;
  }

 private:
  /// Slices after which those that have not begun yet are elders: at 256 activations each, after about a millisecond.
  static constexpr int kFreshSlices = 16;

  struct Row {
    Process* head = nullptr;
    Process* tail = nullptr;
    void push(Process& process) noexcept {
      process.run_next = nullptr;
      (head == nullptr ? head : tail->run_next) = &process;
      tail = &process;
    }
    [[nodiscard]] Process* pop() noexcept { return std::exchange(head, head->run_next); }
  };

  /// The memory of those that come next is fetched while this one runs: two ahead the block that knows the stack, one ahead the stack.
  void fetch_ahead() const noexcept {
    const Process* const next = begun_.head;
    if (next == nullptr) return;
    if (next->stack != nullptr) next->stack->prefetch_frames();
    const Process* const second = next->run_next;
    if (second == nullptr) return;
    if (second->stack != nullptr) second->stack->prefetch();
    if (second->run_next != nullptr) __builtin_prefetch(second->run_next);
  }

  Row begun_;
  Row fresh_;
  Row elders_;
  Process* last_spawned_ = nullptr;  ///< By the one that was popped last.
  bool begins_ = false;              ///< That one had not begun before.
  int fresh_left_ = 0;               ///< That may begin before those that have begun have their turns.
  int slices_left_ = kFreshSlices;
  bool elder_is_due_ = false;
  const int fresh_share_;
};

}  // namespace pulpo
