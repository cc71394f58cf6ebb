// SPDX-License-Identifier: Apache-2.0
#include "otp/application_controller.hpp"

#include <algorithm>

#include "otp/application_master.hpp"
#include "otp/application_table.hpp"
#include "otp/io_server.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

Term error(Term reason) { return Term::tuple({atoms::error, std::move(reason)}); }
Term error(Atom what, Term whom) { return error(Term::tuple({what, std::move(whom)})); }

/// What every node of Erlang or Elixir has running. Here they are part of the program, and always there.
bool is_built_in(std::string_view name) { return name == "kernel" || name == "stdlib" || name == "elixir" || name == "logger"; }

/// As :application tells of it.
Term application_row(const Application& application) {
  return Term::tuple({Atom(application.name), Term::charlist(application.description), Term::charlist(application.version)});
}

ApplicationTable& table() { return ApplicationTable::of(runtime()); }

}  // namespace

void ApplicationController::construct() {
  trap_exit(true);
  // Nobody loads what is part of the program, and its settings can be asked for all the same: get_env(kernel, …).
  for (const auto& [whose, settings] : settings_) {
    if (!is_built_in(whose.text())) continue;
    for (const auto& [key, value] : settings.all()) table().put(whose, key, value);
  }
  for (const auto& application : std::exchange(applications_, {})) load(application);
}

std::shared_ptr<const Application> ApplicationController::find(Atom name) const {
  const auto found = std::find_if(applications_.begin(), applications_.end(), [&](const auto& each) { return each->name == name.text(); });
  return found == applications_.end() ? nullptr : *found;
}

ApplicationController::Running* ApplicationController::running(Atom name) {
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& each) { return each.name == name; });
  return found == running_.end() ? nullptr : &*found;
}

bool ApplicationController::has_started(Atom name) {
  const Running* const application = running(name);
  if (application != nullptr) return application->phase == Phase::running || application->phase == Phase::elsewhere;
  return is_built_in(name.text()) && find(name) == nullptr;
}

bool ApplicationController::on_call(const Term& request, const detail::Caller& caller) {
  if (request.is_atom("stop_applications"_atom)) {
    all_stoppers_.push_back(caller);
    stop_next();
    return true;
  }
  if (request.is_tuple(4) && request.elements()[0].is_atom("start_application"_atom) && request.elements()[1].is_atom()) {
    const auto start = from_term<StartType>(request.elements()[3]);
    if (!start) return false;
    const auto type = from_term<RestartType>(request.elements()[2]);
    if (type) {
      start_one({request.elements()[1].atom(), *type, *start, caller});
    } else {
      reply(caller.pid, caller.ref, error("invalid_restart_type"_atom, request.elements()[2]));
    }
    return true;
  }
  if (request.is_tuple(2) && request.elements()[0].is_atom("stop_application"_atom) && request.elements()[1].is_atom()) {
    stop_one(request.elements()[1].atom(), caller);
    return true;
  }
  const auto value = answer(request);
  if (value) reply(caller.pid, caller.ref, *value);
  return value.has_value();
}

std::optional<Term> ApplicationController::answer(const Term& request) {
  if (request.is_atom("which_applications"_atom)) return running_list();
  if (request.is_atom("list_applications"_atom)) return running_times();
  if (request.is_atom("loaded_applications"_atom)) {
    std::vector<Term> rows;
    for (const auto& each : applications_) rows.push_back(application_row(*each));
    return Term::list(rows);
  }
  if (!request.is_tuple(2)) return std::nullopt;
  const Term& what = request.elements()[0];
  const Term& which = request.elements()[1];
  if (what.is_atom("load_application"_atom)) return load_one(which);
  if (what.is_atom("unload_application"_atom) && which.is_atom()) return unload_one(which.atom());
  if (what.is_atom("control_applications"_atom)) return control(which);
  if (what.is_atom("start_order"_atom) && which.is_atom()) return start_order(which.atom());
  return std::nullopt;
}

