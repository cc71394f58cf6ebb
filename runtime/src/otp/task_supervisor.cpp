// SPDX-License-Identifier: Apache-2.0
#include "pulpo/task_supervisor.hpp"

#include "otp/function_arguments.hpp"
#include "otp/task_body.hpp"
#include "otp/task_supervisor_body.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

/// nil is the default, as Elixir sends it.
std::optional<Shutdown> shutdown_of(const Term& term) {
  Shutdown shutdown = 5s;
  if (!term.is_atom(atoms::nil) && !decode_into(term, shutdown)) return std::nullopt;
  return shutdown;
}

Result<Pid> spawn_linked(std::unique_ptr<Body> body, std::optional<unsigned> core) {
  PULPO_TRY(const Spawned spawned, try_spawn(std::move(body), {.link = true, .core = core}));
  return spawned.pid;
}

}  // namespace

// --- The process --------------------------------------------------------------------------------------------

bool TaskSupervisorBody::answer(const Term& request, Term& value) {
  if (!request.is_tuple(4) || !request.elements()[0].is_atom("start_task"_atom)) return DynamicSupervisorBody::answer(request, value);
  auto spec = task_spec(request.elements()[1], request.elements()[2], request.elements()[3]);
  if (!spec) return false;
  auto started = add(std::move(*spec));
  value = started ? Term::tuple({atoms::ok, *started}) : error(std::move(started.error().reason));
  return true;
}

std::optional<ChildSpec> TaskSupervisorBody::task_spec(const Term& arguments, const Term& restart, const Term& shutdown) {
  const auto kind = from_term<Restart>(restart);
  const auto patience = shutdown_of(shutdown);
  if (!kind || !patience || !arguments.is_proper_list() || arguments.list_size() < 2 || !arguments.list_at(0).is_pid()) return std::nullopt;
  const Pid owner = arguments.list_at(0).pid();
  const bool waits = arguments.list_at(1).is_atom("monitor"_atom);
  const std::size_t size = arguments.list_size();
  const std::size_t core_at = waits ? 2 : 3;
  if (size < core_at || size > core_at + 1) return std::nullopt;
  // One that is started again would wait for work that its owner sends no second time.
  if (waits && *kind != Restart::temporary) return std::nullopt;
  ChildSpec spec;
  if (size > core_at) {
    spec.core = from_term<unsigned>(arguments.list_at(core_at));
    if (!spec.core) return std::nullopt;
  }
  if (waits) {
    spec.start = [owner](std::optional<unsigned> core) {
      return spawn_linked(std::make_unique<TaskBody>(owner, TaskBody::Watched{}), core);
    };
  } else {
    Term work = arguments.list_at(2);
    work.share();
    spec.start = [owner, work](std::optional<unsigned> core) { return spawn_linked(std::make_unique<TaskBody>(owner, work), core); };
    spec.start_call = "Task/1";
  }
  spec.restart = *kind;
  spec.shutdown = *patience;
  spec.class_name = "Task";
  return spec;
}

// --- The door -------------------------------------------------------------------------------------------------

namespace {

Result<Pid> start_on(const TaskSupervisorOptions& options, std::optional<unsigned> core) {
  return detail::start_server(std::make_unique<TaskSupervisorBody>(options), {.name = options.name.atom(), .core = core});
}

}  // namespace

ChildSpec task_supervisor(const TaskSupervisorOptions& options) {
  ChildSpec spec = detail::child_spec({.name = options.name, .shutdown = Shutdown::infinity()}, "Task.Supervisor", 1);
  spec.type = ChildType::supervisor;
  spec.start = [options](std::optional<unsigned> core) { return start_on(options, core); };
  return spec;
}

Result<Pid> start_task_supervisor(const TaskSupervisorOptions& options) { return start_on(options, {}); }

Result<std::vector<Pid>> children(const Address& supervisor) {
  PULPO_TRY(const auto rows, which_children(supervisor));
  std::vector<Pid> pids;
  pids.reserve(rows.size());
  for (const ChildInfo& row : rows) {
    if (row.child.is_pid()) pids.push_back(row.child.pid());
  }
  return pids;
}

ChildSpec detail::task_child(const TaskChildOptions& options, std::shared_ptr<Work> work) {
  ChildSpec spec =
      child_spec({.id = options.id, .restart = options.restart, .shutdown = options.shutdown, .core = options.core}, "Task", 1);
  Term kept = Term::object(std::move(work));
  kept.share();
  spec.start = [kept](std::optional<unsigned> core) { return spawn_linked(std::make_unique<TaskBody>(self(), kept), core); };
  return spec;
}

}  // namespace pulpo
