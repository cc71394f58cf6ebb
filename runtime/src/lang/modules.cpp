// SPDX-License-Identifier: Apache-2.0
#include "lang/modules.hpp"

#include "lang/tree.hpp"
#include "otp/application_table.hpp"
#include "pulpo/process.hpp"

namespace pulpo::lang {

Atom lang_module() { return "pulpo_lang"_atom; }

Term make_closure(const Term& code, const Term& captured, Atom module, std::size_t arity) {
  const Term bound[kBoundCount] = {kVersion, code, captured, module};
  return Term::function(lang_module(), "eval"_atom, static_cast<std::uint8_t>(arity + kBoundCount), bound);
}

bool is_closure(const Term::Function& function) noexcept {
  return function.module == lang_module() && function.name == "eval"_atom && function.bound.size() >= kBoundCount;
}

std::optional<DefinedFunction> find_function(Atom module, Atom name, std::size_t arity) {
  const auto functions = ApplicationTable::of(runtime()).get(lang_module(), module);
  if (!functions || !functions->is_map()) return std::nullopt;
  const Term* const found = functions->map_find(Term::tuple({name, static_cast<std::int64_t>(arity)}));
  if (found == nullptr || !found->is_tuple(2) || !found->elements()[1].is_tuple()) return std::nullopt;
  return DefinedFunction{found->elements()[0].is_atom(atoms::true_), found->elements()[1]};
}

bool is_module_known(Atom module) {
  ApplicationTable& table = ApplicationTable::of(runtime());
  return table.get(lang_module(), module).has_value() || table.has_module(module);
}

bool define_functions(Atom module, Term functions) {
  ApplicationTable& table = ApplicationTable::of(runtime());
  if (table.has_module(module)) return false;
  table.put(lang_module(), module, std::move(functions));
  return true;
}

}  // namespace pulpo::lang
