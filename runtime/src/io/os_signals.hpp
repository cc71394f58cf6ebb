// SPDX-License-Identifier: Apache-2.0
//
// os_signals: signals of the operating system as descriptors that become readable, for Loop::watch_signal().
//
// What a signal does is one thing for the whole program, so this is state of the program and not of a loop: for each signal who watches
// it, and what it did before anybody here did. One handler writes to the eventfd of each watcher and does nothing else, on whichever
// thread of the program the kernel chose.
//
//   Ownership  watch()'s descriptor is the caller's, who calls unwatch() before it is closed.
//   Threads    watch(), unwatch(): any. The handler runs on threads that do not block the signal: not on those of a runtime. It takes no
//              lock; unwatch() waits, some microseconds, until no handler is at work that may still know the descriptor.
//   Order      The first watcher of a signal installs the handler, the last one puts back what was there before, unless somebody else has
//              taken the signal meanwhile.
//   Errors     What eventfd(2) and sigaction(2) say.
#pragma once

#include "pulpo/result.hpp"

namespace pulpo::io::os_signals {

/// Signals from here on are the real-time ones, which are not watched.
inline constexpr int kEnd = 32;

/// A new descriptor, non-blocking, from which 8 bytes can be read once `number` (below kEnd) has come.
[[nodiscard]] Outcome<int> watch(int number);
/// From when this returns nothing is written to it any more.
void unwatch(int descriptor) noexcept;

}  // namespace pulpo::io::os_signals
