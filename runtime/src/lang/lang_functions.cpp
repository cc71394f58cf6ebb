// SPDX-License-Identifier: Apache-2.0
#include "lang/lang_functions.hpp"

#include <utility>
#include <vector>

#include "lang/shell.hpp"
#include "lang/shell_messages.hpp"
#include "pulpo/io.hpp"
#include "pulpo/remote.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::lang {
namespace {

/// A function and what it is called with: one that is a value, or one by name with a list.
struct NamedCall {
  FunctionName function;
  std::vector<Term> arguments;
};
NamedCall call_of(const Term& function) {
  if (function.type() != Term::Type::function) exit(atoms::badarg);
  const auto parts = function.function_parts();
  if (parts.arity != parts.bound.size()) exit(atoms::badarg);
  return {FunctionName(parts.module, parts.name), {parts.bound.begin(), parts.bound.end()}};
}
NamedCall call_of(Atom module, Atom name, std::vector<Term> arguments) { return {FunctionName(module, name), std::move(arguments)}; }

Term start_on(Atom node, NamedCall call) { return spawn(OnNode(node), call.function, std::move(call.arguments)); }
Term start_linked_on(Atom node, NamedCall call) { return spawn_link(OnNode(node), call.function, std::move(call.arguments)); }
Term start_monitored_on(Atom node, NamedCall call) {
  const Spawned spawned = spawn_monitor(OnNode(node), call.function, std::move(call.arguments));
  return Term::tuple({spawned.pid, spawned.monitor});
}

/// The console's device has the terminal (shell_messages.hpp).
Term observe() {
  const Term reply = io::io_request(group_leader(), to_term(Observe{runtime().node_name()}));
  if (reply.is_atom(atoms::ok)) return reply;
  exit(Term::tuple(
      {atoms::badarg, "the live view wants a console's terminal: type :observer.start at a prompt, or pulpo top NODE in a shell"}));
}

}  // namespace

std::span<const Function> lang_functions() {
  using Terms = std::vector<Term>;
  static constexpr Function kRows[] = {
      row("Node.spawn", "Starts a process on that node that calls the function: its pid.",
          [](Atom node, const Term& fun) { return start_on(node, call_of(fun)); }),
      row("Node.spawn", "The same for a function by module, name and arguments.",
          [](Atom node, Atom module, Atom name, const Terms& arguments) { return start_on(node, call_of(module, name, arguments)); }),
      row("Node.spawn_link", "Starts a process on that node that calls the function, linked to the caller: its pid.",
          [](Atom node, const Term& fun) { return start_linked_on(node, call_of(fun)); }),
      row("Node.spawn_link", "The same for a function by module, name and arguments.",
          [](Atom node, Atom module, Atom name, const Terms& arguments) {
            return start_linked_on(node, call_of(module, name, arguments));
          }),
      row("Node.spawn_monitor", "Starts a process on that node that calls the function, monitored: {pid, reference}.",
          [](Atom node, const Term& fun) { return start_monitored_on(node, call_of(fun)); }),
      row("Node.spawn_monitor", "The same for a function by module, name and arguments.",
          [](Atom node, Atom module, Atom name, const Terms& arguments) {
            return start_monitored_on(node, call_of(module, name, arguments));
          }),
      row(":observer.start", "Opens the live view of this node on the console's terminal; q ends it.", [] { return observe(); }),
      row(":pulpo_lang.shell", "Evaluates what a console sends, until that ends.",
          [](const Pid& console, const Pid& device) { run_shell(console, device); }),
  };
  return kRows;
}

}  // namespace pulpo::lang
