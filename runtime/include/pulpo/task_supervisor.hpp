// SPDX-License-Identifier: Apache-2.0
//
// Task.Supervisor: a dynamic supervisor that runs tasks for others, here or from other nodes.
//
//   start_supervisor({.name = "Chat.Supervisor", .children = {task_supervisor({.name = "Chat.TaskSupervisor"})}});
//   async({.name = "Chat.TaskSupervisor"}, kReceive, text).await();            // pulpo/task.hpp: async(), async_nolink()
//   start_child({.name = "Chat.TaskSupervisor"}, kReceive, text);              // nobody waits for it
//
// Its tasks belong to its application, whoever asked for them: their group leader is the supervisor's (TASK-7).
//
//   Order      It starts one task at a time, and answers when the task's process is there; the work comes from its owner (TASK-6).
//   Ownership  Tasks are its children: when it ends they are asked to end, all at once, each in its own time (SUP-9).
//   Bounds     max_children; without it, what RuntimeOptions::processes_max leaves. A task costs its supervisor what any child of a
//              DynamicSupervisor does.
//   Threads    Inside a process. A function by name runs on the least loaded core.
//   Suspends   All, until the supervisor has answered.
//   Errors     A task that fails is not started again, unless start_child() said so. More than `intensity` restarts within `period` end
//              the supervisor with shutdown (SUP-6).
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "pulpo/dynamic_supervisor.hpp"
#include "pulpo/task.hpp"

namespace pulpo {

/// Those of a dynamic supervisor. Beyond max_children async() exits, and start_child() is refused, with :max_children.
using TaskSupervisorOptions = DynamicSupervisorOptions;

/// As a child of a supervisor; its id is its name (SUP-2).
[[nodiscard]] ChildSpec task_supervisor(const TaskSupervisorOptions& options);
/// Linked to the caller.
[[nodiscard]] Result<Pid> start_task_supervisor(const TaskSupervisorOptions& options);

namespace detail {
[[nodiscard]] Result<Pid> start_task_child(std::shared_ptr<Work> work, const TaskOptions& options);
[[nodiscard]] Result<Pid> start_task_child(const Function& function, std::vector<Term> arguments, const TaskOptions& options);
}  // namespace detail

/// Starts a task whose value nobody wants. TaskOptions::restart says whether it is started again. Errors: refused with :max_children, and
/// those of try_call() when the supervisor is not there.
template <TaskFunction F>
Result<Pid> start_child(const TaskOptions& options, F&& function) {
  return detail::start_task_child(detail::closure_work(std::forward<F>(function)), options);
}
template <class F, class... A>
requires TaskArguments<F, A...> Result<Pid> start_child(const TaskOptions& options, const NamedFunction<F>& function, A&&... arguments) {
  return detail::start_task_child(function, detail::argument_terms<F>(std::forward<A>(arguments)...), options);
}

/// The tasks of a supervisor, in no order. terminate_child(supervisor, pid) ends one of them.
[[nodiscard]] Result<std::vector<Pid>> children(const Address& supervisor);

/// A task as a child of any supervisor: Elixir's {Task, fn -> … end}.
struct TaskChildOptions {
  Term id = "Elixir.Task"_atom;
  Restart restart = Restart::temporary;
  Shutdown shutdown = 5s;
  std::optional<unsigned> core = {};  ///< The least loaded one when empty: the terms that the closure captures must have been share()d.
};
namespace detail {
[[nodiscard]] ChildSpec task_child(const TaskChildOptions& options, std::shared_ptr<Work> work);
}
/// Nobody waits for its value; a restart calls the function again.
template <TaskFunction F>
[[nodiscard]] ChildSpec task(const TaskChildOptions& options, F&& function) {
  return detail::task_child(options, detail::closure_work(std::forward<F>(function)));
}

}  // namespace pulpo
