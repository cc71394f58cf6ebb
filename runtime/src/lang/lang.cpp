// SPDX-License-Identifier: Apache-2.0
#include "pulpo/lang.hpp"

#include "lang/blocks.hpp"
#include "lang/checker.hpp"
#include "lang/lang_functions.hpp"
#include "lang/machine.hpp"
#include "lang/modules.hpp"
#include "lang/parser.hpp"
#include "pulpo/function.hpp"

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

}  // namespace

Result<Term, Failure> Session::evaluate(std::string_view text) {
  PULPO_TRY(const Term tree, parse(text));
  PULPO_CHECK(check_names(tree, bindings_));
  return Machine(limits_).run(tree, bindings_);
}

Result<void, Failure> check(std::string_view text) {
  auto tree = parse(text);
  if (tree) return {};
  Failure failure = std::move(tree).error();
  // What is wrong inside of a block is told when that has ended: else the rest of a pasted module would be evaluated line by line.
  failure.incomplete = failure.incomplete || has_open_block(text);
  return failure;
}

Result<Term, Failure> call(const Term& function, std::span<const Term> arguments, const Limits& limits) {
  return Machine(limits).call(function, arguments);
}

void install(Runtime& runtime) {
  set_function_evaluator(runtime, &evaluate_function);
  export_functions(runtime, lang_functions());
}

std::string inspect(const Term& value) { return value.text(); }

}  // namespace pulpo::lang
