// SPDX-License-Identifier: Apache-2.0
#include "otp/supervisor_body.hpp"

#include <algorithm>
#include <array>

#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

std::string_view word(Restart restart) {
  switch (restart) {
    case Restart::permanent:
      return "permanent";
    case Restart::transient:
      return "transient";
    case Restart::temporary:
      return "temporary";
  }
  return "permanent";
}

Atom word(ChildType type) { return type == ChildType::worker ? "worker"_atom : "supervisor"_atom; }

/// The 'EXIT' of a child that a DOWN has told us about; it came before (SIG-20). Its reason, when it is there.
std::optional<Term> take_exit_of(const Pid& pid) {
  const Term wanted = pid;
  auto exit = receive_if(
      [&wanted](const Term& message) {
        return message.is_tuple(3) && message.elements()[0].is_atom(atoms::EXIT) && message.elements()[1] == wanted;
      },
      Timeout(Duration::zero()));
  if (!exit) return std::nullopt;
  return exit->elements()[2];
}

std::optional<Term> wait_down(const Ref& monitor, Timeout timeout) {
  const Term wanted = monitor;
  auto down = receive_if(
      [&wanted](const Term& message) {
        return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == wanted;
      },
      timeout);
  if (!down) return std::nullopt;
  return down->elements()[4];
}

Term error(Term reason) { return Term::tuple({atoms::error, std::move(reason)}); }

}  // namespace

Term SupervisorBody::Child::state() const {
  if (restarting) return "restarting"_atom;
  return pid ? Term(*pid) : Term(atoms::undefined);
}

SupervisorBody::Child* SupervisorBody::find(const Term& id) {
  const auto found = std::find_if(children_.begin(), children_.end(), [&id](const Child& child) { return child.spec.id == id; });
  return found == children_.end() ? nullptr : &*found;
}

void SupervisorBody::construct() {
  trap_exit(true);
  children_.reserve(options_.children.size());
  for (ChildSpec& spec : options_.children) {
    if (find(spec.id) != nullptr) {  // SUP-2
      exit(Term::tuple({"start_spec"_atom, Term::tuple({"duplicate_child_name"_atom, spec.id})}));
    }
    children_.push_back({.spec = std::move(spec)});
  }
  options_.children.clear();
  for (std::size_t i = 0; i < children_.size();) {
    Child& child = children_[i];
    if (const auto reason = start_child(child)) {  // SUP-3
      report(child, "failed to start", *reason);
      const Term id = child.spec.id;
      stop_from(0);
      exit(Term::tuple({atoms::shutdown, Term::tuple({"failed_to_start_child"_atom, id, *reason})}));
    }
    if (!child.pid && child.spec.restart == Restart::temporary) {
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));  // ignored, and nobody will start it again
    } else {
      ++i;
    }
  }
}

std::optional<Term> SupervisorBody::start_child(Child& child) {
  child.restarting = false;
  child.pid.reset();
  std::optional<unsigned> core = child.spec.core;
  Runtime& here = runtime();
  if (!core && here.core_count() > 1) core = here.least_loaded_core();
  auto started = child.spec.start(core);
  if (started) {
    child.pid = *started;
    return std::nullopt;
  }
  if (is_ignore(started.error())) return std::nullopt;
  return to_term(Result<void>(std::move(started).error())).elements()[1];
}

bool SupervisorBody::on_info(const Term& message) {
  if (message.is_tuple(3) && message.elements()[0].is_atom(atoms::EXIT) && message.elements()[1].is_pid()) {
    child_ended(message.elements()[1].pid(), message.elements()[2]);
    return true;
  }
  if (message.is_tuple(2) && message.elements()[0].is_atom("$try_again_restart"_atom)) {
    Child* const child = find(message.elements()[1]);
    if (child != nullptr && child->restarting) restart(static_cast<std::size_t>(child - children_.data()));
    return true;
  }
  return false;  // SUP-10: logged
}

/// SUP-4. An EXIT from a process that is no child is the end of a start that failed, or of somebody who linked to us.
void SupervisorBody::child_ended(const Pid& pid, const Term& reason) {
  const auto found = std::find_if(children_.begin(), children_.end(), [&pid](const Child& child) { return child.pid == pid; });
  if (found == children_.end()) return;
  const bool orderly = detail::is_orderly(reason);
  if (found->spec.restart == Restart::permanent || !orderly) report(*found, "terminated", reason);
  if (found->spec.restart == Restart::permanent || (found->spec.restart == Restart::transient && !orderly)) {
    restart(static_cast<std::size_t>(found - children_.begin()));
  } else if (found->spec.restart == Restart::temporary) {
    children_.erase(found);
  } else {
    found->pid.reset();
  }
}

/// SUP-5. The child at `index` is not running.
void SupervisorBody::restart(std::size_t index) {
  children_[index].pid.reset();
  count_restart(children_[index]);
  switch (options_.strategy) {
    case Strategy::one_for_one:
      if (const auto reason = start_child(children_[index])) {
        report(children_[index], "failed to start", *reason);
        children_[index].restarting = true;
        send(self(), Term::tuple({"$try_again_restart"_atom, children_[index].spec.id}));  // SUP-8: answers others between attempts
      }
      break;
    case Strategy::rest_for_one:
      stop_from(index + 1);
      start_from(index);
      break;
    case Strategy::one_for_all:
      stop_from(0);
      start_from(0);
      break;
  }
}

void SupervisorBody::start_from(std::size_t first) {
  for (std::size_t i = first; i < children_.size(); ++i) {
    Child& child = children_[i];
    if (child.pid) continue;
    if (const auto reason = start_child(child)) {
      report(child, "failed to start", *reason);
      child.restarting = true;
      send(self(), Term::tuple({"$try_again_restart"_atom, child.spec.id}));
      return;
    }
  }
}

