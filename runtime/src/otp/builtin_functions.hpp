// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions: what every node exports besides its applications, under the names that Elixir and Erlang have for them. Those that
// need other nodes are the cluster's (pulpo/net/node_functions.hpp).
//
//   Threads    They run inside a process, the one that applies them.
//   Errors     As any function by name: arguments of other types are {:function_clause, …}. What Elixir raises as an ArgumentError exits
//              with :badarg, or with {:badarg, text}.
#pragma once

#include <span>
#include <vector>

#include "pulpo/function.hpp"

namespace pulpo {

/// All of them: the tables below.
[[nodiscard]] std::vector<Function> builtin_functions();

// A table for each of Elixir's modules, or for some that belong together.
[[nodiscard]] std::span<const Function> io_functions();                  ///< IO, :io
[[nodiscard]] std::span<const Function> process_functions();             ///< Process
[[nodiscard]] std::span<const Function> erlang_functions();              ///< :erlang
[[nodiscard]] std::span<const Function> server_functions();              ///< GenServer, :sys
[[nodiscard]] std::span<const Function> task_functions();                ///< Task
[[nodiscard]] std::span<const Function> task_supervisor_functions();     ///< Task.Supervisor
[[nodiscard]] std::span<const Function> supervisor_functions();          ///< Supervisor
[[nodiscard]] std::span<const Function> dynamic_supervisor_functions();  ///< DynamicSupervisor
[[nodiscard]] std::span<const Function> application_functions();         ///< Application, :application
[[nodiscard]] std::span<const Function> logger_functions();              ///< Logger
[[nodiscard]] std::span<const Function> system_functions();              ///< System, :init
[[nodiscard]] std::span<const Function> timer_functions();               ///< :timer
[[nodiscard]] std::span<const Function> rpc_functions();                 ///< :rpc, :erpc

}  // namespace pulpo
