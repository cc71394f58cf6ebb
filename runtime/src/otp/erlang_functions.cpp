// SPDX-License-Identifier: Apache-2.0
//
// :erlang, as its users type it. What spawns belongs to the language (pulpo/lang.hpp).
#include <fmt/format.h>

#include "base/cpus.hpp"
#include "base/usage.hpp"
#include "otp/builtin_functions.hpp"
#include "otp/process_names.hpp"
#include "otp/time_units.hpp"
#include "proc/router.hpp"
#include "pulpo/process_info.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

/// Applies an apply of an apply without a frame of the stack for each: they come from other nodes, nested as deep as a term may be.
Term apply_all(Atom module, Atom name, std::vector<Term> arguments) {
  while (module == "erlang"_atom && name == "apply"_atom && arguments.size() == 3 && arguments[0].is_atom() && arguments[1].is_atom() &&
         arguments[2].is_proper_list()) {
    const Term inner = arguments[2];
    module = arguments[0].atom();
    name = arguments[1].atom();
    arguments = elements_of(inner);
  }
  return apply(module, name, arguments);
}

/// With a function value whose number of arguments fits.
Term apply_value(const Term& function, const std::vector<Term>& arguments) {
  const auto open = open_arity(function);
  if (!open) exit(Term::tuple({Term::tuple({"badfun"_atom, function}), Term::empty_list()}));
  if (*open != arguments.size())
    exit(Term::tuple({Term::tuple({"badarity"_atom, Term::tuple({function, Term::list(arguments)})}), Term::empty_list()}));
  return call_function(function, arguments);
}

/// The name of the node that a pid or a reference is from.
Atom node_of_number(NodeIndex node) {
  const Router* const router = runtime().router();
  return node == kOwnNode || router == nullptr ? runtime().node_name() : router->name_of(node);
}
Atom node_of_term(const Term& term) {
  if (term.is_pid()) return node_of_number(term.pid().node);
  if (term.is_ref()) return node_of_number(term.ref().node);
  exit(atoms::badarg);
}

Term process_of_name(Atom name) {
  const auto pid = whereis(name);
  return pid ? Term(*pid) : Term(atoms::undefined);
}

/// :erlang.process_info/2 says [] of a name that is none.
Term item_or_undefined(const Pid& pid, Atom key) {
  const auto item = info_item(pid, key);
  if (!item) return atoms::undefined;
  const bool is_nameless = key == "registered_name"_atom && item->elements()[1] == Term::empty_list();
  return is_nameless ? Term::empty_list() : *item;
}

Ref monitor_typed(Atom type, const Term& target) {
  if (type != "process"_atom) exit(atoms::badarg);
  return monitor_of(target);
}

[[noreturn]] void raise_error(const Term& reason) {
  const Term entry = Term::tuple({"erlang"_atom, "error"_atom, Term::list({reason}), Term::empty_list()});
  exit(Term::tuple({reason, Term::list({entry})}));
}

/// Never the same on this node: references are counted by core.
std::int64_t unique_integer() {
  const Ref ref = make_ref();
  constexpr std::uint64_t kCores = 64;
  return static_cast<std::int64_t>(ref.number() * kCores + ref.first);
}

std::int64_t unique_integer_with(const std::vector<Atom>& modifiers) {
  for (const Atom modifier : modifiers) {
    if (modifier != "positive"_atom) exit_badarg(":erlang.unique_integer takes [:positive] here; cores count for themselves");
  }
  return unique_integer();
}

Term memory_total() { return to_term(resident_bytes()); }

Term system_item(Atom item) {
  const Runtime& here = runtime();
  const std::string_view name = item.text();
  if (name == "process_count") return to_term(here.process_count());
  if (name == "process_limit") return to_term(here.options().processes_max * here.core_count());
  if (name == "schedulers" || name == "schedulers_online") return here.core_count();
  if (name == "logical_processors" || name == "logical_processors_available") return count_cpus().usable();
  if (name == "atom_count") return Atom::count();
  if (name == "atom_limit") return Atom::kCountMax;
  if (name == "wordsize") return static_cast<std::int64_t>(sizeof(void*));
  if (name == "version") return Term::charlist(PULPO_VERSION);
  exit_badarg(fmt::format(
      ":erlang.system_info knows :process_count, :process_limit, :schedulers, :schedulers_online, :logical_processors, :atom_count, "
      ":atom_limit, :wordsize and :version, not {}",
      Term(item).text()));
}

}  // namespace

