// SPDX-License-Identifier: Apache-2.0
//
// poll(): waits for a descriptor of one's own: a GPIO line's events, an inotify, a library's socket.
//
//   const int events = poll(library.descriptor(), POLLIN, 5s).value();   // suspends this process alone
//
// Streams, files and terminals have calls of their own: pulpo/tcp.hpp, pulpo/file.hpp, pulpo/device.hpp.
//
//   Ownership  The descriptor stays the caller's, who closes it after the call and not during it.
//   Threads    Inside a process. Several may wait for the same descriptor.
//   Suspends   Until an event holds, the deadline passes, or the process is killed.
//   Errors     timeout; killed (where nothing is thrown); bad_argument; closed (no such descriptor); io.
#pragma once

#include "pulpo/error.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

/// Returns those of `events` (POLLIN, POLLOUT, POLLPRI of <poll.h>) that hold; POLLERR and POLLHUP come unasked. A regular file is ready
/// at any time. In a simulation there are no descriptors but those of pulpo's own objects.
[[nodiscard]] Result<short> poll(int descriptor, short events, Timeout timeout = Timeout::infinity());

}  // namespace pulpo
