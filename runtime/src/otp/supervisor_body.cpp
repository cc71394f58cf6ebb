// SPDX-License-Identifier: Apache-2.0
#include "otp/supervisor_body.hpp"

#include "otp/child_spec_term.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

Atom retry_word() { return "$try_again_restart"_atom; }

Term bad_combination(Term left, Term right) {
  return Term::tuple({"bad_combination"_atom, Term::list({std::move(left), std::move(right)})});
}

}  // namespace

Term SupervisorBody::Child::state() const {
  if (retry != 0) return "restarting"_atom;
  return pid ? Term(*pid) : Term(atoms::undefined);
}

std::optional<Term> SupervisorBody::fault_of(const ChildSpec& spec) const {
  if (!spec.start) return Term::tuple({"invalid_child_spec"_atom, spec.id});
  if (!spec.significant) return std::nullopt;
  const Term significant = Term::tuple({"significant"_atom, true});
  if (options_.auto_shutdown == AutoShutdown::never) {
    return bad_combination(Term::tuple({"auto_shutdown"_atom, "never"_atom}), significant);
  }
  if (spec.restart == Restart::permanent) return bad_combination(Term::tuple({"restart"_atom, "permanent"_atom}), significant);
  return std::nullopt;
}

SupervisorBody::At SupervisorBody::append(ChildSpec spec) {
  const At child = children_.insert(children_.end(), Child{.spec = std::move(spec)});
  by_id_.emplace(child->spec.id, child);
  return child;
}

SupervisorBody::At SupervisorBody::erase(At child) {
  become(child, std::nullopt);
  by_id_.erase(child->spec.id);
  return children_.erase(child);
}

std::optional<SupervisorBody::At> SupervisorBody::find(const Term& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

void SupervisorBody::become(At child, std::optional<Pid> pid, std::uint64_t retry) {
  const bool counts = child->spec.significant;
  if (counts && child->is_up()) --significant_up_;
  if (child->pid) by_pid_.erase(*child->pid);
  child->pid = pid;
  child->retry = retry;
  child->ended.reset();
  if (pid) by_pid_.try_emplace(*pid, child);
  if (counts && child->is_up()) ++significant_up_;
}

void SupervisorBody::construct() {
  trap_exit(true);
  for (ChildSpec& spec : options_.children) {
    if (auto fault = fault_of(spec)) exit(Term::tuple({"start_spec"_atom, std::move(*fault)}));
    if (find(spec.id)) exit(Term::tuple({"start_spec"_atom, Term::tuple({"duplicate_child_name"_atom, spec.id})}));
    append(std::move(spec));
  }
  options_.children = {};
  for (At child = children_.begin(); child != children_.end();) {
    if (const auto reason = start_child(child)) {  // SUP-3
      report(child->facts(), "failed to start", *reason);
      const Term id = child->spec.id;
      discard_the_rest();
      stop_from(children_.begin());
      exit(Term::tuple({atoms::shutdown, Term::tuple({"failed_to_start_child"_atom, id, *reason})}));
    }
    // One that is ignored, and that nobody will start again, is forgotten.
    child = !child->pid && child->spec.restart == Restart::temporary ? erase(child) : std::next(child);
  }
}

std::optional<Term> SupervisorBody::start_child(At child) {
  become(child, std::nullopt);
  Started started = start_on(child->spec.start, child->spec.core);
  if (started.pid) become(child, started.pid);
  if (!started.error) child->failures = 0;
  return std::move(started.error);
}

bool SupervisorBody::on_info(const Term& message) {
  if (message.is_tuple(3) && message.elements()[0].is_atom(atoms::EXIT) && message.elements()[1].is_pid()) {
    // One from a process that is no child is the end of a start that failed, or of somebody who linked to us.
    if (const At* const child = by_pid_.find(message.elements()[1].pid())) child_ended(*child, message.elements()[2]);
    return true;
  }
  if (message.is_tuple(3) && message.elements()[0].is_atom(retry_word())) {
    const auto child = find(message.elements()[1]);
    if (child && (*child)->retry != 0 && message.elements()[2] == Term(static_cast<std::int64_t>((*child)->retry))) restart(*child);
    return true;
  }
  return false;  // SUP-10: logged
}

/// SUP-4.
void SupervisorBody::child_ended(At child, const Term& reason) {
  const Restart kind = child->spec.restart;
  const bool orderly = detail::is_orderly(reason);
  if (kind == Restart::permanent || !orderly) report(child->facts(), "terminated", reason);
  if (kind == Restart::permanent || (kind == Restart::transient && !orderly)) return restart(child);
  const bool significant = child->spec.significant;
  if (kind == Restart::temporary) {
    erase(child);
  } else {
    become(child, std::nullopt);
  }
  // SUP-13
  if (significant && (options_.auto_shutdown == AutoShutdown::any_significant || significant_up_ == 0)) exit(atoms::shutdown);
}

/// SUP-5. The child is not running.
void SupervisorBody::restart(At child) {
  count_restart(child->facts());
  become(child, std::nullopt);
  switch (options_.strategy) {
    case Strategy::one_for_one:
      if (const auto reason = start_child(child)) failed_to_restart(child, *reason);
      break;
    case Strategy::rest_for_one:
      stop_from(std::next(child));
      start_from(child);
      break;
    case Strategy::one_for_all:
      stop_from(children_.begin());
      start_from(children_.begin());
      break;
  }
}

void SupervisorBody::start_from(At first) {
  for (At child = first; child != children_.end(); ++child) {
    if (child->pid) continue;
    if (const auto reason = start_child(child)) return failed_to_restart(child, *reason);
  }
}

void SupervisorBody::failed_to_restart(At child, const Term& reason) {
  report(child->facts(), "failed to start", reason);
  become(child, std::nullopt, ++retries_);
  retry_later(Term::tuple({retry_word(), child->spec.id, static_cast<std::int64_t>(child->retry)}), ++child->failures);
}

/// Stops the children from `first` on, the last one first; temporary ones are forgotten (SUP-5).
void SupervisorBody::stop_from(At first) {
  for (At at = children_.end(); at != first;) {
    const At child = std::prev(at);
    const bool is_first = child == first;
    stop_child(child);
    at = child->spec.restart == Restart::temporary ? erase(child) : child;
    if (is_first) return;
  }
}

/// SUP-9.
void SupervisorBody::stop_child(At child) {
  if (!child->pid || child->ended) {
    if (child->ended && !is_expected(*child->ended, child->spec.shutdown, child->spec.restart)) {
      report(child->facts(), "shut down abnormally", *child->ended);
    }
    return become(child, std::nullopt);
  }
  const Pid pid = *child->pid;
  const Shutdown& how = child->spec.shutdown;
  const Ref monitored = monitor(pid);
  exit(pid, how.is_brutal() ? atoms::kill : atoms::shutdown);
  auto reason = wait_for_end(child, monitored, how.is_brutal() ? kNever : how.patience().after(now()));
  if (!reason) {
    exit(pid, atoms::kill);
    reason = wait_for_end(child, monitored, kNever);
  }
  // Nothing: we are being killed ourselves.
  if (reason && !is_expected(*reason, how, child->spec.restart)) report(child->facts(), "shut down abnormally", *reason);
  become(child, std::nullopt);
}

std::optional<Term> SupervisorBody::wait_for_end(At child, const Ref& monitor, TimePoint deadline) {
  while (const auto end = next_end(deadline)) {
    if (end->is_down) {
      if (end->monitor != monitor) continue;
      // The EXIT comes first (SIG-20), and knows the reason also when it had ended before we asked: a DOWN says noproc then.
      return child->ended ? child->ended : end->reason;
    }
    const At* const ended = by_pid_.find(end->pid);
    if (ended != nullptr) (*ended)->ended = end->reason;
    if (ended != nullptr ? *ended != child : end->pid == parent()) put_aside(*end);
  }
  return std::nullopt;
}

void SupervisorBody::on_terminate(const Term&) {
  discard_the_rest();
  stop_from(children_.begin());
}

/// SUP-11, in OTP's own words.
bool SupervisorBody::answer(const Term& request, Term& value) {
  if (request.is_atom("which_children"_atom)) {
    std::vector<Term> rows;
    rows.reserve(children_.size());
    for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
      rows.push_back(row(child->spec.id, child->state(), child->spec.type, Atom(child->spec.class_name)));
    }
    value = Term::list(rows);
    return true;
  }
  if (request.is_atom("count_children"_atom)) {
    std::size_t active = 0;
    std::size_t supervisors = 0;
    for (const Child& child : children_) {
      active += child.pid ? 1 : 0;
      supervisors += child.spec.type == ChildType::supervisor ? 1 : 0;
    }
    value = counts(children_.size(), active, supervisors);
    return true;
  }
  if (!request.is_tuple(2)) return false;
  const Term& word = request.elements()[0];
  const Term& what = request.elements()[1];
  if (word.is_atom("start_child"_atom)) {
    value = start_by_request(what);
  } else if (word.is_atom("restart_child"_atom)) {
    value = restart_by_request(what);
  } else if (word.is_atom("terminate_child"_atom)) {
    value = terminate_by_request(what);
  } else if (word.is_atom("delete_child"_atom)) {
    value = delete_by_request(what);
  } else {
    return false;
  }
  return true;
}

