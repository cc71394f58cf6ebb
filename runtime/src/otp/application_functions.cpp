// SPDX-License-Identifier: Apache-2.0
//
// Application and :application, as Elixir's users type them.
#include <fmt/format.h>

#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "pulpo/application.hpp"

namespace pulpo {
namespace {

/// AC-20: the restart type is looked at first.
Result<RestartType> restart_type(const Term& restart) {
  const auto type = from_term<RestartType>(restart);
  if (type) return *type;
  return Error{Errc::refused, Term::tuple({"invalid_restart_type"_atom, restart}), "application"};
}

Result<void> start_as(Atom name, const Term& restart) {
  PULPO_TRY(const RestartType type, restart_type(restart));
  return start_application(name, {.type = type});
}

Result<std::vector<Atom>> ensure_all_as(Atom name, const Term& restart) {
  PULPO_TRY(const RestartType type, restart_type(restart));
  return ensure_all_started(name, {.type = type});
}

/// One that runs already is as good.
Term ensure_started(Atom name, const Result<void>& started) {
  const bool runs = !started && started.error().reason == Term::tuple({atoms::already_started, name});
  return runs ? Term(atoms::ok) : to_term(started);
}

/// AC-26: those that run here.
Term running_rows() {
  const auto running = which_applications();
  if (!running) exit(running.error().reason);
  std::vector<Term> all;
  for (const RunningApplication& each : *running)
    all.push_back(Term::tuple({each.name, Term::charlist(each.description), Term::charlist(each.version)}));
  return Term::list(all);
}

Term loaded_rows() {
  const auto loaded = describe_loaded_applications();
  if (!loaded) exit(loaded.error().reason);
  std::vector<Term> all;
  for (const RunningApplication& each : *loaded)
    all.push_back(Term::tuple({each.name, Term::charlist(each.description), Term::charlist(each.version)}));
  return Term::list(all);
}

Term setting(Atom application, Atom key, const Term& otherwise) { return get_env(application, key.text()).value_or(otherwise); }

Term fetched(Atom application, Atom key) {
  const auto value = get_env(application, key.text());
  return value ? Term::tuple({atoms::ok, *value}) : Term(atoms::error);
}

Term fetched_or_raise(Atom application, Atom key) {
  if (const auto value = get_env(application, key.text())) return *value;
  exit_badarg(fmt::format("could not fetch application environment {} for application {} because configuration at {} was not set",
                          Term(key).text(), Term(application).text(), Term(key).text()));
}

/// :application's {:ok, value}, or :undefined.
Term found_setting(Atom application, Atom key) {
  const auto value = get_env(application, key.text());
  return value ? Term::tuple({atoms::ok, *value}) : Term(atoms::undefined);
}

Term all_settings(Atom application) {
  std::vector<Term> pairs;
  const Env settings = get_all_env(application);
  for (const auto& [key, value] : settings.all()) pairs.push_back(Term::tuple({key, value}));
  return Term::list(pairs);
}

Term own_application() {
  const auto name = get_application();
  return name ? Term::tuple({atoms::ok, *name}) : Term(atoms::undefined);
}

}  // namespace

std::span<const Function> application_functions() {
  static constexpr Function kRows[] = {
      row("Application.start", "Starts an application: :ok or {:error, reason}.", [](Atom name) { return start_application(name); }),
      row("Application.start", "Starts an application as :permanent, :transient or :temporary.",
          [](Atom name, const Term& restart) { return start_as(name, restart); }),
      row("Application.stop", "Stops an application: :ok or {:error, reason}.", [](Atom name) { return stop_application(name); }),
      row("Application.ensure_started", "Starts an application that does not run yet: :ok or {:error, reason}.",
          [](Atom name) { return ensure_started(name, start_application(name)); }),
      row("Application.ensure_all_started", "Starts an application and what it needs: {:ok, those that it started}.",
          [](Atom name) { return ensure_all_started(name); }),
      row("Application.ensure_all_started", "The same as :permanent, :transient or :temporary.",
          [](Atom name, const Term& restart) { return ensure_all_as(name, restart); }),
      row("Application.started_applications", "The applications that run: {name, description, version}.", [] { return running_rows(); }),
      row("Application.loaded_applications", "The applications that this program has: {name, description, version}.",
          [] { return loaded_rows(); }),
      row("Application.get_env", "A setting of an application, or nil.",
          [](Atom application, Atom key) { return setting(application, key, {}); }),
      row("Application.get_env", "A setting of an application, or the third argument when there is none.",
          [](Atom application, Atom key, const Term& otherwise) { return setting(application, key, otherwise); }),
      row("Application.fetch_env", "{:ok, value} of a setting, or :error.",
          [](Atom application, Atom key) { return fetched(application, key); }),
      row("Application.fetch_env!", "A setting of an application; raises when there is none.",
          [](Atom application, Atom key) { return fetched_or_raise(application, key); }),
      row("Application.put_env", "Sets a setting of an application, and returns :ok.",
          [](Atom application, Atom key, const Term& value) { put_env(application, key.text(), value); }),
      row("Application.delete_env", "Removes a setting of an application, and returns :ok.",
          [](Atom application, Atom key) { delete_env(application, key.text()); }),
      row("Application.get_all_env", "All settings of an application: [key: value].",
          [](Atom application) { return all_settings(application); }),

      row(":application.start", "Starts an application: :ok or {:error, reason}.", [](Atom name) { return start_application(name); }),
      row(":application.start", "Starts an application as :permanent, :transient or :temporary.",
          [](Atom name, const Term& restart) { return start_as(name, restart); }),
      row(":application.stop", "Stops an application: :ok or {:error, reason}.", [](Atom name) { return stop_application(name); }),
      row(":application.ensure_started", "Starts an application that does not run yet: :ok or {:error, reason}.",
          [](Atom name) { return ensure_started(name, start_application(name)); }),
      row(":application.ensure_all_started", "Starts an application and what it needs: {:ok, those that it started}.",
          [](Atom name) { return ensure_all_started(name); }),
      row(":application.ensure_all_started", "The same as :permanent, :transient or :temporary.",
          [](Atom name, const Term& restart) { return ensure_all_as(name, restart); }),
      row(":application.which_applications", "The applications that run: {name, description, version}.", [] { return running_rows(); }),
      row(":application.loaded_applications", "The applications that this program has: {name, description, version}.",
          [] { return loaded_rows(); }),
      row(":application.get_application", "{:ok, name} of the application that the caller belongs to, or :undefined.",
          [] { return own_application(); }),
      row(":application.get_env", "{:ok, value} of a setting, or :undefined.",
          [](Atom application, Atom key) { return found_setting(application, key); }),
      row(":application.get_env", "A setting of an application, or the third argument when there is none.",
          [](Atom application, Atom key, const Term& otherwise) { return setting(application, key, otherwise); }),
      row(":application.get_all_env", "All settings of an application: [key: value].",
          [](Atom application) { return all_settings(application); }),
      row(":application.set_env", "Sets a setting of an application, and returns :ok.",
          [](Atom application, Atom key, const Term& value) { put_env(application, key.text(), value); }),
      row(":application.unset_env", "Removes a setting of an application, and returns :ok.",
          [](Atom application, Atom key) { delete_env(application, key.text()); }),
  };
  return kRows;
}

}  // namespace pulpo