// --- Loading --------------------------------------------------------------------------------------------------------

void ApplicationController::load(std::shared_ptr<const Application> application) {
  const Atom name(application->name);
  for (const auto& [key, value] : application->env.all()) table().put(name, key, value);
  for (const auto& [whose, settings] : settings_) {
    if (whose != name) continue;
    for (const auto& [key, value] : settings.all()) table().put(name, key, value);
  }
  applications_.push_back(std::move(application));
}

Term ApplicationController::load_one(const Term& application) {
  auto wanted = application.as_object<const Application>();
  if (!wanted) return error(atoms::badarg);
  if (const Atom name(wanted->name); find(name) != nullptr) return error("already_loaded"_atom, name);
  load(std::move(wanted));
  return atoms::ok;
}

Term ApplicationController::unload_one(Atom name) {
  if (running(name) != nullptr) return error("running"_atom, name);  // AC-48
  if (find(name) == nullptr) return error("not_loaded"_atom, name);
  std::erase_if(applications_, [&](const auto& each) { return each->name == name.text(); });
  table().erase_all(name);
  return atoms::ok;
}

// --- Starting -------------------------------------------------------------------------------------------------------

std::vector<Atom> ApplicationController::needs_of(const Application& application) const {
  std::vector<Atom> needs;
  for (const std::string& each : application.applications) {
    if (!is_built_in(each) || find(Atom(each)) != nullptr) needs.emplace_back(each);
  }
  for (const std::string& each : application.optional_applications) {
    if (find(Atom(each)) != nullptr) needs.emplace_back(each);
  }
  return needs;
}

/// AC-51: what must start for `name` to run, depth first, itself last: {:ok, names}, or {:error, {which, reason}}.
Term ApplicationController::start_order(Atom name) const {
  struct Step {
    Atom name;
    std::vector<Atom> needs;
    std::size_t next = 0;
  };
  std::vector<Step> path;
  std::vector<Atom> order;
  const auto enter = [&](Atom which) -> std::optional<Term> {
    const auto application = find(which);
    if (application == nullptr) return error(which, Term::tuple({"not_loaded"_atom, which}));
    path.push_back({which, needs_of(*application)});
    return std::nullopt;
  };
  if (const auto wrong = enter(name)) return *wrong;
  while (!path.empty()) {
    Step& step = path.back();
    if (step.next == step.needs.size()) {
      order.push_back(step.name);
      path.pop_back();
      continue;
    }
    const Atom next = step.needs[step.next++];
    if (std::find(order.begin(), order.end(), next) != order.end()) continue;
    const auto circle = std::find_if(path.begin(), path.end(), [&](const Step& each) { return each.name == next; });
    if (circle != path.end()) {
      std::vector<Atom> names;
      for (auto each = circle; each != path.end(); ++each) names.push_back(each->name);
      names.push_back(next);
      return error(next, Term::tuple({"circular_dependency"_atom, to_term(names)}));
    }
    if (const auto wrong = enter(next)) return *wrong;
  }
  return Term::tuple({atoms::ok, to_term(order)});
}

/// AC-20, in its order.
void ApplicationController::start_one(const Wish& wish) {
  const auto refuse_with = [&](const Term& why) { reply(wish.caller.pid, wish.caller.ref, why); };
  const auto application = find(wish.name);
  if (application == nullptr) return refuse_with(error("not_loaded"_atom, wish.name));  // AC-53
  if (Running* const already = running(wish.name)) {
    if (already->phase == Phase::running || already->phase == Phase::elsewhere)
      return refuse_with(error(atoms::already_started, wish.name));
    if (already->phase == Phase::stopping) return postponed_.push_back(wish);
    return already->starters.push_back(wish.caller);
  }
  for (const std::string& need : application->applications) {
    if (!has_started(Atom(need))) return refuse_with(error("not_started"_atom, Atom(need)));
  }
  if (!application->start) {
    running_.push_back({.name = wish.name, .phase = Phase::running, .type = wish.type, .since = now()});
    tell_count();
    return refuse_with(atoms::ok);
  }
  running_.push_back({.name = wish.name, .phase = Phase::asked, .type = wish.type, .starters = {wish.caller}});
  if (is_controlled(wish.name)) return tell_control("application_wanted"_atom, wish.name, to_term(wish.type));
  start_here(running_.back(), wish.start);
}

