// SPDX-License-Identifier: Apache-2.0
#include "otp/application_controller.hpp"

#include <algorithm>

#include "otp/application_master.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

Term error(Atom what, Atom name) { return Term::tuple({atoms::error, Term::tuple({what, name})}); }

}  // namespace

void ApplicationController::construct() { trap_exit(true); }

const Application* ApplicationController::find(Atom name) const {
  const auto found =
      std::find_if(applications_.begin(), applications_.end(), [&](const Application& each) { return each.name == name.text(); });
  return found == applications_.end() ? nullptr : &*found;
}

ApplicationController::Running* ApplicationController::running(Atom name) {
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& each) { return each.name == name; });
  return found == running_.end() ? nullptr : &*found;
}

bool ApplicationController::on_call(const Term& request, const detail::Caller& caller) {
  if (request.is_atom("which_applications"_atom)) {
    reply(caller.pid, caller.ref, running_list());
    return true;
  }
  if (request.is_atom("loaded_applications"_atom)) {
    std::vector<Atom> names;
    for (const Application& each : applications_) names.emplace_back(each.name);
    reply(caller.pid, caller.ref, to_term(names));
    return true;
  }
  if (request.is_atom("stop_applications"_atom)) {
    all_stoppers_.push_back(caller);
    stop_next();
    return true;
  }
  if (request.is_tuple(3) && request.elements()[0].is_atom("start_application"_atom) && request.elements()[1].is_atom()) {
    const auto type = from_term<StartType>(request.elements()[2]);
    if (!type) return false;
    start_one(request.elements()[1].atom(), *type, caller);
    return true;
  }
  if (request.is_tuple(2) && request.elements()[0].is_atom("stop_application"_atom) && request.elements()[1].is_atom()) {
    stop_one(request.elements()[1].atom(), caller);
    return true;
  }
  return false;
}

void ApplicationController::start_one(Atom name, const StartType& type, const detail::Caller& caller) {
  const Application* const application = find(name);
  if (application == nullptr) return reply(caller.pid, caller.ref, error("not_loaded"_atom, name));  // AC-53
  if (Running* const already = running(name)) {
    if (already->phase == Phase::starting) {
      already->starters.push_back(caller);
    } else {
      reply(caller.pid, caller.ref, error(atoms::already_started, name));
    }
    return;
  }
  auto master = detail::start_server(std::make_unique<ApplicationMaster>(*application, type), {.link = true});
  if (!master) return reply(caller.pid, caller.ref, to_term(Result<void>(std::move(master).error())));
  running_.push_back({.name = name, .master = *master, .starters = {caller}});
}

void ApplicationController::stop_one(Atom name, const detail::Caller& caller) {
  Running* const application = running(name);
  if (application == nullptr) return reply(caller.pid, caller.ref, error("not_started"_atom, name));  // AC-46
  application->stoppers.push_back(caller);
  tell_to_stop(*application);
}

void ApplicationController::tell_to_stop(Running& application) {
  if (application.phase == Phase::stopping) return;
  application.phase = Phase::stopping;
  send(application.master, "$stop_application"_atom);
}

void ApplicationController::stop_next() {
  if (!running_.empty()) return tell_to_stop(running_.back());
  for (const detail::Caller& caller : std::exchange(all_stoppers_, {})) reply(caller.pid, caller.ref, atoms::ok);
}

bool ApplicationController::on_info(const Term& message) {
  if (message.is_tuple(3) && message.elements()[0].is_atom("application_started"_atom) && message.elements()[1].is_atom()) {
    started(message.elements()[1].atom(), message.elements()[2]);
    return true;
  }
  if (const auto ended = match<Exit>(message)) {
    master_ended(ended->from, ended->reason);
    return true;
  }
  return false;
}

void ApplicationController::started(Atom name, const Term& outcome) {
  Running* const application = running(name);
  if (application == nullptr) return;
  if (application->phase == Phase::starting && outcome.is_atom(atoms::ok)) application->phase = Phase::running;
  for (const detail::Caller& caller : std::exchange(application->starters, {})) reply(caller.pid, caller.ref, outcome);
}

void ApplicationController::master_ended(const Pid& master, const Term& reason) {
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& each) { return each.master == master; });
  if (found == running_.end()) return;
  const Running application = std::move(*found);
  running_.erase(found);
  // The master wraps what the tree ended with in {shutdown, _}.
  const Term& why = reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::shutdown) ? reason.elements()[1] : reason;
  // AC-70, AC-49: temporary applications are only reported. The level is the tutorials' (LOG-2).
  log::info("Application {} exited: {}", application.name.text(),
            application.phase == Phase::starting ? "it did not start: " + start_error_text(why) : reason_text(why));
  for (const detail::Caller& caller : application.starters) reply(caller.pid, caller.ref, Term::tuple({atoms::error, why}));
  for (const detail::Caller& caller : application.stoppers) reply(caller.pid, caller.ref, atoms::ok);
  if (!all_stoppers_.empty()) stop_next();
}

/// The system stops: the applications first, the last started first.
void ApplicationController::on_terminate(const Term& reason) {
  while (!running_.empty()) {
    const Running application = std::move(running_.back());
    running_.pop_back();
    const Ref monitored = monitor(application.master);
    send(application.master, "$stop_application"_atom);
    (void)receive_if([&monitored](const Term& message) {
      return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitored);
    });
    log::info("Application {} exited: {}", application.name.text(), reason_text(detail::is_orderly(reason) ? "stopped"_atom : reason));
  }
}

Term ApplicationController::running_list() const {
  std::vector<Term> rows;
  for (auto each = running_.rbegin(); each != running_.rend(); ++each) {
    if (each->phase == Phase::starting) continue;
    const Application* const application = find(each->name);
    rows.push_back(Term::tuple({each->name, Term::charlist(application->description), Term::charlist(application->version)}));
  }
  return Term::list(rows);
}

std::optional<Term> ApplicationController::describe_state() const { return running_list(); }

}  // namespace pulpo