Term SupervisorBody::start_by_request(const Term& term) {
  const auto spec = requested_child(term);
  if (!spec) return error(spec.error().reason);
  if (auto fault = fault_of(*spec)) return error(std::move(*fault));
  if (const auto present = find(spec->id)) {
    if (!(*present)->is_up()) return error("already_present"_atom);
    return error(Term::tuple({atoms::already_started, (*present)->state()}));
  }
  const At child = append(*spec);
  if (auto reason = start_child(child)) {
    erase(child);
    return error(std::move(*reason));
  }
  const Term answer = Term::tuple({atoms::ok, child->state()});
  if (!child->pid && child->spec.restart == Restart::temporary) erase(child);
  return answer;
}

Term SupervisorBody::restart_by_request(const Term& id) {
  const auto child = find(id);
  if (!child) return error("not_found"_atom);
  if ((*child)->retry != 0) return error("restarting"_atom);
  if ((*child)->pid) return error("running"_atom);
  if (auto reason = start_child(*child)) return error(std::move(*reason));
  return Term::tuple({atoms::ok, (*child)->state()});
}

Term SupervisorBody::terminate_by_request(const Term& id) {
  const auto child = find(id);
  if (!child) return error("not_found"_atom);
  stop_child(*child);
  if ((*child)->spec.restart == Restart::temporary) erase(*child);
  return atoms::ok;
}

Term SupervisorBody::delete_by_request(const Term& id) {
  const auto child = find(id);
  if (!child) return error("not_found"_atom);
  if ((*child)->retry != 0) return error("restarting"_atom);
  if ((*child)->pid) return error("running"_atom);
  erase(*child);
  return atoms::ok;
}

std::optional<Term> SupervisorBody::describe_state() const {
  std::vector<Term> rows;
  rows.reserve(children_.size());
  for (const Child& child : children_) rows.push_back(Term::tuple({child.spec.id, child.state()}));
  return Term::list(rows);
}

}  // namespace pulpo