void ApplicationController::start_here(Running& application, const StartType& start) {
  if (const auto user = whereis(IoServer::user_name()))
    set_group_leader(*user);  // the master's, at first (AC-55); it may have been restarted
  auto master = detail::start_server(std::make_unique<ApplicationMaster>(find(application.name), start), {.link = true});
  if (master) {
    application.master = *master;
    application.phase = Phase::starting;
    application.since = now();
    return;
  }
  const Term why = to_term(Result<void>(std::move(master).error()));
  if (is_controlled(application.name)) return tell_control("application_ended"_atom, application.name, why.elements()[1]);
  answer_starters(application, why);
  std::erase_if(running_, [name = application.name](const Running& each) { return each.name == name; });
}

void ApplicationController::answer_starters(Running& application, const Term& outcome) {
  for (const detail::Caller& caller : std::exchange(application.starters, {})) reply(caller.pid, caller.ref, outcome);
}

// --- Applications that somebody else controls -----------------------------------------------------------------------------

bool ApplicationController::is_controlled(Atom name) const { return table().is_controlled(name); }

/// From now on these. Of those whose start was asked for here before, by an earlier life of the control: {name, :running | :starting |
/// :wanted}.
Term ApplicationController::control(const Term& names) {
  table().set_controlled(from_term<std::vector<Atom>>(names).value_or(std::vector<Atom>{}));
  std::vector<std::pair<Atom, Atom>> here;
  for (const Running& each : running_) {
    if (!is_controlled(each.name)) continue;
    const Atom phase = each.phase == Phase::running ? "running"_atom : each.phase == Phase::starting ? "starting"_atom : "wanted"_atom;
    here.emplace_back(each.name, phase);
  }
  return to_term(here);
}

void ApplicationController::tell_count() const {
  if (!whereis(control_name())) return;
  const auto count = std::count_if(running_.begin(), running_.end(), [](const Running& each) { return each.phase == Phase::running; });
  tell_control("application_count"_atom, atoms::undefined, to_term(static_cast<std::uint64_t>(count)));
}

void ApplicationController::tell_control(Term word, Atom name, Term what) const {
  if (const auto control = whereis(control_name())) send(*control, Term::tuple({std::move(word), name, std::move(what)}));
}

bool ApplicationController::obey_control(const Term& message) {
  if (!message.is_tuple() || message.elements().size() < 2 || !message.elements()[0].is_atom() || !message.elements()[1].is_atom())
    return false;
  const auto words = message.elements();
  const Atom word = words[0].atom();
  if (word != "run_application"_atom && word != "application_elsewhere"_atom && word != "refuse_application"_atom &&
      word != "stop_application_here"_atom)
    return false;
  const Atom name = words[1].atom();
  Running* application = running(name);
  if (word == "run_application"_atom && words.size() == 4) {
    const auto start = from_term<StartType>(words[2]);
    const auto type = from_term<RestartType>(words[3]);  // none: as it was
    if (!start || find(name) == nullptr) {
      tell_control("application_ended"_atom, name, Term::tuple({"not_loaded"_atom, name}));
      return true;
    }
    if (application == nullptr) {
      running_.push_back({.name = name, .phase = Phase::asked});
      application = &running_.back();
    }
    if (type) application->type = *type;
    if (application->phase == Phase::asked || application->phase == Phase::elsewhere) start_here(*application, *start);
  } else if (application == nullptr) {
    return true;
  } else if (word == "application_elsewhere"_atom) {
    if (application->phase == Phase::asked) application->phase = Phase::elsewhere;
    if (application->phase == Phase::elsewhere) answer_starters(*application, atoms::ok);
  } else if (word == "refuse_application"_atom && words.size() == 3) {
    if (application->phase != Phase::asked) return true;
    answer_starters(*application, error(words[2]));
    std::erase_if(running_, [name](const Running& each) { return each.name == name; });
  } else if (application->phase == Phase::starting || application->phase == Phase::running) {
    tell_to_stop(*application);
  }
  return true;
}

