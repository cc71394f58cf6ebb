// SPDX-License-Identifier: Apache-2.0
//
// ChildSpecTerm: child specifications as terms, as Elixir writes them in a list of children: a map with id: and start:, {Module,
// argument}, or Module (SUP-2).
//
// A module that has child_spec/1 says its own; of another its start_link/1 is called with the argument.
//
//   Threads    Inside a process; child_of() in any.
//   Suspends   Where a child_spec/1 does.
//   Errors     expanded_child_spec() exits the caller with {:badarg, text} for what is none of the three.
#pragma once

#include "pulpo/supervisor.hpp"

namespace pulpo {

/// The map that a specification stands for, asked of its module here.
[[nodiscard]] Term expanded_child_spec(const Term& child);
/// What a supervisor keeps of such a map. It starts the child by calling {module, name, arguments} in the supervisor's process. Errors:
/// refused with the fault in OTP's words, {:invalid_restart_type, …} and the like.
[[nodiscard]] Result<ChildSpec> child_of(const Term& map);
/// The specification in a request to a supervisor: a C++ one of this node, or a map. Errors: as child_of().
[[nodiscard]] Result<ChildSpec> requested_child(const Term& carried);

}  // namespace pulpo
