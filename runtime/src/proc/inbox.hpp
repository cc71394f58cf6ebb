// SPDX-License-Identifier: Apache-2.0
//
// Inbox: what other threads want of a core, and the bell that wakes it.
//
// A stack of chains, of many producers and one consumer: a core gathers what it has for another during a slice and pushes it at once;
// the consumer takes all there is at once, oldest first. All that both sides write is one word, which also says that the consumer is
// asleep: it is woken once, by the first push that finds it so, and one that is awake costs the producer no system call.
//
//   Order      Chains of one producer stay in order.
//   Bounds     kFull messages, a large one counting for as many as it has pages: 4 MiB. Beyond that producers let their processes wait
//   until
//              the owner has taken half of them. What must not wait (signals, answers, requests, one a process) comes on top.
//   Threads    push(): any. The rest: the owner's.
//   Cost       push(): one compare-and-swap a chain. pop(): one exchange for all that is there.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "proc/message.hpp"

namespace pulpo {

class Inbox {
 public:
  /// Four slices' messages: enough that two cores which send each other hundreds never wait, few enough for the caches.
  static constexpr std::uint32_t kFull = 1024;
  /// What a message counts for; the same when it is pushed and when it has been popped.
  [[nodiscard]] static std::uint32_t weight(const Message& message) noexcept {
    if (message.is_typed() || message.body.is_inline()) return 1;
    return 1 + static_cast<std::uint32_t>(std::min<std::size_t>(message.body.heap_bytes() >> 12, INT32_MAX));
  }

  /// Appends the chain first …, whose messages weigh `weight`, and which ends with a null `next`. True when `ring` was asked for, the owner
  /// was asleep, and the caller must wake its loop.
  [[nodiscard]] bool push(Message* first, bool ring, std::uint32_t weight = 1) noexcept {
    held_.fetch_add(weight, std::memory_order_relaxed);
    const std::uintptr_t wanted = reinterpret_cast<std::uintptr_t>(first);
    std::uintptr_t seen = newest_.load(std::memory_order_relaxed);
    do {
      first->older = reinterpret_cast<Message*>(seen & ~kAsleep);
    } while (!newest_.compare_exchange_weak(seen, ring ? wanted : wanted | (seen & kAsleep), std::memory_order_release,
                                            std::memory_order_relaxed));
    return ring && (seen & kAsleep) != 0;
  }

  /// True: there is too much, and the core of that number will be told when there is room again.
  [[nodiscard]] bool ask_for_room(unsigned core) noexcept {
    if (held_.load(std::memory_order_relaxed) < kFull) return false;
    wants_room_.fetch_or(std::uint64_t{1} << core, std::memory_order_seq_cst);
    if (held_.load(std::memory_order_seq_cst) >= kFull / 2) return true;
    // The owner may have looked just before.
    return (wants_room_.fetch_and(~(std::uint64_t{1} << core), std::memory_order_seq_cst) & std::uint64_t{1} << core) == 0;
  }
  /// Messages of that weight have been popped. Returns the cores to be told that there is room, a bit each.
  [[nodiscard]] std::uint64_t took(std::uint32_t weight) noexcept {
    const std::uint32_t before = held_.fetch_sub(weight, std::memory_order_seq_cst);
    if (before - weight >= kFull / 2 || wants_room_.load(std::memory_order_seq_cst) == 0) return 0;
    return wants_room_.exchange(0, std::memory_order_seq_cst);
  }

  /// The oldest message, or null when there is none.
  [[nodiscard]] Message* pop() noexcept {
    if (next_ == nullptr && !begin_chain()) return nullptr;
    Message* const message = next_;
    next_ = message->next;
    // Another core has written what comes next.
    fetch(next_ != nullptr ? next_ : next_chain_);
    return message;
  }

  [[nodiscard]] bool empty() const noexcept {
    return next_ == nullptr && next_chain_ == nullptr && (newest_.load(std::memory_order_acquire) & ~kAsleep) == 0;
  }

  /// Says that the owner is about to sleep. False when something came: it must not.
  [[nodiscard]] bool prepare_to_sleep() noexcept {
    if (next_ != nullptr || next_chain_ != nullptr) return false;
    std::uintptr_t seen = 0;
    return newest_.compare_exchange_strong(seen, kAsleep, std::memory_order_acq_rel, std::memory_order_relaxed);
  }
  void awake() noexcept {
    if ((newest_.load(std::memory_order_relaxed) & kAsleep) != 0) newest_.fetch_and(~kAsleep, std::memory_order_acq_rel);
  }

 private:
  static constexpr std::uintptr_t kAsleep = 1;

  static void fetch(const Message* message) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(message);
    __builtin_prefetch(reinterpret_cast<const void*>(at));
    __builtin_prefetch(reinterpret_cast<const void*>(at + 64));
  }

  bool begin_chain() noexcept {
    if (next_chain_ == nullptr) {
      auto* newest = reinterpret_cast<Message*>(newest_.load(std::memory_order_relaxed) & ~kAsleep);
      if (newest == nullptr) return false;
      newest = reinterpret_cast<Message*>(newest_.exchange(0, std::memory_order_acquire) & ~kAsleep);
      fetch(newest);
      // Newest first as they were pushed; turned round.
      while (newest != nullptr) {
        Message* const older = newest->older;
        newest->older = next_chain_;
        next_chain_ = std::exchange(newest, older);
      }
    }
    next_ = next_chain_;
    next_chain_ = next_->older;
    return true;
  }

  // The owner's.
  Message* next_ = nullptr;
  Message* next_chain_ = nullptr;  ///< Each links to the next newer one by `older`.
  // Everybody's.
  alignas(64) std::atomic<std::uintptr_t> newest_{0};
  std::atomic<std::uint32_t> held_{0};  ///< What weighs what was pushed, and not yet said to be taken.
  std::atomic<std::uint64_t> wants_room_{0};
};

}  // namespace pulpo