void ApplicationController::started(Atom name, const Term& outcome) {
  Running* const application = running(name);
  if (application == nullptr || application->phase == Phase::running) return;
  if (!outcome.is_atom(atoms::ok)) return;  // its master is about to end, and its reason is the same
  if (application->phase == Phase::starting) application->phase = Phase::running;
  application->since = now();
  if (is_controlled(name)) tell_control("application_runs"_atom, name, Term());
  log::debug("Application {} started at {}", name.text(), Term(runtime().node_name()).text());  // AC-70
  answer_starters(*application, outcome);
  tell_count();
}

// --- Stopping -------------------------------------------------------------------------------------------------------

void ApplicationController::stop_one(Atom name, const detail::Caller& caller) {
  Running* const application = running(name);
  if (application == nullptr) return reply(caller.pid, caller.ref, error("not_started"_atom, name));  // AC-46
  application->stoppers.push_back(caller);
  if (is_controlled(name)) tell_control("application_unwanted"_atom, name, "stopped"_atom);
  tell_to_stop(*application);
}

void ApplicationController::tell_to_stop(Running& application) {
  if (application.phase == Phase::stopping) return;
  application.phase = Phase::stopping;
  if (application.master) {
    send(application.master, ApplicationMaster::stop_word());
    return;
  }
  const auto at = running_.begin() + (&application - running_.data());
  const Running without_processes = std::move(*at);
  running_.erase(at);
  const bool was_here = !is_controlled(without_processes.name);
  if (was_here) return ended(without_processes, "stopped"_atom);
  for (const detail::Caller& caller : without_processes.starters) reply(caller.pid, caller.ref, error("stopped"_atom));
  for (const detail::Caller& caller : without_processes.stoppers) reply(caller.pid, caller.ref, atoms::ok);
}

void ApplicationController::stop_next() {
  if (all_stoppers_.empty()) return;
  while (!running_.empty()) {
    const bool has_processes = static_cast<bool>(running_.back().master);
    tell_to_stop(running_.back());
    if (has_processes) return;  // its end goes on from here
  }
  for (const detail::Caller& caller : std::exchange(all_stoppers_, {})) reply(caller.pid, caller.ref, atoms::ok);
}

bool ApplicationController::on_info(const Term& message) {
  if (message.is_tuple(3) && message.elements()[0].is_atom("application_started"_atom) && message.elements()[1].is_atom()) {
    started(message.elements()[1].atom(), message.elements()[2]);
    return true;
  }
  if (message.is_tuple(2) && message.elements()[0].is_atom("system_stop"_atom)) {
    begin_system_end(message);
    return true;
  }
  if (obey_control(message)) return true;
  if (const auto exited = match<Exit>(message)) {
    master_ended(exited->from, exited->reason);
    return true;
  }
  return false;
}

void ApplicationController::master_ended(const Pid& master, const Term& reason) {
  const auto found = std::find_if(running_.begin(), running_.end(), [&](const Running& each) { return each.master == master; });
  if (found == running_.end()) return;
  const Running application = std::move(*found);
  running_.erase(found);
  table().remove_master(master);
  // The master wraps what the tree ended with in {shutdown, _}.
  const bool wrapped = reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::shutdown);
  ended(application, wrapped ? Term(reason.elements()[1]) : reason);
  tell_count();
  stop_next();
}

