// SPDX-License-Identifier: Apache-2.0
#include "pulpo/application.hpp"

#include <algorithm>
#include <tuple>

#include "otp/application_controller.hpp"

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

void Env::exit_bad(Atom key, const Term& value) { exit(Term::tuple({"bad_env"_atom, key, value})); }

namespace {

Result<Term> ask(Term request) {
  return try_call(ApplicationController::registered_name(), std::move(request), {.timeout = Timeout::infinity()});
}

/// What a person should read when an application does not start or stop.
std::string words(Atom name, const Term& reason) {
  const std::string application(name.text());
  if (reason.is_tuple(2)) {
    const Term& what = reason.elements()[0];
    if (what.is_atom("not_loaded"_atom)) return "there is no application " + application + " in this program";
    if (what.is_atom(atoms::already_started)) return "application " + application + " runs already";
    if (what.is_atom("not_started"_atom)) return "application " + application + " does not run";
  }
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

}  // namespace

/// AC-29: {reason, {name, :start, _}}, inside {:bad_return, _} when start did not even return.
std::string start_error_text(const Term& reason) {
  Term why = reason;
  if (why.is_tuple(2) && why.elements()[0].is_atom("bad_return"_atom)) why = Term(why.elements()[1]);
  if (why.is_tuple(2) && why.elements()[1].is_tuple(3) && why.elements()[1].elements()[1].is_atom("start"_atom))
    why = Term(why.elements()[0]);
  if (why.is_tuple(2) && why.elements()[0].is_atom(atoms::EXIT)) why = Term(why.elements()[1]);
  if (why.is_tuple(2) && why.elements()[0].is_atom(atoms::shutdown) && why.elements()[1].is_tuple(3) &&
      why.elements()[1].elements()[0].is_atom("failed_to_start_child"_atom)) {
    const auto failed = why.elements()[1].elements();
    return "its child " + failed[1].text() + " failed: " + reason_text(failed[2]);
  }
  return reason_text(why);
}

Result<void> start_application(Atom name, const StartType& type) {
  return outcome(name, ask(Term::tuple({"start_application"_atom, name, to_term(type)})));
}

Result<void> stop_application(Atom name) { return outcome(name, ask(Term::tuple({"stop_application"_atom, name}))); }

Result<void> stop_applications() {
  auto answer = ask("stop_applications"_atom);
  if (!answer) return std::move(answer).error();
  return {};
}

Result<std::vector<RunningApplication>> which_applications() {
  PULPO_TRY(const Term answer, ask("which_applications"_atom));
  auto rows = from_term<std::vector<std::tuple<Atom, std::string, std::string>>>(answer);
  if (!rows) return Error{Errc::bad_message, answer, "application_controller"};
  std::vector<RunningApplication> running;
  for (auto& [name, description, version] : *rows) running.push_back({name, std::move(description), std::move(version)});
  return running;
}

Result<std::vector<Atom>> loaded_applications() {
  PULPO_TRY(const Term answer, ask("loaded_applications"_atom));
  auto names = from_term<std::vector<Atom>>(answer);
  if (!names) return Error{Errc::bad_message, answer, "application_controller"};
  return std::move(*names);
}

}  // namespace pulpo
