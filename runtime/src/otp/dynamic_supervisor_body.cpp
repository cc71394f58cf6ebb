// SPDX-License-Identifier: Apache-2.0
#include "otp/dynamic_supervisor_body.hpp"

#include <algorithm>
#include <vector>

#include "otp/child_spec_term.hpp"
#include "otp/system_messages.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

Atom restart_word() { return "$restart"_atom; }

}  // namespace

Shutdown DynamicSupervisorBody::Child::shutdown() const noexcept {
  if (brutal) return Shutdown::brutal_kill();
  return Timeout(patience).is_infinite() ? Shutdown::infinity() : Shutdown(patience);
}

void DynamicSupervisorBody::construct() { trap_exit(true); }

Result<Pid> DynamicSupervisorBody::add(ChildSpec spec) {
  if (children_.size() >= max_children_) return Error{Errc::refused, "max_children"_atom, "start_child"};  // SUP-12
  if (!spec.start) return Error{Errc::refused, Term::tuple({"invalid_child_spec"_atom, spec.id}), "start_child"};
  Started started = start_on(spec.start, spec.core);
  if (started.error) return Error{Errc::refused, std::move(*started.error), "start_child"};
  if (!started.pid) return Error{Errc::exited, system::ignore(), "start_child"};
  Child child{.kept = {},
              .patience = spec.shutdown.patience().duration(),
              .class_name = Atom(spec.class_name),
              .restart = spec.restart,
              .type = spec.type,
              .brutal = spec.shutdown.is_brutal(),
              .restarting = false};
  if (spec.restart != Restart::temporary) {
    child.kept = std::make_unique<Kept>(Kept{std::move(spec.start), spec.core, std::move(spec.start_call)});
  }
  children_.insert_or_assign(*started.pid, std::move(child));
  return *started.pid;
}

bool DynamicSupervisorBody::on_info(const Term& message) {
  if (message.is_tuple(3) && message.elements()[0].is_atom(atoms::EXIT) && message.elements()[1].is_pid()) {
    const auto child = children_.find(message.elements()[1].pid());
    if (child != children_.end() && !child->second.restarting) child_ended(child, message.elements()[2]);
    return true;
  }
  if (message.is_tuple(2) && message.elements()[0].is_atom(restart_word()) && message.elements()[1].is_pid()) {
    const auto child = children_.find(message.elements()[1].pid());
    if (child != children_.end() && child->second.restarting) restart(child);
    return true;
  }
  return false;  // SUP-10: logged
}

/// SUP-4.
void DynamicSupervisorBody::child_ended(Children::iterator child, const Term& reason) {
  const Restart kind = child->second.restart;
  const bool orderly = detail::is_orderly(reason);
  if (kind == Restart::permanent || !orderly) report_on(*child, "terminated", reason);
  if (kind == Restart::permanent || (kind == Restart::transient && !orderly)) {
    restart(child);
  } else {
    children_.erase(child);
  }
}

void DynamicSupervisorBody::restart(Children::iterator child) {
  with_facts(*child, [this](const Facts& facts) { count_restart(facts); });
  const Kept& kept = *child->second.kept;
  Started started = start_on(kept.start, kept.core);
  if (started.pid) {
    auto node = children_.extract(child);
    node.key() = *started.pid;
    node.mapped().restarting = false;
    node.mapped().failures = 0;
    children_.insert(std::move(node));
  } else if (started.error) {
    child->second.restarting = true;
    child->second.failures = static_cast<std::uint8_t>(std::min(child->second.failures + 1, 255));
    report_on(*child, "failed to start", *started.error);
    retry_later(Term::tuple({restart_word(), child->first}), child->second.failures);  // SUP-8
  } else {
    children_.erase(child);  // ignored
  }
}

// --- Stopping (SUP-9) ---------------------------------------------------------------------------------------------

void DynamicSupervisorBody::ask_to_end(const Children::value_type& child) {
  (void)monitor(child.first);
  exit(child.first, child.second.brutal ? atoms::kill : atoms::shutdown);
}

void DynamicSupervisorBody::ended_when_asked(const Children::value_type& child, const Term& reason) const {
  if (!is_expected(reason, child.second.shutdown(), child.second.restart)) report_on(child, "shut down abnormally", reason);
}

void DynamicSupervisorBody::stop_one(Children::iterator child) {
  if (child->second.restarting) {
    children_.erase(child);
    return;
  }
  const Pid pid = child->first;
  ask_to_end(*child);
  TimePoint deadline = child->second.brutal ? kNever : Timeout(child->second.patience).after(now());
  std::optional<Term> exited;
  for (;;) {
    const auto end = next_end(deadline);
    if (!end) {
      if (deadline == kNever) return;  // we are being killed ourselves
      exit(pid, atoms::kill);
      deadline = kNever;
    } else if (!end->is_down) {
      if (end->pid == pid) {
        exited = end->reason;
      } else {
        put_aside(*end);
      }
    } else if (end->pid == pid) {
      // The EXIT comes first (SIG-20), and knows the reason also when it had ended before we asked.
      ended_when_asked(*child, exited.value_or(end->reason));
      children_.erase(child);
      return;
    }
  }
}

