// SPDX-License-Identifier: Apache-2.0
//
// Chardata: what Erlang lets one print: binaries and code points, in lists of lists of them.
//
//   Threads    Any.
//   Bounds     Nesting takes memory of the heap, not of the stack.
#pragma once

#include <string>

#include "pulpo/term.hpp"

namespace pulpo {

enum class Encoding : std::uint8_t { unicode, latin1 };

/// Appends it as UTF-8. With `latin1` a byte is a code point and code points are bytes; with `unicode` binaries are taken as they are.
/// False when it is no chardata; `out` may then hold part of it.
[[nodiscard]] bool append_chardata(const Term& chars, Encoding encoding, std::string& out);

}  // namespace pulpo
