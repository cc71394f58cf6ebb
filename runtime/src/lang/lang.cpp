// SPDX-License-Identifier: Apache-2.0
#include "pulpo/lang.hpp"

#include <array>

#include "lang/checker.hpp"
#include "lang/machine.hpp"
#include "lang/modules.hpp"
#include "lang/parser.hpp"
#include "lang/shell.hpp"
#include "lang/shell_messages.hpp"
#include "pulpo/function.hpp"
#include "pulpo/io.hpp"

namespace pulpo::lang {
namespace {

/// What apply() asks for: functions of modules that were defined here, and functions that are values.
std::optional<Term> evaluate_function(Atom module, Atom name, std::span<const Term> arguments) {
  Term function;
  if (module == lang_module() && name == "eval"_atom && arguments.size() >= kBoundCount) {
    function = Term::function(module, name, static_cast<std::uint8_t>(arguments.size()), arguments);
    arguments = {};
  } else {
    const auto defined = find_function(module, name, arguments.size());
    if (!defined || defined->is_private) return std::nullopt;
    function = Term::function(module, name, static_cast<std::uint8_t>(arguments.size()));
  }
  Term reason;
  {
    const Limits limits{.steps_max = 0};
    auto value = call(function, arguments, limits);
    if (value) return *std::move(value);
    reason = exit_reason(value.error());
  }
  exit(reason);
}

constexpr auto kShell = function(":pulpo_lang.shell", "Evaluates what a console sends, until that ends.",
                                 [](const Pid& console, const Pid& device) { run_shell(console, device); });

/// The console's device has the terminal (shell_messages.hpp).
Term observe() {
  const Term reply = io::io_request(group_leader(), to_term(Observe{runtime().node_name()}));
  if (reply.is_atom(atoms::ok)) return reply;
  exit(Term::tuple(
      {atoms::badarg, "the live view wants a console's terminal: type :observer.start at a prompt, or pulpo top NODE in a shell"}));
}
constexpr auto kObserve =
    function(":observer.start", "Opens the live view of this node on the console's terminal; q ends it.", [] { return observe(); });

}  // namespace

Result<Term, Failure> Session::evaluate(std::string_view text) {
  PULPO_TRY(const Term tree, parse(text));
  PULPO_CHECK(check_names(tree, bindings_));
  return Machine(limits_).run(tree, bindings_);
}

Result<void, Failure> check(std::string_view text) {
  PULPO_CHECK(parse(text));
  return {};
}

Result<Term, Failure> call(const Term& function, std::span<const Term> arguments, const Limits& limits) {
  return Machine(limits).call(function, arguments);
}

void install(Runtime& runtime) {
  set_function_evaluator(runtime, &evaluate_function);
  const std::array<Function, 2> all{kShell, kObserve};
  export_functions(runtime, all);
}

std::string inspect(const Term& value) { return value.text(); }

}  // namespace pulpo::lang
