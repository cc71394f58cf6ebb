// SPDX-License-Identifier: Apache-2.0
//
// Stack and switch_stack(): one coroutine's stack, and the jump from one to another.
//
// The only room that speaks Boost.Context and tells the sanitizers where the program runs. The state of C++ exceptions
// (what is being caught, how many are in flight) belongs to a stack and travels with it: otherwise `throw;` on one
// coroutine could rethrow another's exception.
//
//   Ownership  The control block lies at the top of the stack's own memory; StackPool owns that.
//   Threads    A stack never leaves the thread it was first run on.
//   Cost       switch_stack(): see bench_process, RawSwitch; the exception state is 1 ns of it.
#pragma once

#include <cstddef>

#include "base/sanitizers.hpp"

namespace pulpo {

class Stack;

namespace detail {

/// What Boost.Context's jump_fcontext() returns: where the stack that was left goes on, and what was handed over.
struct Transfer {
  void* context;
  void* data;
};
/// That function, by its symbol: the header of Boost.Context stays in context.cpp.
Transfer jump(void* to, void* data) noexcept asm("jump_fcontext");

/// The two words behind __cxa_get_globals(): the ABI gives no names to them, only their order (Itanium C++ ABI, 2.2.2).
struct ExceptionState {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

}  // namespace detail

class Stack {
 public:
  /// Describes the memory [bottom, bottom + size) below this control block; it will run entry(argument), which never returns.
  Stack(char* bottom, std::size_t size, void (*entry)(void*), void* argument) noexcept;
  /// Stands for the stack that the thread itself runs on; its bounds are learnt at the first switch away from it.
  Stack() noexcept = default;
  ~Stack();
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  [[nodiscard]] char* bottom() const noexcept { return bottom_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Asks the processor for this control block; and, once that is here, for the frames that will run next.
  void prefetch() const noexcept { __builtin_prefetch(this); }
  void prefetch_frames() const noexcept {
    // 512 bytes: what a suspended call has between the switch and its caller.
    for (int line = 0; line < 8; ++line) __builtin_prefetch(static_cast<const char*>(context_) + line * 64);
  }

  Stack* next = nullptr;  ///< For the pool's free list.
  bool guarded = false;   ///< A page that nobody may touch lies under it.

 private:
  friend void switch_stack(Stack& from, Stack& to) noexcept;
  friend struct StackEntry;
  void learn_thread() noexcept;
  void tell_asan_before(Stack& to) noexcept;
  void tell_asan_after(Stack& departed) noexcept;

  void* context_ = nullptr;                      ///< Where it goes on; Boost.Context's fcontext_t.
  Stack* target_ = nullptr;                      ///< While it jumps: where to.
  detail::ExceptionState* of_thread_ = nullptr;  ///< What the C++ runtime looks at; known once we have run.
  detail::ExceptionState exceptions_;            ///< Ours, while we are left.
  char* bottom_ = nullptr;
  std::size_t size_ = 0;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  void* fake_stack_ = nullptr;  ///< AddressSanitizer's.
  void* fiber_ = nullptr;       ///< ThreadSanitizer's.
};

/// Leaves `from`, which is the stack we are on, and goes on where `to` was left. Returns when somebody switches back to `from`.
/// Inlined: a function that is entered on one stack and left on another is never returned from to where the processor predicts.
[[gnu::always_inline]] inline void switch_stack(Stack& from, Stack& to) noexcept {
  if (from.of_thread_ == nullptr) from.learn_thread();
  from.exceptions_ = *from.of_thread_;
  from.target_ = &to;
#ifdef PULPO_ASAN
  from.tell_asan_before(to);
#endif
#ifdef PULPO_TSAN
  // Here and not in a function of its own, whose return would be noted on the other stack.
  if (from.fiber_ == nullptr) from.fiber_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(to.fiber_, 0);
#endif
  const detail::Transfer transfer = detail::jump(to.context_, &from);
  auto& departed = *static_cast<Stack*>(transfer.data);
  departed.context_ = transfer.context;
#ifdef PULPO_ASAN
  from.tell_asan_after(departed);
#endif
  *from.of_thread_ = from.exceptions_;
}

}  // namespace pulpo