/// Stops the children from `first` on, the last one first; temporary ones are forgotten (SUP-5).
void SupervisorBody::stop_from(std::size_t first) {
  for (std::size_t i = children_.size(); i > first; --i) {
    Child& child = children_[i - 1];
    stop_child(child);
    if (child.spec.restart == Restart::temporary) children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i - 1));
  }
}

/// SUP-9.
void SupervisorBody::stop_child(Child& child) {
  child.restarting = false;
  if (!child.pid) return;
  const Pid pid = *child.pid;
  const bool brutal = child.spec.shutdown.is_brutal();
  const Ref monitored = monitor(pid);
  exit(pid, brutal ? atoms::kill : atoms::shutdown);
  auto reason = wait_down(monitored, brutal ? Timeout::infinity() : child.spec.shutdown.patience());
  const bool overdue = !reason;
  if (overdue) {
    exit(pid, atoms::kill);
    reason = wait_down(monitored, Timeout::infinity());
  }
  child.pid.reset();
  const auto exited = take_exit_of(pid);
  if (!reason) return;                                            // we are being killed ourselves
  if (reason->is_atom(atoms::noproc) && exited) reason = exited;  // it had ended before we asked
  const bool expected = brutal                                     ? reason->is_atom(atoms::killed)
                        : child.spec.restart == Restart::permanent ? reason->is_atom(atoms::shutdown)
                                                                   : detail::is_orderly(*reason);
  if (!expected) report(child, "shut down abnormally", *reason);
}

void SupervisorBody::count_restart(const Child& child) {
  const std::int64_t now_seconds = std::chrono::floor<std::chrono::seconds>(now().time_since_epoch()).count();
  const std::int64_t period_seconds = std::chrono::ceil<std::chrono::seconds>(options_.period).count();
  restarts_.push_back(now_seconds);
  std::erase_if(restarts_, [&](std::int64_t then) { return then < now_seconds - period_seconds; });  // the boundary counts
  if (restarts_.size() <= options_.intensity) return;
  report(child, "caused shutdown", "reached_max_restart_intensity"_atom);
  exit(atoms::shutdown);  // SUP-7: on_terminate() stops the others
}

void SupervisorBody::on_terminate(const Term&) { stop_from(0); }

bool SupervisorBody::on_call(const Term& request, const detail::Caller& caller) {
  bool known = true;
  const Term value = answer(request, known);
  if (known) reply(caller.pid, caller.ref, value);
  return known;
}

/// SUP-11, in OTP's own words.
Term SupervisorBody::answer(const Term& request, bool& known) {
  if (request.is_atom("which_children"_atom)) {
    std::vector<Term> rows;
    rows.reserve(children_.size());
    for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
      rows.push_back(Term::tuple({child->spec.id, child->state(), word(child->spec.type), Term::list({Atom(child->spec.class_name)})}));
    }
    return Term::list(rows);
  }
  if (request.is_atom("count_children"_atom)) {
    std::int64_t active = 0;
    std::int64_t supervisors = 0;
    for (const Child& child : children_) {
      active += child.pid ? 1 : 0;
      supervisors += child.spec.type == ChildType::supervisor ? 1 : 0;
    }
    const auto specs = static_cast<std::int64_t>(children_.size());
    return Term::list({Term::tuple({"specs"_atom, specs}), Term::tuple({"active"_atom, active}),
                       Term::tuple({"supervisors"_atom, supervisors}), Term::tuple({"workers"_atom, specs - supervisors})});
  }
  if (request.is_tuple(2)) {
    const Term& id = request.elements()[1];
    if (request.elements()[0].is_atom("terminate_child"_atom)) {
      Child* const child = find(id);
      if (child == nullptr) return error("not_found"_atom);
      stop_child(*child);
      if (child->spec.restart == Restart::temporary) children_.erase(children_.begin() + (child - children_.data()));
      return atoms::ok;
    }
    if (request.elements()[0].is_atom("restart_child"_atom)) return restart_by_request(id);
    if (request.elements()[0].is_atom("delete_child"_atom)) {
      Child* const child = find(id);
      if (child == nullptr) return error("not_found"_atom);
      if (child->restarting) return error("restarting"_atom);
      if (child->pid) return error("running"_atom);
      children_.erase(children_.begin() + (child - children_.data()));
      return atoms::ok;
    }
  }
  known = false;
  return {};
}

Term SupervisorBody::restart_by_request(const Term& id) {
  Child* const child = find(id);
  if (child == nullptr) return error("not_found"_atom);
  if (child->restarting) return error("restarting"_atom);
  if (child->pid) return error("running"_atom);
  if (auto reason = start_child(*child)) return error(std::move(*reason));
  return Term::tuple({atoms::ok, child->state()});
}

std::optional<Term> SupervisorBody::describe_state() const {
  std::vector<Term> rows;
  for (const Child& child : children_) rows.push_back(Term::tuple({child.spec.id, child.state()}));
  return Term::list(rows);
}

/// LOG-5.
void SupervisorBody::report(const Child& child, std::string_view what, const Term& reason) const {
  std::string text =
      fmt::format("Child {} of Supervisor {} {}\n{}", child.spec.id.text(), who().text(), what, detail::reason_line("exit", reason));
  if (child.pid) text += fmt::format("\nPid: {}", Term(*child.pid).text());
  text += fmt::format("\nStart Call: {}\nRestart: :{}\nShutdown: {}\nType: :{}", child.spec.start_call, word(child.spec.restart),
                      child.spec.shutdown.term().text(), word(child.spec.type).text());
  log::write(log::Level::error, text);
}

}  // namespace pulpo
