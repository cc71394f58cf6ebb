// SPDX-License-Identifier: Apache-2.0
#include "pulpo/supervisor.hpp"

#include "otp/supervisor_body.hpp"
#include "otp/system_messages.hpp"

namespace pulpo {

Term Shutdown::term() const { return brutal_ ? Term("brutal_kill"_atom) : to_term(patience_); }

namespace detail {

ChildSpec child_spec(const ChildOptions& options, std::string_view class_name, std::size_t arguments) {
  ChildSpec spec;
  if (options.id) {
    spec.id = *options.id;
  } else if (options.name) {
    spec.id = options.name.term();
  } else {
    spec.id = Atom(class_name);
  }
  spec.id.share();  // a supervisor may start on another core than the one that keeps its specification
  spec.restart = options.restart;
  spec.significant = options.significant;
  spec.shutdown = options.shutdown.value_or(Shutdown(5s));
  spec.core = options.core;
  spec.start_call = std::string(class_name) + "/" + std::to_string(arguments);
  spec.class_name = class_name;
  return spec;
}

namespace {

Result<Pid> start_supervisor_on(SupervisorOptions options, bool link, std::optional<unsigned> core) {
  const Name name = options.name;
  return start_server(std::make_unique<SupervisorBody>(std::move(options)), {.name = name, .link = link, .core = core});
}

}  // namespace
}  // namespace detail

ChildSpec supervisor(SupervisorOptions options) { return supervisor({}, std::move(options)); }

ChildSpec supervisor(const ChildOptions& child, SupervisorOptions options) {
  ChildOptions own = child;
  own.name = options.name;
  if (!own.shutdown) own.shutdown = Shutdown::infinity();
  ChildSpec spec = detail::child_spec(own, "Supervisor", 1);
  spec.type = ChildType::supervisor;
  for (const ChildSpec& each : options.children) each.id.share();  // it may start on another core
  spec.start = [kept = std::make_shared<const SupervisorOptions>(std::move(options))](std::optional<unsigned> core) {
    return detail::start_supervisor_on(*kept, true, core);
  };
  return spec;
}

ChildSpec child(const ChildOptions& options, std::function<Result<Pid>(std::optional<unsigned> core)> start) {
  ChildSpec spec = detail::child_spec(options, "function", 0);
  spec.start = std::move(start);
  return spec;
}

Result<Pid> start_supervisor(SupervisorOptions options) { return detail::start_supervisor_on(std::move(options), true, {}); }
Result<Pid> start_supervisor_alone(SupervisorOptions options) { return detail::start_supervisor_on(std::move(options), false, {}); }

namespace {

/// SUP-14: supervisors are asked without a limit of time.
Result<Term> ask(const Address& supervisor, Term request) {
  return try_call(supervisor, std::move(request), {.timeout = Timeout::infinity()});
}

/// {:error, reason} or :ok, as the supervisor answered.
Result<void> outcome(const Result<Term>& answer) {
  if (!answer) return answer.error();
  auto result = from_term<Result<void>>(*answer);
  if (!result) return Error{Errc::bad_message, *answer, "supervisor"};
  return std::move(*result);
}

/// {:ok, pid}, {:ok, :undefined} or :ignore, {:error, reason}.
Result<Pid> started(const Result<Term>& answer) {
  if (!answer) return answer.error();
  const bool nothing = answer->is_tuple(2) && answer->elements()[0].is_atom(atoms::ok) && answer->elements()[1].is_atom(atoms::undefined);
  if (nothing || answer->is_atom(system::ignore())) return Error{Errc::exited, system::ignore(), "supervisor"};
  auto result = from_term<Result<Pid>>(*answer);
  if (!result) return Error{Errc::bad_message, *answer, "supervisor"};
  return std::move(*result);
}

}  // namespace

Result<std::vector<ChildInfo>> which_children(const Address& supervisor) {
  PULPO_TRY(const Term answer, ask(supervisor, "which_children"_atom));
  auto rows = from_term<std::vector<std::tuple<Term, Term, Atom, Term>>>(answer);
  if (!rows) return Error{Errc::bad_message, answer, "which_children"};
  std::vector<ChildInfo> children;
  children.reserve(rows->size());
  for (auto& [id, child, type, modules] : *rows) {
    children.push_back({std::move(id), std::move(child), type == "supervisor"_atom ? ChildType::supervisor : ChildType::worker});
  }
  return children;
}

Result<ChildCounts> count_children(const Address& supervisor) {
  PULPO_TRY(const Term answer, ask(supervisor, "count_children"_atom));
  auto rows = from_term<std::vector<std::pair<Atom, std::size_t>>>(answer);
  if (!rows) return Error{Errc::bad_message, answer, "count_children"};
  ChildCounts counts;
  for (const auto& [what, count] : *rows) {
    if (what == "specs"_atom) counts.specs = count;
    if (what == "active"_atom) counts.active = count;
    if (what == "supervisors"_atom) counts.supervisors = count;
    if (what == "workers"_atom) counts.workers = count;
  }
  return counts;
}

Result<void> terminate_child(const Address& supervisor, const Term& id) {
  return outcome(ask(supervisor, Term::tuple({"terminate_child"_atom, id})));
}

Result<Pid> restart_child(const Address& supervisor, const Term& id) {
  return started(ask(supervisor, Term::tuple({"restart_child"_atom, id})));
}

Result<Pid> start_child(const Address& supervisor, ChildSpec spec) {
  spec.id.share();
  const Term carried = Term::object(std::make_shared<const ChildSpec>(std::move(spec)));
  return started(ask(supervisor, Term::tuple({"start_child"_atom, carried})));
}

Result<void> delete_child(const Address& supervisor, const Term& id) {
  return outcome(ask(supervisor, Term::tuple({"delete_child"_atom, id})));
}

}  // namespace pulpo