void ApplicationController::ended(const Running& application, const Term& why) {
  const bool failed = !application.starters.empty() || application.phase == Phase::starting;  // nobody has told of a success
  // AC-70, AC-49: temporary applications are only reported. The level is the tutorials' (LOG-2).
  log::info("Application {} exited: {}", application.name.text(), failed ? "it did not start: " + start_error_text(why) : reason_text(why));
  if (!is_controlled(application.name) || !control_goes_on(application, why, failed)) ended_for_good(application, why, failed);
  std::vector<Wish> waiting;
  for (const Wish& wish : std::exchange(postponed_, {})) (wish.name == application.name ? waiting : postponed_).push_back(wish);
  for (const Wish& wish : waiting) start_one(wish);
}

void ApplicationController::ended_for_good(const Running& application, const Term& why, bool failed) {
  for (const detail::Caller& caller : application.starters) reply(caller.pid, caller.ref, error(why));
  for (const detail::Caller& caller : application.stoppers) reply(caller.pid, caller.ref, atoms::ok);
  const bool by_itself = application.phase != Phase::stopping;
  if (by_itself && failed && application.type == RestartType::permanent) {
    begin_system_end(Term::tuple({"application_start_failure"_atom, application.name, why}));
  } else if (by_itself && !failed && application.type != RestartType::temporary &&
             (application.type == RestartType::permanent || !why.is_atom(atoms::normal))) {
    begin_system_end(Term::tuple({"application_terminated"_atom, application.name, why}));
  }
}

/// What its control decides on: whether and where it goes on. False when the node ends with it, or the operator stopped it.
bool ApplicationController::control_goes_on(const Running& application, const Term& why, bool failed) {
  const bool is_operators = !application.stoppers.empty() || !all_stoppers_.empty();
  if (application.phase == Phase::stopping) {
    // Its control has been told that it is unwanted, and not yet that it has ended.
    if (!application.stoppers.empty()) tell_control("application_ended"_atom, application.name, why);
    if (is_operators) return false;
    running_.push_back({.name = application.name, .phase = Phase::elsewhere, .type = application.type, .starters = application.starters});
    tell_control("application_ended"_atom, application.name, why);
    return true;
  }
  if (failed) {
    running_.push_back({.name = application.name, .phase = Phase::asked, .type = application.type, .starters = application.starters});
  } else if (application.type == RestartType::permanent || (application.type == RestartType::transient && !why.is_atom(atoms::normal))) {
    return false;  // others notice when this node goes, and go on with it (WK-2)
  }
  tell_control("application_ended"_atom, application.name, why);
  return true;
}

/// Ended without stop_applications() before: by a kill of the supervisor, or a failure of ours. The last started first all the same.
void ApplicationController::on_terminate(const Term& reason) {
  while (!running_.empty()) {
    const Running application = std::move(running_.back());
    running_.pop_back();
    if (application.master) {
      const Ref monitored = monitor(application.master);
      send(application.master, ApplicationMaster::stop_word());
      (void)receive_if([&monitored](const Term& message) {
        return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(monitored);
      });
      table().remove_master(application.master);
    }
    if (application.phase == Phase::asked || application.phase == Phase::elsewhere) continue;
    log::info("Application {} exited: {}", application.name.text(), reason_text(detail::is_orderly(reason) ? "stopped"_atom : reason));
  }
}

/// AC-26.
bool ApplicationController::runs(const Running& application) {
  return application.phase == Phase::running || application.phase == Phase::stopping;
}

Term ApplicationController::running_list() const {
  std::vector<Term> rows;
  for (auto each = running_.rbegin(); each != running_.rend(); ++each) {
    if (!runs(*each)) continue;
    const auto application = find(each->name);
    rows.push_back(application_row(*application));
  }
  return Term::list(rows);
}

Term ApplicationController::running_times() const {
  const TimePoint present = now();
  std::vector<Term> rows;
  for (const Running& each : running_) {
    if (!runs(each)) continue;
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(present - each.since);
    rows.push_back(Term::map({{"name"_atom, each.name}, {"running_ms"_atom, to_term(age.count())}}));
  }
  return Term::list(rows);
}

std::optional<Term> ApplicationController::describe_state() const { return running_list(); }

}  // namespace pulpo
