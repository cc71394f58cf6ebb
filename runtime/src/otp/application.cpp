// SPDX-License-Identifier: Apache-2.0
#include "pulpo/application.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "otp/application_controller.hpp"
#include "otp/application_table.hpp"
#include "proc/core.hpp"

namespace pulpo {

Term Codec<StartType>::encode(const StartType& type) {
  switch (type.kind()) {
    case StartType::Kind::local:
      return "local"_atom;
    case StartType::Kind::normal:
      return atoms::normal;
    case StartType::Kind::failover:
      return Term::tuple({"failover"_atom, type.node()});
    case StartType::Kind::takeover:
      return Term::tuple({"takeover"_atom, type.node()});
  }
  return "local"_atom;
}

bool Codec<StartType>::decode(const Term& term, StartType& out) {
  if (term.is_atom("local"_atom)) {
    out = StartType::local();
  } else if (term.is_atom(atoms::normal)) {
    out = StartType::normal();
  } else if (term.is_tuple(2) && term.elements()[0].is_atom("failover"_atom) && term.elements()[1].is_atom()) {
    out = StartType::failover(term.elements()[1].atom());
  } else if (term.is_tuple(2) && term.elements()[0].is_atom("takeover"_atom) && term.elements()[1].is_atom()) {
    out = StartType::takeover(term.elements()[1].atom());
  } else {
    return false;
  }
  return true;
}

StartType start_type() {
  const Pid leader = group_leader();
  if (!leader || !leader.is_local() || leader == self()) return StartType::local();
  const auto answer = try_call(leader, "start_type"_atom);
  if (!answer) return StartType::local();
  return from_term<StartType>(*answer).value_or(StartType::local());
}

const Term* Env::find(Atom key) const noexcept {
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& each) { return each.first == key; });
  return found == values_.end() ? nullptr : &found->second;
}

void Env::set(Atom key, Term value) {
  value.share();  // every core reads the settings
  const auto found = std::find_if(values_.begin(), values_.end(), [&](const auto& each) { return each.first == key; });
  if (found != values_.end()) {
    found->second = std::move(value);
  } else {
    values_.emplace_back(key, std::move(value));
  }
}

void detail::exit_bad_env(Atom key, const Term& value, std::string_view expected) {
  exit(Term::tuple({"bad_env"_atom, key, value, expected}));
}
void detail::exit_missing_env(Atom application, Atom key) { exit(Term::tuple({"missing_env"_atom, application, key})); }

std::optional<Term> get_env(Atom application, std::string_view key) { return ApplicationTable::of(runtime()).get(application, Atom(key)); }
void put_env(Atom application, std::string_view key, Term value) {
  ApplicationTable::of(runtime()).put(application, Atom(key), std::move(value));
}
void delete_env(Atom application, std::string_view key) { ApplicationTable::of(runtime()).erase(application, Atom(key)); }
Env get_all_env(Atom application) { return ApplicationTable::of(runtime()).all(application); }

std::optional<std::uint64_t> serving_epoch() {
  const auto lease = ApplicationTable::of(runtime()).lease_of_caller();
  if (!lease) return std::nullopt;
  const std::uint64_t epoch = lease->epoch();  // first: what it is followed by is higher
  if (lease->right(Core::here().loop().boot_time()) != Lease::Right::to_all) return std::nullopt;
  return epoch;
}

std::optional<Atom> get_application() { return ApplicationTable::of(runtime()).application_of(group_leader()); }

namespace {

Result<Term> ask(Term request) {
  return try_call(ApplicationController::registered_name(), std::move(request), {.timeout = Timeout::infinity()});
}

/// What a person should read when an application does not start or stop.
std::string words(Atom name, const Term& reason) {
  const std::string application(name.text());
  if (reason.is_tuple(2) && reason.elements()[1].is_atom()) {
    const Term& what = reason.elements()[0];
    const Atom whom = reason.elements()[1].atom();
    if (what.is_atom("not_loaded"_atom)) return fmt::format("there is no application {} in this program", whom.text());
    if (what.is_atom(atoms::already_started)) return "application " + application + " runs already";
    if (what.is_atom("already_loaded"_atom)) return "there is an application " + application + " in this program already";
    if (what.is_atom("running"_atom)) return "application " + application + " runs; stop it first";
    if (what.is_atom("not_started"_atom) && whom == name) return "application " + application + " does not run";
    if (what.is_atom("not_started"_atom)) {
      return fmt::format("application {} needs {}, which does not run; start that first, or use ensure_all_started()", application,
                         whom.text());
    }
    if (what.is_atom("invalid_restart_type"_atom))
      return "a restart type is permanent, transient or temporary, not " + std::string(whom.text());
  }
  if (reason.is_tuple(2) && reason.elements()[0].is_atom("circular_dependency"_atom))
    return fmt::format("application {} needs itself: {}", application, reason.elements()[1].text());
  return "application " + application + " did not start: " + start_error_text(reason);
}

Result<void> outcome(Atom name, const Result<Term>& answer) {
  if (!answer) return answer.error();
  auto result = from_term<Result<void>>(*answer);
  if (!result) return Error{Errc::bad_message, *answer, "application_controller"};
  if (*result) return {};
  Error error = std::move(*result).error();
  error.code = Errc::refused;
  error.detail = words(name, error.reason);
  return error;
}

/// {name, :start | :start_phase, arguments}: whose doing it was.
bool is_start_call(const Term& term) {
  return term.is_tuple(3) && (term.elements()[1].is_atom("start"_atom) || term.elements()[1].is_atom("start_phase"_atom));
}

}  // namespace

