// SPDX-License-Identifier: Apache-2.0
//
// Task, as Elixir's users type it: a task is the struct that Elixir has, and whoever made it asks for its value.
#include "otp/task_functions.hpp"

#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "otp/task_call.hpp"

namespace pulpo {

using detail::TaskHandle;
using detail::TaskLink;

bool Codec<TaskArgument>::decode(const Term& term, TaskArgument& out) {
  if (!term.is_map()) return false;
  const auto field = [&term](Atom key) { return term.map_find(key); };
  const Term* const name = field("__struct__"_atom);
  const Term* const pid = field("pid"_atom);
  const Term* const ref = field("ref"_atom);
  const Term* const owner = field("owner"_atom);
  if (name == nullptr || !name->is_atom("Elixir.Task"_atom) || pid == nullptr || !pid->is_pid() || ref == nullptr || !ref->is_ref() ||
      owner == nullptr || !owner->is_pid())
    return false;
  const Term* const mfa = field("mfa"_atom);
  out.handle = {.pid = pid->pid(), .ref = ref->ref(), .owner = owner->pid(), .function = mfa == nullptr ? Term() : *mfa};
  return true;
}

Term task_end_term(const std::optional<Result<Term>>& end) {
  if (!end) return {};
  return *end ? Term::tuple({atoms::ok, **end}) : Term::tuple({"exit"_atom, end->error().reason});
}

namespace {

Term named_call(Atom module, Atom name, const std::vector<Term>& arguments) { return Term::tuple({module, name, Term::list(arguments)}); }

Term async_task(const Term& call) { return start_task_call(call, {}, TaskLink::link).term(); }
Term ok_pid(const Pid& pid) { return Term::tuple({atoms::ok, pid}); }

Term await_task(const TaskArgument& task, Timeout timeout) {
  const auto value = task.handle.try_await(timeout);
  if (!value) task.handle.exit_await(value.error().reason, timeout);
  return *value;
}

std::vector<const TaskHandle*> task_handles(const std::vector<TaskArgument>& tasks) {
  std::vector<const TaskHandle*> handles;
  handles.reserve(tasks.size());
  for (const TaskArgument& task : tasks) handles.push_back(&task.handle);
  return handles;
}

std::vector<Term> await_tasks(const std::vector<TaskArgument>& tasks, Timeout timeout) {
  return detail::await_all(task_handles(tasks), timeout);
}

std::vector<Term> yield_tasks(const std::vector<TaskArgument>& tasks, Timeout timeout) {
  const auto ends = detail::yield_all(task_handles(tasks), timeout);
  std::vector<Term> pairs;
  for (std::size_t i = 0; i < tasks.size(); ++i) pairs.push_back(Term::tuple({tasks[i].handle.term(), task_end_term(ends[i])}));
  return pairs;
}

Term shut_down(const TaskArgument& task, const Term& patience) {
  Shutdown shutdown = 5s;
  if (!decode_into(patience, shutdown)) exit_badarg("Task.shutdown takes a time in milliseconds, :infinity or :brutal_kill");
  return task_end_term(task.handle.shutdown(shutdown));
}

Term task_child_spec(const Term& function) {
  return Term::map({{"id"_atom, "Elixir.Task"_atom},
                    {"start"_atom, Term::tuple({"Elixir.Task"_atom, "start_link"_atom, Term::list({function})})},
                    {"restart"_atom, "temporary"_atom}});
}

using Work = FunctionArgument<0>;
using Arguments = std::vector<Term>;

}  // namespace

std::span<const Function> task_functions() {
  static constexpr Function kRows[] = {
      row("Task.async", "Starts a task that calls the function, linked to the caller, and returns the %Task{}.",
          [](const Work& work) { return async_task(apply_call(work.function)); }),
      row("Task.async", "Starts a task that calls a function by module, name and arguments, and returns the %Task{}.",
          [](Atom module, Atom name, const Arguments& arguments) { return async_task(named_call(module, name, arguments)); }),
      row("Task.await", "The value of a task, waited for 5000 ms; exits when it failed or is late.",
          [](const TaskArgument& task) { return await_task(task, 5s); }),
      row("Task.await", "The value of a task, waited for so many milliseconds or for ever; exits when it failed or is late.",
          [](const TaskArgument& task, const Patience& patience) { return await_task(task, patience.timeout); }),
      row("Task.await_many", "The values of several tasks, in their order, waited for 5000 ms; exits when one failed or is late.",
          [](const std::vector<TaskArgument>& tasks) { return await_tasks(tasks, 5s); }),
      row("Task.await_many", "The values of several tasks, in their order, waited for so many milliseconds or for ever.",
          [](const std::vector<TaskArgument>& tasks, const Patience& patience) { return await_tasks(tasks, patience.timeout); }),
      row("Task.yield", "{:ok, value} or {:exit, reason} of a task; nil when it has not ended within 5000 ms.",
          [](const TaskArgument& task) { return task_end_term(task.handle.yield(5s)); }),
      row("Task.yield", "{:ok, value} or {:exit, reason} of a task; nil when it has not ended within so many milliseconds.",
          [](const TaskArgument& task, const Patience& patience) { return task_end_term(task.handle.yield(patience.timeout)); }),
      row("Task.yield_many", "Of each task {task, {:ok, value}}, {task, {:exit, reason}}, or {task, nil} after 5000 ms.",
          [](const std::vector<TaskArgument>& tasks) { return yield_tasks(tasks, 5s); }),
      row("Task.yield_many", "Of each task {task, {:ok, value}}, {task, {:exit, reason}}, or {task, nil} after so many milliseconds.",
          [](const std::vector<TaskArgument>& tasks, const Patience& patience) { return yield_tasks(tasks, patience.timeout); }),
      row("Task.shutdown", "Ends a task, within 5000 ms or by a kill: {:ok, value}, {:exit, reason}, or nil.",
          [](const TaskArgument& task) { return task_end_term(task.handle.shutdown(5s)); }),
      row("Task.shutdown", "Ends a task, within so many milliseconds or by a kill; :brutal_kill kills at once.",
          [](const TaskArgument& task, const Term& patience) { return shut_down(task, patience); }),
      row("Task.ignore", "Gives a task up, which runs on without its link: what it said before, or nil.",
          [](const TaskArgument& task) { return task_end_term(task.handle.ignore()); }),
      row("Task.start", "Starts a process that calls the function, and returns {:ok, pid}; nobody gets its value.",
          [](const Work& work) { return ok_pid(spawn_task_call(apply_call(work.function), TaskLink::nolink)); }),
      row("Task.start", "Starts a process that calls a function by module, name and arguments, and returns {:ok, pid}.",
          [](Atom module, Atom name, const Arguments& arguments) {
            return ok_pid(spawn_task_call(named_call(module, name, arguments), TaskLink::nolink));
          }),
      row("Task.start_link", "Starts a process that calls the function, linked to the caller, and returns {:ok, pid}.",
          [](const Work& work) { return ok_pid(spawn_task_call(apply_call(work.function), TaskLink::link)); }),
      row("Task.start_link", "Starts a linked process that calls a function by module, name and arguments: {:ok, pid}.",
          [](Atom module, Atom name, const Arguments& arguments) {
            return ok_pid(spawn_task_call(named_call(module, name, arguments), TaskLink::link));
          }),
      row("Task.child_spec", "The child specification of a task that calls the function.",
          [](const Work& work) { return task_child_spec(work.function); }),
  };
  return kRows;
}

}  // namespace pulpo
