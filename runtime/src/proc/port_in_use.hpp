// SPDX-License-Identifier: Apache-2.0
//
// when_port_is_free(): opens a socket on a port that another may be about to leave.
//
// A socket that is closed while an operation is pending on it is gone after the next turn of its loop, and a supervisor starts the next
// server before that, maybe on another core.
#pragma once

#include <cerrno>

#include "pulpo/process.hpp"
#include "pulpo/result.hpp"

namespace pulpo {

/// `open()` again while it says that the port is in use, 50 times at most, 2 ms apart: a turn takes some µs as a rule, and a handler
/// that holds up the other core a few ms. Suspends in between.
template <class F>
auto when_port_is_free(F&& open) {
  auto opened = open();
  for (int left = 50; !opened && opened.error().sys == EADDRINUSE && left > 0; --left) {
    sleep(2ms);
    opened = open();
  }
  return opened;
}

}  // namespace pulpo
