// SPDX-License-Identifier: Apache-2.0
//
// Interfaces: what network interfaces this host has, and when that changes, as the kernel says by netlink.
//
//   Ownership  A descriptor that is returned is the caller's.
//   Threads    Any.
//   Suspends   Never; list() waits for the kernel's answer, which is there at once.
//   Errors     Faults; where netlink is forbidden (a sandbox), not_allowed or io.
#pragma once

#include <vector>

#include "io/loop.hpp"
#include "io/socket.hpp"

namespace pulpo::io::interfaces {

/// As Loop::interfaces().
[[nodiscard]] Outcome<std::vector<Interface>> list();
/// A netlink socket that becomes readable with each change of links and addresses.
[[nodiscard]] Outcome<int> watch(socket::Mode mode);

}  // namespace pulpo::io::interfaces
