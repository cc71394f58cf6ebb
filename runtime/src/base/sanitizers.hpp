// SPDX-License-Identifier: Apache-2.0
//
// Which sanitizer this is compiled for (PULPO_ASAN, PULPO_TSAN), and what ThreadSanitizer has to be told.
//
// It takes two accesses for ordered when it saw what orders them: a lock, an atomic, a system call of libc's. What only the kernel
// orders it is told here, at the one place where that happens.
//
//   Threads    Any.
//   Cost       None without ThreadSanitizer.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define PULPO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PULPO_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define PULPO_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PULPO_TSAN 1
#endif
#endif

#ifdef PULPO_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace pulpo {

#ifdef PULPO_TSAN
inline constexpr bool kIsThreadSanitized = true;
#else
inline constexpr bool kIsThreadSanitized = false;
#endif

/// What this thread did so far comes before whatever a thread does after its kernel_acquire() of the same key.
inline void kernel_release([[maybe_unused]] void* key) noexcept {
#ifdef PULPO_TSAN
  __tsan_release(key);
#endif
}
inline void kernel_acquire([[maybe_unused]] void* key) noexcept {
#ifdef PULPO_TSAN
  __tsan_acquire(key);
#endif
}

}  // namespace pulpo
