// SPDX-License-Identifier: Apache-2.0
#include "proc/context.hpp"

#include <cxxabi.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstring>

#include "base/sanitizers.hpp"
#include "pulpo/assert.hpp"

#ifdef PULPO_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace pulpo {
struct StackEntry {
  static void run(boost::context::detail::transfer_t transfer) {
    auto& departed = *static_cast<Stack*>(transfer.data);
    departed.context_ = transfer.fctx;
    // A virgin stack learns from whoever jumped to it which one it is.
    Stack& self = *departed.target_;
    self.learn_thread();
#ifdef PULPO_ASAN
    self.tell_asan_after(departed);
#endif
    *self.of_thread_ = self.exceptions_;
    self.entry_(self.argument_);
    PULPO_ASSERT(!"a stack's entry never returns");
  }
};

Stack::Stack(char* bottom, std::size_t size, void (*entry)(void*), void* argument) noexcept
    : context_(boost::context::detail::make_fcontext(bottom + size, size, &StackEntry::run)),
      bottom_(bottom),
      size_(size),
      entry_(entry),
      argument_(argument) {
#ifdef PULPO_TSAN
  fiber_ = __tsan_create_fiber(0);
#endif
}

Stack::~Stack() {
#ifdef PULPO_TSAN
  if (fiber_ != nullptr && entry_ != nullptr) __tsan_destroy_fiber(fiber_);
#endif
#ifdef PULPO_ASAN
  // Frames of an abandoned loop left their poison behind; the memory goes back to the pool's mapping.
  if (bottom_ != nullptr && entry_ != nullptr) ASAN_UNPOISON_MEMORY_REGION(bottom_, size_);
#endif
}

void Stack::learn_thread() noexcept { of_thread_ = reinterpret_cast<detail::ExceptionState*>(abi::__cxa_get_globals()); }

#ifdef PULPO_ASAN
void Stack::tell_asan_before(Stack& to) noexcept { __sanitizer_start_switch_fiber(&fake_stack_, to.bottom_, to.size_); }

void Stack::tell_asan_after(Stack& departed) noexcept {
  const void* old_bottom = nullptr;
  std::size_t old_size = 0;
  __sanitizer_finish_switch_fiber(fake_stack_, &old_bottom, &old_size);
  if (departed.bottom_ == nullptr) {  // the thread's own stack: only the sanitizer knows its bounds
    departed.bottom_ = static_cast<char*>(const_cast<void*>(old_bottom));
    departed.size_ = old_size;
  }
}
#endif

}  // namespace pulpo
