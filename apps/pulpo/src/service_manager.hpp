// SPDX-License-Identifier: Apache-2.0
//
// What a service manager (systemd) hands to a program that it starts, and what it wants to hear: sd_listen_fds(3) and sd_notify(3).
//
// A few lines instead of libsystemd, which a static program for boards does without.
//
//   Bounds     kListenersMax sockets.
//   Ownership  The caller owns the descriptors.
//   Threads    The program's first, before there are others: the environment is changed.
//   Errors     take_listeners(): wrong usage, with the variable that is wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace pulpo::cli {

/// As many addresses as a mapper listens on (EPMD-1).
inline constexpr std::uint64_t kListenersMax = 16;

/// The sockets that LISTEN_FDS counts, when LISTEN_PID means this process; none otherwise. Makes them close-on-exec, and takes the
/// variables away either way, so that no program started by this one believes that they are its own.
[[nodiscard]] Outcome<std::vector<int>> take_listeners(const Environment& environment);

/// Sends `state` ("READY=1") to the datagram socket that NOTIFY_SOCKET names, a path or "@" and an abstract name. Without the variable
/// nobody asked, and that is no error; nor does it matter to the service itself when nobody listens there.
void tell_service_manager(const Environment& environment, std::string_view state) noexcept;

}  // namespace pulpo::cli
