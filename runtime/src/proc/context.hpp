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
//   Cost       switch_stack(): about 7 ns, of which the exception state is 1.
#pragma once

#include <cstddef>

namespace pulpo {

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
  void arrived(Stack& departed) noexcept;

  void* context_ = nullptr;  ///< Where it goes on; Boost.Context's fcontext_t.
  Stack* target_ = nullptr;  ///< While it jumps: where to.
  char* bottom_ = nullptr;
  std::size_t size_ = 0;
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  void* caught_exceptions_ = nullptr;  ///< __cxa_eh_globals of the Itanium C++ ABI, first word
  unsigned uncaught_exceptions_ = 0;   ///< and second.
  void* fake_stack_ = nullptr;         ///< AddressSanitizer's.
  void* fiber_ = nullptr;              ///< ThreadSanitizer's.
};

/// Leaves `from`, which is the stack we are on, and goes on where `to` was left. Returns when somebody switches back to `from`.
void switch_stack(Stack& from, Stack& to) noexcept;

}  // namespace pulpo
