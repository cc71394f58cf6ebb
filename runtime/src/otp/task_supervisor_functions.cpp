// SPDX-License-Identifier: Apache-2.0
//
// Task.Supervisor, as Elixir's users type it: tasks of a supervisor here or on another node (TASK-6, TASK-7).
#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "otp/supervisor_options.hpp"
#include "otp/task_call.hpp"
#include "pulpo/task_supervisor.hpp"

namespace pulpo {
namespace {

using detail::TaskLink;
using Arguments = std::vector<Term>;

TaskOptions task_options(const ServerArgument& supervisor) {
  if (!supervisor.via) return detail::under(*supervisor.address);
  TaskOptions options;
  options.name = *supervisor.via;
  return options;
}

void read_shutdown(const Keywords& keywords, TaskOptions& options) {
  if (const auto shutdown = keywords.find("shutdown"); shutdown && !decode_into(*shutdown, options.shutdown))
    exit_badarg("shutdown: is milliseconds, :infinity or :brutal_kill");
}

/// {:erlang, :apply, …} of a function, else a call by name.
Term supervised_call(const FunctionArgument<0>& work) { return apply_call(work.function); }
Term supervised_call(Atom module, Atom name, const Arguments& arguments) { return Term::tuple({module, name, Term::list(arguments)}); }

Term supervised_task(const ServerArgument& supervisor, TaskLink link, const Term& call, const Keywords& keywords = {}) {
  keywords.only("Task.Supervisor.async", {"shutdown"});
  TaskOptions options = task_options(supervisor);
  read_shutdown(keywords, options);
  return start_task_call(call, options, link).term();
}

Term supervised_child(const ServerArgument& supervisor, const Term& call, const Keywords& keywords = {}) {
  keywords.only("Task.Supervisor.start_child", {"restart", "shutdown"});
  TaskOptions options = task_options(supervisor);
  read_shutdown(keywords, options);
  if (const auto restart = keywords.find("restart"); restart && !decode_into(*restart, options.restart))
    exit_badarg("restart: is :temporary, :transient or :permanent");
  return started_term(start_task_call_child(call, options));
}

Term start_supervisor_of_tasks(const Keywords& keywords) {
  return started_term(start_task_supervisor(dynamic_options("Task.Supervisor.start_link", keywords)));
}

Term supervised_pids(const ServerArgument& supervisor) {
  const Term rows = call_of(supervisor, "which_children"_atom, {.timeout = Timeout::infinity()});
  std::vector<Term> pids;
  for (std::size_t i = 0; rows.is_proper_list() && i < rows.list_size(); ++i) {
    const Term row = rows.list_at(i);
    if (row.is_tuple(4) && row.elements()[1].is_pid()) pids.push_back(row.elements()[1]);
  }
  return Term::list(pids);
}

constexpr TaskLink kLink = TaskLink::link;
constexpr TaskLink kNoLink = TaskLink::nolink;
using Where = ServerArgument;
using Supervised = FunctionArgument<0>;

}  // namespace

std::span<const Function> task_supervisor_functions() {
  static constexpr Function kRows[] = {
      row("Task.Supervisor.start_link", "Starts a supervisor of tasks, linked to the caller: {:ok, pid}.",
          [] { return start_supervisor_of_tasks({}); }),
      row("Task.Supervisor.start_link", "The same with options: name:, max_children:, max_restarts:, max_seconds:.",
          [](const Keywords& options) { return start_supervisor_of_tasks(options); }),
      row("Task.Supervisor.async", "Starts a task under a supervisor, linked to the caller, and returns the %Task{}.",
          [](const Where& where, const Supervised& work) { return supervised_task(where, kLink, supervised_call(work)); }),
      row("Task.Supervisor.async", "The same with options: shutdown:.",
          [](const Where& where, const Supervised& work, const Keywords& options) {
            return supervised_task(where, kLink, supervised_call(work), options);
          }),
      row("Task.Supervisor.async", "Starts a task under a supervisor by module, name and arguments, linked to the caller.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments) {
            return supervised_task(where, kLink, supervised_call(module, name, arguments));
          }),
      row("Task.Supervisor.async", "The same by module, name and arguments, with options: shutdown:.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments, const Keywords& options) {
            return supervised_task(where, kLink, supervised_call(module, name, arguments), options);
          }),
      row("Task.Supervisor.async_nolink", "Starts a task under a supervisor without a link, and returns the %Task{}.",
          [](const Where& where, const Supervised& work) { return supervised_task(where, kNoLink, supervised_call(work)); }),
      row("Task.Supervisor.async_nolink", "The same with options: shutdown:.",
          [](const Where& where, const Supervised& work, const Keywords& options) {
            return supervised_task(where, kNoLink, supervised_call(work), options);
          }),
      row("Task.Supervisor.async_nolink", "Starts a task under a supervisor by module, name and arguments, without a link.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments) {
            return supervised_task(where, kNoLink, supervised_call(module, name, arguments));
          }),
      row("Task.Supervisor.async_nolink", "The same by module, name and arguments, with options: shutdown:.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments, const Keywords& options) {
            return supervised_task(where, kNoLink, supervised_call(module, name, arguments), options);
          }),
      row("Task.Supervisor.start_child", "Starts a task whose value nobody wants: {:ok, pid} or {:error, :max_children}.",
          [](const Where& where, const Supervised& work) { return supervised_child(where, supervised_call(work)); }),
      row("Task.Supervisor.start_child", "The same with options: restart: and shutdown:.",
          [](const Where& where, const Supervised& work, const Keywords& options) {
            return supervised_child(where, supervised_call(work), options);
          }),
      row("Task.Supervisor.start_child", "Starts a task by module, name and arguments whose value nobody wants: {:ok, pid}.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments) {
            return supervised_child(where, supervised_call(module, name, arguments));
          }),
      row("Task.Supervisor.start_child", "The same by module, name and arguments, with options: restart: and shutdown:.",
          [](const Where& where, Atom module, Atom name, const Arguments& arguments, const Keywords& options) {
            return supervised_child(where, supervised_call(module, name, arguments), options);
          }),
      row("Task.Supervisor.children", "The pids of a supervisor's tasks.", [](const Where& where) { return supervised_pids(where); }),
      row("Task.Supervisor.terminate_child", "Ends a task of a supervisor: :ok or {:error, :not_found}.",
          [](const Where& where, const Pid& pid) {
            return call_of(where, Term::tuple({"terminate_child"_atom, pid}), {.timeout = Timeout::infinity()});
          }),
      row("Task.Supervisor.child_spec", "The child specification of a supervisor of tasks with these options.",
          [](const Keywords& options) { return supervisor_child_spec("Elixir.Task.Supervisor"_atom, options); }),
  };
  return kRows;
}

}  // namespace pulpo