std::span<const Function> erlang_functions() {
  static constexpr Function kRows[] = {
      row(":erlang.apply", "Calls a function by module, name and arguments.",
          [](Atom module, Atom name, const std::vector<Term>& arguments) { return apply_all(module, name, arguments); }),
      row(":erlang.apply", "Calls a function value with a list of arguments.",
          [](const Term& function, const std::vector<Term>& arguments) { return apply_value(function, arguments); }),
      row(":erlang.self", "The process of this call.", [] { return self(); }),
      row(":erlang.node", "The name of this node.", [] { return runtime().node_name(); }),
      row(":erlang.node", "The name of the node that a pid or a reference is from.", [](const Term& term) { return node_of_term(term); }),
      row(":erlang.send", "Sends a message, and returns it.", [](const Term& to, const Term& message) { return send_to(to, message); }),
      row(":erlang.send_after", "Sends a message after so many milliseconds: a reference to cancel it by.",
          [](const Milliseconds& time, const Term& to, const Term& message) {
            return send_after(time.duration, receiver_of(to), message);
          }),
      row(":erlang.cancel_timer", "Takes a message back that would be sent later: milliseconds that were left, or false.",
          [](const Ref& timer) { return time_left(cancel_timer(timer), atoms::false_); }),
      row(":erlang.read_timer", "The milliseconds until a message will be sent, or false.",
          [](const Ref& timer) { return time_left(read_timer(timer), atoms::false_); }),
      row(":erlang.whereis", "The process of that name on this node, or :undefined.", [](Atom name) { return process_of_name(name); }),
      row(":erlang.register", "Gives a process of this node a name, and returns true.",
          [](Atom name, const Pid& pid) { return register_process(name, pid); }),
      row(":erlang.unregister", "Takes a name from its process, and returns true.", [](Atom name) { return unregister_process(name); }),
      row(":erlang.registered", "The names of this node that processes are registered under.", [] { return registered_names(); }),
      row(":erlang.processes", "The processes of this node.", [] { return list_processes(); }),
      row(":erlang.process_info", "What can be seen of a process of this node, or :undefined when it does not live.",
          [](const Pid& pid) { return info_here(pid).value_or(Term(atoms::undefined)); }),
      row(":erlang.process_info", "{key, value} of a process of this node, or a list of them for a list of keys.",
          [](const Pid& pid, const std::variant<Atom, std::vector<Atom>>& key) {
            if (const auto* const one = std::get_if<Atom>(&key)) return item_or_undefined(pid, *one);
            return info_items(pid, std::get<std::vector<Atom>>(key)).value_or(Term(atoms::undefined));
          }),
      row(":erlang.process_flag", "Sets a flag of the caller, :trap_exit, and returns what it was.",
          [](Atom flag, const Term& value) { return set_flag(flag, value); }),
      row(":erlang.is_process_alive", "Whether a process of this node lives.", [](const Pid& pid) { return is_alive_here(pid); }),
      row(":erlang.group_leader", "Where the output of the caller goes.", [] { return group_leader(); }),
      row(":erlang.group_leader", "Sets where the output of the caller, the second pid, goes.",
          [](const Pid& leader, const Pid& pid) { return set_leader(leader, pid); }),
      row(":erlang.link", "Links the caller with a process, and returns true.",
          [](const Pid& pid) {
            link(pid);
            return true;
          }),
      row(":erlang.unlink", "Takes a link away, and returns true.",
          [](const Pid& pid) {
            unlink(pid);
            return true;
          }),
      row(":erlang.monitor", "Watches a :process by pid, name or {name, node}: a reference, which its {:DOWN, …} will carry.",
          [](Atom type, const Term& target) { return monitor_typed(type, target); }),
      row(":erlang.demonitor", "Watches no longer, and returns true.", [](const Ref& ref) { return demonitor_with(ref, {}); }),
      row(":erlang.demonitor", "The same with [:flush], which also drops its {:DOWN, …}, and [:info], whether it was there.",
          [](const Ref& ref, const std::vector<Atom>& options) { return demonitor_with(ref, options); }),
      row(":erlang.exit", "Ends the caller with a reason.", [](const Term& reason) { exit(reason); }),
      row(":erlang.exit", "Sends an exit signal to a process, and returns true.",
          [](const Pid& pid, const Term& reason) { return exit_signal(pid, reason); }),
      row(":erlang.error", "Ends the caller with an error.", [](const Term& reason) { raise_error(reason); }),
      row(":erlang.make_ref", "A reference that was never given before.", [] { return make_ref(); }),
      row(":erlang.unique_integer", "An integer that this node never gives again.", [] { return unique_integer(); }),
      row(":erlang.unique_integer", "The same with [:positive].",
          [](const std::vector<Atom>& modifiers) { return unique_integer_with(modifiers); }),
      row(":erlang.system_time", "The time of day in nanoseconds since 1970.", [] { return system_time_in({}); }),
      row(":erlang.system_time", "The time of day since 1970 in a unit.", [](const TimeUnit& unit) { return system_time_in(unit); }),
      row(":erlang.monotonic_time", "The node's monotonic time in nanoseconds.", [] { return monotonic_time_in({}); }),
      row(":erlang.monotonic_time", "The node's monotonic time in a unit.", [](const TimeUnit& unit) { return monotonic_time_in(unit); }),
      row(":erlang.memory", "The memory of this program as far as it is known: [total: bytes].",
          [] {
            return Term::list({Term::tuple({"total"_atom, memory_total()})});
          }),
      row(":erlang.system_info", "A figure of this node: :process_count, :process_limit, :schedulers, :atom_count and the like.",
          [](Atom item) { return system_item(item); }),
  };
  return kRows;
}

}  // namespace pulpo
