// SPDX-License-Identifier: Apache-2.0
//
// PULPO_ASSERT: the runtime itself is wrong, so the node stops and says where.
//
// Kept on in release builds. Never used for bad input from outside: that is an error value.
#pragma once

namespace pulpo::detail {

/// Prints `file:line: assertion failed: expression` to stderr with write(2) and aborts.
/// Safe on any thread and on any stack; allocates nothing.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace pulpo::detail

#define PULPO_ASSERT(expression)                                             \
  (__builtin_expect(static_cast<bool>(expression), 1) ? static_cast<void>(0) \
                                                      : ::pulpo::detail::assertion_failed(#expression, __FILE__, __LINE__))