/// All at once; one deadline for each distinct time.
void DynamicSupervisorBody::stop_all() {
  struct Due {
    TimePoint at;
    Pid pid;
  };
  std::vector<Due> due;
  std::erase_if(children_, [](const auto& child) { return child.second.restarting; });
  for (const auto& child : children_) {
    ask_to_end(child);
    const TimePoint at = child.second.brutal ? kNever : Timeout(child.second.patience).after(now());
    if (at != kNever) due.push_back({at, child.first});
  }
  std::stable_sort(due.begin(), due.end(), [](const Due& left, const Due& right) { return left.at < right.at; });
  std::unordered_map<Pid, Term> exits;
  std::size_t next = 0;
  while (!children_.empty()) {
    while (next < due.size() && !children_.contains(due[next].pid)) ++next;
    const auto end = next_end(next < due.size() ? due[next].at : kNever);
    if (!end) {
      if (next == due.size() || due[next].at > now()) return;  // we are being killed ourselves
      for (; next < due.size() && due[next].at <= now(); ++next) {
        if (children_.contains(due[next].pid)) exit(due[next].pid, atoms::kill);
      }
      continue;
    }
    const auto child = children_.find(end->pid);
    if (child == children_.end()) continue;
    if (!end->is_down) {
      exits.insert_or_assign(end->pid, end->reason);
      continue;
    }
    auto exited = exits.extract(end->pid);
    ended_when_asked(*child, exited.empty() ? end->reason : exited.mapped());
    children_.erase(child);
  }
}

void DynamicSupervisorBody::on_terminate(const Term&) {
  discard_the_rest();
  stop_all();
}

// --- Questions -----------------------------------------------------------------------------------------------------

bool DynamicSupervisorBody::answer(const Term& request, Term& value) {
  if (request.is_atom("which_children"_atom)) {
    std::vector<Term> rows;
    rows.reserve(children_.size());
    for (const auto& [pid, child] : children_) {
      rows.push_back(row(atoms::undefined, child.restarting ? Term("restarting"_atom) : Term(pid), child.type, child.class_name));
    }
    value = Term::list(rows);
    return true;
  }
  if (request.is_atom("count_children"_atom)) {
    std::size_t active = 0;
    std::size_t supervisors = 0;
    for (const auto& [pid, child] : children_) {
      active += child.restarting ? 0 : 1;
      supervisors += child.type == ChildType::supervisor ? 1 : 0;
    }
    value = counts(children_.size(), active, supervisors);
    return true;
  }
  if (!request.is_tuple(2)) return false;
  const Term& what = request.elements()[1];
  if (request.elements()[0].is_atom("start_child"_atom)) {
    const auto spec = requested_child(what);
    if (!spec) {
      value = error(spec.error().reason);
      return true;
    }
    auto added = add(*spec);
    if (added) {
      value = Term::tuple({atoms::ok, *added});
    } else {
      value = is_ignore(added.error()) ? Term(system::ignore()) : error(std::move(added.error().reason));
    }
    return true;
  }
  if (request.elements()[0].is_atom("terminate_child"_atom)) {
    const auto child = what.is_pid() ? children_.find(what.pid()) : children_.end();
    if (child == children_.end()) {
      value = error("not_found"_atom);
    } else {
      stop_one(child);
      value = atoms::ok;
    }
    return true;
  }
  return false;
}

std::optional<Term> DynamicSupervisorBody::describe_state() const {
  std::vector<Term> rows;
  rows.reserve(children_.size());
  for (const auto& [pid, child] : children_) rows.push_back(child.restarting ? Term("restarting"_atom) : Term(pid));
  return Term::list(rows);
}

// --- Reports -------------------------------------------------------------------------------------------------------

template <class F>
void DynamicSupervisorBody::with_facts(const Children::value_type& child, F&& use) const {
  const auto& [pid, its] = child;
  const Term id = atoms::undefined;
  // Its arguments are forgotten when it is temporary; OTP prints those so.
  const std::string call = its.kept ? its.kept->start_call : std::string(its.class_name.text()) + "/?";
  use(Facts{id, pid, call, its.restart, its.shutdown(), its.type});
}

void DynamicSupervisorBody::report_on(const Children::value_type& child, std::string_view what, const Term& reason) const {
  with_facts(child, [&](const Facts& facts) { report(facts, what, reason); });
}

}  // namespace pulpo
