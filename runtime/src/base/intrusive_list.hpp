// SPDX-License-Identifier: Apache-2.0
//
// IntrusiveList: a doubly linked list whose links live inside its elements.
//
//   Ownership  None: an element must leave the list before it dies (its hook asserts so).
//   Threads    One.
//   Cost       push, remove: a few stores, no allocation.
#pragma once

#include <cstddef>

#include "pulpo/assert.hpp"

namespace pulpo {

/// Base of an element; `Tag` tells several lists of one element apart.
template <class Tag = void>
class ListHook {
 public:
  ListHook() noexcept = default;
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;
  ~ListHook() { PULPO_ASSERT(!is_linked()); }

  [[nodiscard]] bool is_linked() const noexcept { return next_ != nullptr; }
  /// Leaves whatever list it is on; nothing happens when it is on none.
  void unlink() noexcept {
    if (!is_linked()) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class U>
  friend class IntrusiveList;
  ListHook* next_ = nullptr;
  ListHook* previous_ = nullptr;
};

template <class T, class Tag = void>
class IntrusiveList {
  using Hook = ListHook<Tag>;

 public:
  IntrusiveList() noexcept { head_.next_ = head_.previous_ = &head_; }
  ~IntrusiveList() {
    PULPO_ASSERT(empty());
    head_.next_ = head_.previous_ = nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
  [[nodiscard]] T* front() noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }

  void push_back(T& element) noexcept {
    Hook& hook = element;
    PULPO_ASSERT(!hook.is_linked());
    hook.next_ = &head_;
    hook.previous_ = head_.previous_;
    head_.previous_->next_ = &hook;
    head_.previous_ = &hook;
  }
  T* pop_front() noexcept {
    T* first = front();
    if (first != nullptr) static_cast<Hook*>(first)->unlink();
    return first;
  }

  /// Calls `visit(element)` for each; `visit` may unlink the element it is given, and no other.
  template <class F>
  void for_each(F&& visit) {
    for (Hook* hook = head_.next_; hook != &head_;) {
      Hook* next = hook->next_;
      visit(*static_cast<T*>(hook));
      hook = next;
    }
  }

 private:
  Hook head_;
};

}  // namespace pulpo