/// AC-29: {reason, call}, or {:bad_return, {call, {:EXIT, reason}}} when the call did not even return.
std::string start_error_text(const Term& reason) {
  Term why = reason;
  std::string step;
  const auto note_step = [&step](const Term& call) {
    if (call.elements()[1].is_atom("start_phase"_atom) && call.elements()[2].list_size() > 0)
      step = "its start phase " + reason_text(call.elements()[2].list_at(0)) + " failed: ";
  };
  if (why.is_tuple(2) && why.elements()[0].is_atom("bad_return"_atom) && why.elements()[1].is_tuple(2) &&
      is_start_call(why.elements()[1].elements()[0])) {
    note_step(why.elements()[1].elements()[0]);
    why = Term(why.elements()[1].elements()[1]);
  } else if (why.is_tuple(2) && is_start_call(why.elements()[1])) {
    note_step(why.elements()[1]);
    why = Term(why.elements()[0]);
  }
  if (why.is_tuple(2) && why.elements()[0].is_atom(atoms::EXIT)) why = Term(why.elements()[1]);
  if (why.is_tuple(2) && why.elements()[0].is_atom(atoms::shutdown) && why.elements()[1].is_tuple(3) &&
      why.elements()[1].elements()[0].is_atom("failed_to_start_child"_atom)) {
    const auto failed = why.elements()[1].elements();
    return step + "its child " + failed[1].text() + " failed: " + reason_text(failed[2]);
  }
  return step + reason_text(why);
}

Result<void> start_application(Atom name, const ApplicationStart& options) {
  return outcome(name, ask(Term::tuple({"start_application"_atom, name, to_term(options.type), to_term(options.start)})));
}

Result<std::vector<Atom>> ensure_all_started(Atom name, const ApplicationStart& options) {
  const auto failed = [name](Atom which, Error error) {
    Error whole{Errc::refused, Term::tuple({which, error.reason}), "ensure_all_started"};
    whole.detail = which == name ? error.detail : fmt::format("application {} needs {}: {}", name.text(), which.text(), error.detail);
    return whole;
  };
  PULPO_TRY(const Term answer, ask(Term::tuple({"start_order"_atom, name})));
  const auto order = from_term<Result<std::vector<Atom>>>(answer);
  if (!order) return Error{Errc::bad_message, answer, "application_controller"};
  if (!*order) {  // {which, reason}
    const Term& reason = order->error().reason;
    const Atom which = reason.elements()[0].atom();
    Error error{Errc::refused, reason.elements()[1]};
    error.detail = words(which, error.reason);
    return failed(which, std::move(error));
  }
  std::vector<Atom> started;
  for (const Atom each : **order) {
    auto result = start_application(each, {.type = options.type, .start = each == name ? options.start : StartType::normal()});
    if (result) {
      started.push_back(each);
      continue;
    }
    Error error = std::move(result).error();
    if (error.reason.is_tuple(2) && error.reason.elements()[0].is_atom(atoms::already_started)) continue;
    for (; !started.empty(); started.pop_back()) (void)stop_application(started.back());
    return failed(each, std::move(error));
  }
  return started;
}

Result<void> load_application(Application application) {
  const Atom name(application.name);
  for (const StartPhase& phase : application.start_phases) phase.arguments.share();
  const auto kept = std::make_shared<const Application>(std::move(application));
  return outcome(name, ask(Term::tuple({"load_application"_atom, Term::object(kept)})));
}

Result<void> unload_application(Atom name) { return outcome(name, ask(Term::tuple({"unload_application"_atom, name}))); }

Result<void> stop_application(Atom name) { return outcome(name, ask(Term::tuple({"stop_application"_atom, name}))); }

Result<void> stop_applications() {
  auto answer = ask("stop_applications"_atom);
  if (!answer) return std::move(answer).error();
  return {};
}

namespace {

/// [{name, description, version}].
Result<std::vector<RunningApplication>> rows_of(Atom question) {
  PULPO_TRY(const Term answer, ask(question));
  auto rows = from_term<std::vector<std::tuple<Atom, std::string, std::string>>>(answer);
  if (!rows) return Error{Errc::bad_message, answer, "application_controller"};
  std::vector<RunningApplication> applications;
  for (auto& [name, description, version] : *rows) applications.push_back({name, std::move(description), std::move(version)});
  return applications;
}

}  // namespace

Result<std::vector<RunningApplication>> which_applications() { return rows_of("which_applications"_atom); }

Result<std::vector<RunningApplication>> describe_loaded_applications() { return rows_of("loaded_applications"_atom); }

Result<std::vector<Atom>> loaded_applications() {
  PULPO_TRY(const auto rows, describe_loaded_applications());
  std::vector<Atom> names;
  for (const RunningApplication& each : rows) names.push_back(each.name);
  return names;
}

}  // namespace pulpo
