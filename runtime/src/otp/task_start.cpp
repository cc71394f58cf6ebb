// SPDX-License-Identifier: Apache-2.0
//
// Starting tasks: alone, or by asking a Task.Supervisor (TASK-6).
#include "otp/task_body.hpp"
#include "otp/task_call.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/task.hpp"
#include "pulpo/task_supervisor.hpp"

namespace pulpo::detail {

namespace {

bool has_supervisor(const TaskOptions& options) { return options.name || options.supervisor; }

[[noreturn]] void exit_with(std::string text) { exit(Term::tuple({atoms::badarg, text})); }

/// The supervisor of the options. Exits when they name none where one is needed.
Address supervisor_of(const TaskOptions& options) {
  if (options.supervisor) return *options.supervisor;
  if (!options.name.atom()) exit_with("a task of a supervisor needs its name: {.name = \"My.TaskSupervisor\"}");
  return options.node.atom() ? Address(*options.name.atom(), *options.node.atom()) : Address(*options.name.atom());
}

/// TASK-9: without a limit of time. TASK-8: who is not there is the exit of this call.
Term ask_supervisor(const TaskOptions& options, const Term& request) {
  if (options.name.via() && !options.supervisor) return call(*options.name.via(), request, {.timeout = Timeout::infinity()});
  return call(supervisor_of(options), request, {.timeout = Timeout::infinity()});
}
Result<Term> try_ask_supervisor(const TaskOptions& options, const Term& request) {
  if (options.name.via() && !options.supervisor) return try_call(*options.name.via(), request, {.timeout = Timeout::infinity()});
  return try_call(supervisor_of(options), request, {.timeout = Timeout::infinity()});
}

bool is_elsewhere(const TaskOptions& options) {
  if (options.supervisor) return !options.supervisor->is_local();
  return options.node.atom() && *options.node.atom() != runtime().node_name();
}

Pid spawn_task(const TaskOptions& options) {
  auto spawned = try_spawn(std::make_unique<TaskBody>(self(), TaskBody::Watched{false}), {.link = true, .core = options.core});
  if (spawned) return spawned->pid;
  exit(spawned.error().code == Errc::busy ? Term(atoms::system_limit) : Term(atoms::badarg));
}

/// How a supervisor is asked: see TaskSupervisorBody. Without work the task waits for it.
Term start_request(const TaskOptions& options, const std::optional<unsigned>& core, std::optional<Term> work) {
  std::vector<Term> arguments{self()};
  if (work) {
    arguments.push_back(Term::list({self()}));
    arguments.push_back(std::move(*work));
  } else {
    arguments.emplace_back("monitor"_atom);
  }
  if (core && !is_elsewhere(options)) arguments.emplace_back(*core);
  const Atom restart = options.restart == Restart::temporary   ? "temporary"_atom
                       : options.restart == Restart::transient ? "transient"_atom
                                                               : "permanent"_atom;
  // TASK-8: the default is the supervisor's to know.
  const Term shutdown = options.shutdown.is_brutal() || !(options.shutdown.patience() == Timeout(5s)) ? options.shutdown.term() : Term();
  return Term::tuple({"start_task"_atom, Term::list(arguments), restart, shutdown});
}

Result<Pid> started_pid(const Term& answer) {
  auto pid = from_term<Result<Pid>>(answer);
  if (!pid) return Error{Errc::bad_message, bad_reply(answer, "pid"), "task supervisor"};
  if (!*pid) pid->error().code = Errc::refused;
  return std::move(*pid);
}

[[noreturn]] void exit_refused(const Error& error) {
  if (error.reason.is_atom("max_children"_atom))
    exit(Term::tuple({error.reason, "the task supervisor has as many tasks as it may: let some end, or start it with more .max_children"}));
  exit(error.reason);
}

void send_work(const Pid& task, const Term& ref, Term work) {
  const Term me = self();
  send(task, Term::tuple({me, ref, ref, Term::list({me}), std::move(work)}));
}

TaskHandle begin(const TaskOptions& options, const std::optional<unsigned>& core, TaskLink link_them, Term work, Term function) {
  TaskHandle task;
  if (has_supervisor(options)) {
    TaskOptions temporary = options;
    temporary.restart = Restart::temporary;
    const auto started = started_pid(ask_supervisor(options, start_request(temporary, core, {})));
    if (!started) exit_refused(started.error());
    task.pid = *started;
    if (link_them == TaskLink::link) link(task.pid);
  } else {
    if (options.node.atom() || link_them == TaskLink::nolink) (void)supervisor_of(options);  // which says what is missing
    task.pid = spawn_task(options);
  }
  task.owner = self();
  task.function = std::move(function);
  task.ref = monitor(task.pid, AliasMode::demonitor);
  send_work(task.pid, task.ref, std::move(work));
  return task;
}

/// A closure stays on its owner's core unless the author knows better: nobody can look into it to share its terms.
unsigned core_of_closure(const TaskOptions& options) {
  if (is_elsewhere(options))
    exit_with("a closure cannot be sent to another node: say a function that both have, function(\"Mod.name\", …)");
  return options.core.value_or(self().core());
}

/// {module, name, arguments}.
Term call_term(const Function& function, std::span<const Term> arguments) {
  const auto name = function.module_and_name();
  if (!name) exit_with("\"" + std::string(function.name) + "\" is not \"Module.function\", so nobody else can find it");
  return Term::tuple({name->first, name->second, Term::list(arguments)});
}

/// How a closure is called in a %Task{}, as in Elixir.
Term closure_function() { return Term::tuple({"erlang"_atom, "apply"_atom, 2}); }

}  // namespace

TaskHandle start_task(std::shared_ptr<Work> work, const TaskOptions& options, TaskLink link_them) {
  const unsigned core = core_of_closure(options);
  return begin(options, core, link_them, Term::object(std::move(work)), closure_function());
}

TaskHandle start_task(const Function& function, std::vector<Term> arguments, const TaskOptions& options, TaskLink link_them) {
  const Term named = call_term(function, arguments);
  Term spoken = Term::tuple({named.elements()[0], named.elements()[1], static_cast<int>(function.arity)});
  if (has_supervisor(options)) return begin(options, options.core, link_them, named, std::move(spoken));
  return begin(options, options.core, link_them, Term::object(function_work(function, std::move(arguments))), std::move(spoken));
}

namespace {

/// The supervisor's answer is that to what ask() sends it.
template <class Ask>
Result<Pid> start_child_of(const TaskOptions& options, const std::optional<unsigned>& core, const Term& work, const Ask& ask) {
  const bool again = options.restart != Restart::temporary;
  PULPO_TRY(const Term answer, ask(start_request(options, core, again ? std::optional(work) : std::nullopt)));
  auto pid = started_pid(answer);
  // A closure that is called once does not pass through its supervisor, whose core may be another.
  if (pid && !again) send_work(*pid, Term(), work);
  return pid;
}

}  // namespace

Result<Pid> start_task_child(std::shared_ptr<Work> work, const TaskOptions& options) {
  const unsigned core = core_of_closure(options);
  return start_child_of(options, core, Term::object(std::move(work)),
                        [&options](const Term& request) { return try_ask_supervisor(options, request); });
}

Result<Pid> start_task_child(const Function& function, std::vector<Term> arguments, const TaskOptions& options) {
  return start_child_of(options, options.core, call_term(function, arguments),
                        [&options](const Term& request) { return try_ask_supervisor(options, request); });
}

TaskOptions under(const Address& supervisor) {
  TaskOptions options;
  if (supervisor.is_name()) {
    options.name = supervisor.name();
    if (supervisor.node()) options.node = *supervisor.node();
  } else {
    options.supervisor = supervisor.pid();
  }
  return options;
}

}  // namespace pulpo::detail

namespace pulpo {

using detail::TaskHandle;
using detail::TaskLink;

TaskHandle start_task_call(const Term& call, const TaskOptions& options, TaskLink link) {
  const auto parts = call.elements();
  const Term spoken = Term::tuple({parts[0], parts[1], static_cast<std::int64_t>(parts[2].list_size())});
  return detail::begin(options, options.core, link, call, spoken);
}

Result<Pid> start_task_call_child(const Term& call, const TaskOptions& options) {
  return detail::start_child_of(options, options.core, call,
                                [&options](const Term& request) -> Result<Term> { return detail::ask_supervisor(options, request); });
}

Pid spawn_task_call(const Term& call, TaskLink link) {
  const auto spawned = try_spawn(std::make_unique<TaskBody>(self(), call), {.link = link == TaskLink::link});
  if (!spawned) exit(atoms::system_limit);
  return spawned->pid;
}

Term apply_call(const Term& function, std::span<const Term> arguments) {
  return Term::tuple({"erlang"_atom, "apply"_atom, Term::list({function, Term::list(arguments)})});
}

}  // namespace pulpo
