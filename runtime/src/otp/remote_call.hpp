// SPDX-License-Identifier: Apache-2.0
//
// What remote spawn and rpc share: requests with the group leader that their processes get (IO-4).
//
//   Threads    Inside a process.
//   Errors     More than 255 arguments exit with {:badarg, text}.
#pragma once

#include <span>

#include "pulpo/remote.hpp"

namespace pulpo {

[[nodiscard]] Atom node_of(const OnNode& node);
/// A SpawnRequest; `options` are its bits.
[[nodiscard]] Term request_for(int options, const FunctionName& function, std::span<const Term> arguments);

}  // namespace pulpo
