// SPDX-License-Identifier: Apache-2.0
//
// One question to this host's mapper, for the commands that ask nothing else.
//
//   Suspends   Blocks its thread, on a loop of its own, for `timeout` at most. Not for use inside a node.
//   Errors     nodedown: no mapper there. timeout, bad_message: something else has the port.
#pragma once

#include "mapper/client.hpp"

namespace pulpo::cli {

[[nodiscard]] Outcome<mapper::TextReply> ask_names(std::uint16_t port, Timeout timeout);

}  // namespace pulpo::cli
