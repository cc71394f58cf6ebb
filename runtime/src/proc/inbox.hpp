// SPDX-License-Identifier: Apache-2.0
//
// Inbox: what other threads want of a core, and the bell that wakes it.
//
// A queue of many producers and one consumer (Vyukov's), filled with whole chains: a core gathers what it has for
// another during a slice and pushes it at once. A sleeping core is woken once, by the first push that finds it asleep; a core that is
// awake costs the producer no system call.
//
//   Order      Chains of one producer stay in order.
//   Bounds     None of its own: mailbox limits bound what processes gather.
//   Threads    push(): any. The rest: the owner's.
//   Cost       push(): one atomic exchange a chain.
#pragma once

#include <atomic>

#include "proc/message.hpp"

namespace pulpo {

class Inbox {
 public:
  Inbox() noexcept : head_(&stub_), tail_(&stub_) {}

  /// Appends the chain first … last. True when `ring` was asked for, the owner was asleep, and the caller must wake its loop.
  [[nodiscard]] bool push(Message* first, Message* last, bool ring) noexcept {
    last->next = nullptr;
    Message* const previous = tail_.exchange(last, std::memory_order_acq_rel);
    std::atomic_ref(previous->next).store(first, std::memory_order_release);
    if (!ring) return false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return sleeping_.load(std::memory_order_relaxed) && sleeping_.exchange(false, std::memory_order_acq_rel);
  }

  /// The oldest message, or null when there is none (or when its producer is between its two stores: it comes with the next look).
  [[nodiscard]] Message* pop() noexcept {
    Message* head = head_;
    Message* next = std::atomic_ref(head->next).load(std::memory_order_acquire);
    if (head == &stub_) {
      if (next == nullptr) return nullptr;
      head_ = head = next;
      next = std::atomic_ref(head->next).load(std::memory_order_acquire);
    }
    if (next != nullptr) {
      head_ = next;
      return head;
    }
    if (head != tail_.load(std::memory_order_acquire)) return nullptr;
    // `head` is the last: put the stub behind it, so that it can be taken out.
    stub_.next = nullptr;
    Message* const previous = tail_.exchange(&stub_, std::memory_order_acq_rel);
    std::atomic_ref(previous->next).store(&stub_, std::memory_order_release);
    next = std::atomic_ref(head->next).load(std::memory_order_acquire);
    if (next == nullptr) return nullptr;
    head_ = next;
    return head;
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == &stub_ && tail_.load(std::memory_order_acquire) == &stub_; }

  /// Says that the owner is about to sleep. False when something came: it must not.
  [[nodiscard]] bool prepare_to_sleep() noexcept {
    sleeping_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (empty()) return true;
    sleeping_.store(false, std::memory_order_relaxed);
    return false;
  }
  void awake() noexcept { sleeping_.store(false, std::memory_order_relaxed); }

 private:
  Message* head_;
  Message stub_;
  alignas(64) std::atomic<Message*> tail_;
  std::atomic<bool> sleeping_{false};
};

}  // namespace pulpo
