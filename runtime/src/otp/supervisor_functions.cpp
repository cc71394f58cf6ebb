// SPDX-License-Identifier: Apache-2.0
//
// Supervisor and DynamicSupervisor, as Elixir's users type them (SUP-11, SUP-12).
#include "otp/builtin_functions.hpp"
#include "otp/child_spec_term.hpp"
#include "otp/function_arguments.hpp"
#include "otp/server_stop.hpp"
#include "otp/supervisor_options.hpp"

namespace pulpo {
namespace {

/// SUP-14.
Term ask_for_ever(const ServerArgument& supervisor, const Term& request) {
  return call_of(supervisor, request, {.timeout = Timeout::infinity()});
}
Term ask_about(const ServerArgument& supervisor, Atom what, const Term& child) {
  return ask_for_ever(supervisor, Term::tuple({what, child}));
}

Term start_with_children(const std::vector<Term>& children, const Keywords& keywords) {
  SupervisorOptions options = static_options("Supervisor.start_link", keywords);
  for (const Term& child : children) {
    auto spec = child_of(expanded_child_spec(child));
    if (!spec) return Term::tuple({atoms::error, Term::tuple({"start_spec"_atom, spec.error().reason})});
    options.children.push_back(*std::move(spec));
  }
  return started_term(start_supervisor(std::move(options)));
}

/// Elixir's map instead of OTP's list.
Term counted_children(const ServerArgument& supervisor) {
  const Term counts = ask_for_ever(supervisor, "count_children"_atom);
  Keywords keywords;
  if (!decode_into(counts, keywords)) return counts;
  std::vector<std::pair<Term, Term>> pairs;
  for (const Term& each : elements_of(counts)) pairs.emplace_back(each.elements()[0], each.elements()[1]);
  return Term::map(std::move(pairs));
}

using Where = ServerArgument;

}  // namespace

std::span<const Function> supervisor_functions() {
  static constexpr Function kRows[] = {
      row("Supervisor.start_link",
          "Starts a supervisor with children, linked to the caller; options: strategy:, name:, max_restarts:, max_seconds:, "
          "auto_shutdown:.",
          [](const std::vector<Term>& children, const Keywords& options) { return start_with_children(children, options); }),
      row("Supervisor.which_children", "The children of a supervisor, the newest first: {id, pid, type, modules}.",
          [](const Where& where) { return ask_for_ever(where, "which_children"_atom); }),
      row("Supervisor.count_children", "How many children a supervisor has: %{specs:, active:, supervisors:, workers:}.",
          [](const Where& where) { return counted_children(where); }),
      row("Supervisor.start_child", "Adds a child to a supervisor, by its specification, and starts it: {:ok, pid} or {:error, …}.",
          [](const Where& where, const Term& child) { return ask_about(where, "start_child"_atom, expanded_child_spec(child)); }),
      row("Supervisor.terminate_child", "Ends a child of a supervisor by its id: :ok or {:error, :not_found}.",
          [](const Where& where, const Term& id) { return ask_about(where, "terminate_child"_atom, id); }),
      row("Supervisor.restart_child", "Starts a child of a supervisor again that does not run: {:ok, pid} or {:error, reason}.",
          [](const Where& where, const Term& id) { return ask_about(where, "restart_child"_atom, id); }),
      row("Supervisor.delete_child", "Forgets a child of a supervisor that does not run: :ok or {:error, reason}.",
          [](const Where& where, const Term& id) { return ask_about(where, "delete_child"_atom, id); }),
      row("Supervisor.stop", "Ends a supervisor and its children, and returns :ok.",
          [](const Where& where) { return stop_server(where, atoms::normal, Timeout::infinity()); }),
      row("Supervisor.stop", "The same with a reason.",
          [](const Where& where, const Term& reason) { return stop_server(where, reason, Timeout::infinity()); }),
      row("Supervisor.stop", "The same with a reason, within so many milliseconds.",
          [](const Where& where, const Term& reason, const Patience& patience) { return stop_server(where, reason, patience.timeout); }),
      row("Supervisor.child_spec", "The child specification that a module, or {module, argument}, stands for, with these keys changed.",
          [](const Term& child, const Keywords& changes) {
            const auto items = expanded_child_spec(child);
            std::vector<std::pair<Term, Term>> pairs;
            const auto all = items.map_items();
            for (std::size_t i = 0; i + 1 < all.size(); i += 2) pairs.emplace_back(all[i], all[i + 1]);
            for (const Term& each : elements_of(changes.list)) pairs.emplace_back(each.elements()[0], each.elements()[1]);
            return Term::map(std::move(pairs));
          }),
  };
  return kRows;
}

std::span<const Function> dynamic_supervisor_functions() {
  static constexpr Function kRows[] = {
      row("DynamicSupervisor.start_link",
          "Starts a supervisor whose children come and go; options: name:, strategy:, max_children:, max_restarts:, max_seconds:.",
          [](const Keywords& options) {
            return started_term(start_dynamic_supervisor(dynamic_options("DynamicSupervisor.start_link", options)));
          }),
      row("DynamicSupervisor.start_child", "Starts a child by its specification: {:ok, pid}, or {:error, :max_children} and the like.",
          [](const Where& where, const Term& child) { return ask_about(where, "start_child"_atom, expanded_child_spec(child)); }),
      row("DynamicSupervisor.terminate_child", "Ends a child by its pid: :ok or {:error, :not_found}.",
          [](const Where& where, const Pid& pid) { return ask_about(where, "terminate_child"_atom, pid); }),
      row("DynamicSupervisor.which_children", "The children: {:undefined, pid, type, modules}.",
          [](const Where& where) { return ask_for_ever(where, "which_children"_atom); }),
      row("DynamicSupervisor.count_children", "How many children there are: %{specs:, active:, supervisors:, workers:}.",
          [](const Where& where) { return counted_children(where); }),
      row("DynamicSupervisor.stop", "Ends a supervisor and its children, and returns :ok.",
          [](const Where& where) { return stop_server(where, atoms::normal, Timeout::infinity()); }),
      row("DynamicSupervisor.stop", "The same with a reason.",
          [](const Where& where, const Term& reason) { return stop_server(where, reason, Timeout::infinity()); }),
      row("DynamicSupervisor.stop", "The same with a reason, within so many milliseconds.",
          [](const Where& where, const Term& reason, const Patience& patience) { return stop_server(where, reason, patience.timeout); }),
      row("DynamicSupervisor.child_spec", "The child specification of such a supervisor with these options.",
          [](const Keywords& options) { return supervisor_child_spec("Elixir.DynamicSupervisor"_atom, options); }),
  };
  return kRows;
}

}  // namespace pulpo
