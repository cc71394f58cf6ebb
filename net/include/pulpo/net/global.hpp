// SPDX-License-Identifier: Apache-2.0
//
// Global names: one table of names for the whole cluster, as OTP's `global` keeps it. `{:global, name}` in calls and in Name
// (pulpo/name_space.hpp) is this table once start_cluster() has run.
//
//   register_global(Term("weather"_atom), self());
//   start_link<Calendar>({.name = global("Distro.Calendar")});       // the same, by the server itself
//
//   Order      A name is known on every node before register_global() returns; it is gone everywhere with its process, and with its
//              node before anybody is told of that node's end (GLOBAL-7).
//   Threads    Inside a process of a node with a cluster.
//   Suspends   All but global_names(): until all connected nodes have answered. whereis() of a name that is not known: for as long as
//              a node that has just been met has not said its names, at most a second (WK-3).
//   Errors     Nothing is locked, so that nothing deadlocks: who registers what another registers just then gets false.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pulpo/name_space.hpp"

namespace pulpo {

/// What becomes of a name that two processes have when a partition heals (GLOBAL-24). The process on the smaller node's name decides.
enum class NameConflict : std::uint8_t {
  keep_longest,        ///< Who has had it for longer keeps it; the other is killed. OTP has no such method, and decides by the node's name.
  random_exit_name,    ///< OTP's default: the one on the greater node's name is killed.
  random_notify_name,  ///< That one loses the name, and gets {:global_name_conflict, name}.
  notify_all_name,     ///< Both lose it, and get {:global_name_conflict, name, other_pid}.
};

/// GLOBAL-2: false when a living process has the name. A process may have several (in OTP it may not, GLOBAL-3).
[[nodiscard]] bool register_global(const Term& name, const Pid& pid, NameConflict method = NameConflict::keep_longest);
/// GLOBAL-6: whoever had the name has it no more, and is not told.
bool re_register_global(const Term& name, const Pid& pid, NameConflict method = NameConflict::keep_longest);
/// GLOBAL-5: whoever has it.
void unregister_global(const Term& name);
/// All that are known here (GLOBAL-4).
[[nodiscard]] std::vector<Term> global_names();
/// Waits until every connected node has said its names (GLOBAL-22), for a second at most.
void sync_global();

}  // namespace pulpo
