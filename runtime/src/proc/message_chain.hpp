// SPDX-License-Identifier: Apache-2.0
//
// MessageChain: blocks in a row, first in, first out: those that were made side by side are used side by side, which a processor that
// reads ahead is glad of.
//
//   Ownership  None: whoever has the chain has its blocks.
//   Threads    One core's.
#pragma once

#include <utility>

#include "proc/message.hpp"

namespace pulpo {

class MessageChain {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] unsigned size() const noexcept { return size_; }
  void push_back(Message* message) noexcept {
    message->next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = message;
    last_ = message;
    ++size_;
  }
  /// Null when there is none.
  [[nodiscard]] Message* pop_front() noexcept {
    Message* const message = first_;
    if (message == nullptr) return nullptr;
    first_ = message->next;
    --size_;
    return message;
  }
  /// All of it, linked by `next`.
  [[nodiscard]] Message* take_all() noexcept {
    size_ = 0;
    return std::exchange(first_, nullptr);
  }
  /// All of it as one message: the first carries the others.
  [[nodiscard]] Message* take_as_recycle() noexcept {
    Message* const first = pop_front();
    first->kind = Signal::recycle;
    first->others = {first_, last_};
    first_ = nullptr;
    size_ = 0;
    return first;
  }

 private:
  Message* first_ = nullptr;
  Message* last_ = nullptr;
  unsigned size_ = 0;
};

}  // namespace pulpo
