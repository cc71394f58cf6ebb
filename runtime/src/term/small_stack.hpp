// SPDX-License-Identifier: Apache-2.0
//
// SmallStack: the stack of a walk over a term. The first entries lie in the walker's own frame; a deep
// term's go to the heap, since a coroutine's stack is 64 KiB.
//
//   Bounds     What the term's depth and width ask for; the entries are plain data.
//   Errors     Out of memory stops the node.
#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace pulpo::detail {

template <class T, std::size_t kInline>
class SmallStack {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  [[nodiscard]] bool empty() const noexcept { return inline_count_ == 0; }
  [[nodiscard]] T& top() noexcept { return heap_.empty() ? inline_[inline_count_ - 1] : heap_.back(); }
  void push(const T& value) noexcept {
    if (inline_count_ < kInline) {
      inline_[inline_count_++] = value;
    } else {
      heap_.push_back(value);
    }
  }
  void pop() noexcept {
    if (heap_.empty()) {
      --inline_count_;
    } else {
      heap_.pop_back();
    }
  }

 private:
  std::size_t inline_count_ = 0;
  T inline_[kInline];
  std::vector<T> heap_;
};

}  // namespace pulpo::detail
