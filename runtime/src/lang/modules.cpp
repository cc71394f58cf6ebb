// SPDX-License-Identifier: Apache-2.0
#include "lang/modules.hpp"

#include <algorithm>

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

std::vector<std::pair<Atom, std::vector<Atom>>> defined_modules() {
  std::vector<std::pair<Atom, std::vector<Atom>>> all;
  const Env defined = ApplicationTable::of(runtime()).all(lang_module());
  for (const auto& [module, functions] : defined.all()) {
    std::vector<Atom> names;
    const auto items = functions.is_map() ? functions.map_items() : std::span<const Term>();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const bool is_public = items[i + 1].is_tuple(2) && items[i + 1].elements()[0].is_atom(atoms::false_);
      if (!is_public || !items[i].is_tuple(2)) continue;
      const Atom name = items[i].elements()[0].atom();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    all.emplace_back(module, std::move(names));
  }
  return all;
}

}  // namespace pulpo::lang
