// SPDX-License-Identifier: Apache-2.0
//
// What a node of a cluster exports for rpc and the console: OTP's `global`, and of `application` what moves applications, with OTP's
// values.
#include <algorithm>
#include <string_view>

#include "cluster/dist_ac.hpp"
#include "cluster/function_tables.hpp"
#include "otp/application_table.hpp"
#include "pulpo/application.hpp"
#include "pulpo/function.hpp"
#include "pulpo/net/cluster.hpp"
#include "pulpo/net/global.hpp"

namespace pulpo {
namespace {

// --- global ---------------------------------------------------------------------------------------------------------------

Term yes_or_no(bool is_yes) { return is_yes ? "yes"_atom : "no"_atom; }

/// Code is named, never shipped: of OTP's resolvers those that it has itself, as {:global, name}; and ours, in the same form.
NameConflict method_of(const Term& resolver) {
  const bool is_named = resolver.is_tuple(2) && resolver.elements()[0].is_atom("global"_atom) && resolver.elements()[1].is_atom();
  const std::string_view name = is_named ? resolver.elements()[1].atom().text() : "";
  if (name == "keep_longest") return NameConflict::keep_longest;
  if (name == "random_exit_name") return NameConflict::random_exit_name;
  if (name == "random_notify_name") return NameConflict::random_notify_name;
  if (name == "notify_all_name") return NameConflict::notify_all_name;
  exit(Term::tuple({atoms::badarg, resolver}));
}

constexpr auto kRegister = function(":global.register_name", "Gives a process a name in the whole cluster: :yes or :no.",
                                    [](const Term& name, const Pid& pid) { return yes_or_no(register_global(name, pid)); });
constexpr auto kRegisterWith = function(
    ":global.register_name", "The same; {:global, :random_exit_name} and the like say what becomes of two of that name.",
    [](const Term& name, const Pid& pid, const Term& resolver) { return yes_or_no(register_global(name, pid, method_of(resolver))); });
constexpr auto kReRegister = function(":global.re_register_name", "Gives a process a name, whoever has it: :yes.",
                                      [](const Term& name, const Pid& pid) { return yes_or_no(re_register_global(name, pid)); });
constexpr auto kReRegisterWith = function(
    ":global.re_register_name", "The same, with what becomes of two of that name.",
    [](const Term& name, const Pid& pid, const Term& resolver) { return yes_or_no(re_register_global(name, pid, method_of(resolver))); });
constexpr auto kUnregister = function(":global.unregister_name", "Takes a name away, whoever has it.", [](const Term& name) {
  unregister_global(name);
  return atoms::ok;
});
constexpr auto kWhereis = function(":global.whereis_name", "The process of that name in the cluster, or :undefined.", [](const Term& name) {
  const auto pid = whereis(global(name));
  return pid ? Term(*pid) : Term(atoms::undefined);
});
constexpr auto kSend = function(":global.send", "Sends a message to the process of that name in the cluster, and returns it.",
                                [](const Term& name, const Term& message) {
                                  const auto pid = whereis(global(name));
                                  if (!pid) exit(Term::tuple({atoms::badarg, Term::tuple({name, message})}));  // GLOBAL-4
                                  send(*pid, message);
                                  return *pid;
                                });
constexpr auto kNames = function(":global.registered_names", "All names of the cluster.", [] { return global_names(); });
constexpr auto kSync = function(":global.sync", "Waits until the names of all connected nodes are known here.", [] {
  sync_global();
  return atoms::ok;
});

// --- application ------------------------------------------------------------------------------------------------------------

/// A takeover ends with the start of the application, which may take as long as it takes; what nobody answers for has an end (WK-15).
constexpr Duration kMoveMax = 60s;

Term refusal(Atom what, Term whom) { return Term::tuple({atoms::error, Term::tuple({what, std::move(whom)})}); }

/// Nothing when this node has no dist_ac, and so no distributed application.
template <class M>
std::optional<Term> ask_controller(const M& message) {
  const auto answer = try_call(cluster::kDistAc, message, {.timeout = Timeout(kMoveMax)});
  if (answer) return *answer;
  if (answer.error().code == Errc::noproc) return std::nullopt;
  return Term::tuple({atoms::error, answer.error().reason});
}

// AC-42.
Term take_over(Atom name, const Term& restart) {
  const auto type = from_term<RestartType>(restart);
  if (!type) return refusal("invalid_restart_type"_atom, restart);
  return ask_controller(cluster::TakeApplication{name, *type}).value_or(refusal("not_running_distributed"_atom, name));
}

// AC-52; AC-53: one that is not distributed is started or stopped here.
Term permit(Atom name, bool permitted) {
  if (ApplicationTable::of(runtime()).is_controlled(name)) {
    if (const auto answer = ask_controller(cluster::PermitApplication{name, permitted})) return *answer;
  }
  const auto known = loaded_applications();
  if (!known || std::find(known->begin(), known->end(), name) == known->end()) return refusal("not_loaded"_atom, name);
  const auto outcome = permitted ? start_application(name) : stop_application(name);
  const bool is_so_already = !outcome && outcome.error().reason.is_tuple(2) &&
                             outcome.error().reason.elements()[0].is_atom(permitted ? "already_started"_atom : "not_started"_atom);
  return is_so_already ? Term(atoms::ok) : to_term(outcome);
}

constexpr auto kTakeover = function(":application.takeover", "Lets an application that runs on another node run here.",
                                    [](Atom name, const Term& restart) { return take_over(name, restart); });
constexpr auto kPermit = function(":application.permit", "Whether this node may run an application; it moves accordingly.",
                                  [](Atom name, bool permitted) { return permit(name, permitted); });

}  // namespace

std::span<const Function> cluster_functions() {
  static constexpr Function kRows[] = {kRegister, kRegisterWith, kReRegister, kReRegisterWith, kUnregister, kWhereis,
                                       kSend,     kNames,        kSync,       kTakeover,       kPermit};
  return kRows;
}

void export_cluster_functions(Runtime& runtime) { export_functions(runtime, cluster_functions()); }

}  // namespace pulpo
