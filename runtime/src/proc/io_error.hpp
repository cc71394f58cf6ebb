// SPDX-License-Identifier: Apache-2.0
//
// io_error(): what the kernel said, in the codes and reasons of a process.
#pragma once

#include <string>

#include "pulpo/error.hpp"

namespace pulpo {

/// The atom that OTP has for an errno: :econnrefused, :enoent; :unknown for one that it has no name for.
[[nodiscard]] Atom errno_atom(int sys);
/// Error::code by what the caller can do next, `reason` as above. `where` is static text, `detail` names what it was about.
[[nodiscard]] Error io_error(int sys, const char* where, std::string detail = {});
/// What the loop says of an address, a path or a socket, with its errno as `reason`.
[[nodiscard]] Error io_error(const Fault& fault);

}  // namespace pulpo
