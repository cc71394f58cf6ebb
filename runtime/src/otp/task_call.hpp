// SPDX-License-Identifier: Apache-2.0
//
// Tasks whose work is a term, {module, name, arguments}: for those who have no more than a name or a function value (task_functions.cpp).
// A function value is called as {:erlang, :apply, [function, arguments]}, as Elixir does it.
//
//   Threads    Inside a process.
//   Suspends   As pulpo/task.hpp says.
//   Errors     A supervisor that is not there exits the caller (TASK-8).
#pragma once

#include "pulpo/task.hpp"

namespace pulpo {

[[nodiscard]] detail::TaskHandle start_task_call(const Term& call, const TaskOptions& options, detail::TaskLink link);
/// Of a supervisor; nobody waits for its value. Errors: refused with :max_children.
[[nodiscard]] Result<Pid> start_task_call_child(const Term& call, const TaskOptions& options);
/// Under nobody: Task.start and Task.start_link. The caller exits with system_limit when there is no room.
[[nodiscard]] Pid spawn_task_call(const Term& call, detail::TaskLink link);

/// {:erlang, :apply, [function, arguments]}.
[[nodiscard]] Term apply_call(const Term& function, std::span<const Term> arguments = {});

}  // namespace pulpo
