// SPDX-License-Identifier: Apache-2.0
//
// MessagePool: one core's free list of message blocks.
//
//   Bounds     Grows by slabs of 256 with what is queued at once, which mailbox and link limits bound; never shrinks, since the
//              next burst would pay for it again.
//   Threads    One core's. A block that another core is done with carries that core's next message here, or comes home with others as
//              Signal::recycle.
//   Cost       take(), give(): a few ns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "proc/message.hpp"

namespace pulpo {

class MessagePool {
 public:
  explicit MessagePool(std::uint8_t owner) noexcept : owner_(owner) {}
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;

  /// A fresh message of this kind, for a mailbox of the same core: who it is from and its content are the caller's to fill in.
  [[nodiscard]] Message* take_bare(Signal kind) {
    if (free_ == nullptr) [[unlikely]]
      grow();
    Message* const message = free_;
    free_ = message->next;
    message->kind = kind;
    message->by_name = false;
    return message;
  }
  /// A fresh message of this kind.
  [[nodiscard]] Message* take(Signal kind) {
    if (free_ == nullptr) grow();
    Message* const message = free_;
    free_ = message->next;
    message->next = nullptr;
    message->kind = kind;
    message->by_name = false;
    message->from = {};
    message->ref = {};
    return message;
  }
  /// `message` must be one of ours; its term is let go.
  void give(Message* message) noexcept {
    message->clear();
    message->next = free_;
    free_ = message;
  }

  /// Blocks that come home together, empty already.
  void give_all(Message* first) noexcept {
    if (Message* const others = first->others.first; others != nullptr) {
      first->others.last->next = free_;
      free_ = others;
    }
    first->kind = Signal::message;
    first->ref = {};
    first->next = free_;
    free_ = first;
  }

  /// Blocks that somebody has, on whichever core. Counts the free ones: slow, and nothing on the way of a message.
  [[nodiscard]] std::size_t in_use() const noexcept {
    std::size_t free = 0;
    for (const Message* each = free_; each != nullptr; each = each->next) ++free;
    return slabs_.size() * kSlabMessages - free;
  }

 private:
  static constexpr std::size_t kSlabMessages = 256;
  void grow() {
    auto slab = std::make_unique<Message[]>(kSlabMessages);
    for (std::size_t i = kSlabMessages; i-- > 0;) {
      slab[i].owner = owner_;
      slab[i].next = free_;
      free_ = &slab[i];
    }
    slabs_.push_back(std::move(slab));
  }

  const std::uint8_t owner_;
  Message* free_ = nullptr;
  std::vector<std::unique_ptr<Message[]>> slabs_;
};

}  // namespace pulpo
