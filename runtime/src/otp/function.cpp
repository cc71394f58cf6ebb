// SPDX-License-Identifier: Apache-2.0
#include "pulpo/function.hpp"

#include <algorithm>
#include <tuple>

#include "otp/application_table.hpp"
#include "proc/core.hpp"

namespace pulpo {

std::optional<std::pair<Atom, Atom>> Function::module_and_name() const {
  const std::string_view text = name;
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
  const auto module = atom_of_name(text.substr(0, dot));
  const auto own = Atom::make(text.substr(dot + 1));
  if (!module || !own) return std::nullopt;
  return std::pair(*module, *own);
}

namespace detail {
namespace {

/// [{module, name, arguments}]: the top of an Erlang stack trace, whose fourth element says more when there is more.
Term top_of_trace(const Function& function, std::span<const Term> arguments, std::string_view takes = {}) {
  const auto name = function.module_and_name();
  return function_trace(name ? Term(name->first) : Term(), name ? Term(name->second) : Term(function.name), Term::list(arguments), takes);
}

}  // namespace

void exit_undef(const Function& function, std::span<const Term> arguments) {
  exit(Term::tuple({atoms::undef, top_of_trace(function, arguments)}));
}

void exit_function_clause(const Function& function, std::span<const Term> arguments) {
  exit(Term::tuple({atoms::function_clause, top_of_trace(function, arguments, function.takes)}));
}

}  // namespace detail

void FunctionTable::add(const Function& function) {
  const auto name = function.module_and_name();
  PULPO_ASSERT(name.has_value());  // function("Module.name", …): a name that nobody could say is a mistake of the program
  rows_.push_back({name->first, name->second, function});
  const auto before = [this](const Row& row, std::uint32_t at) { return row < rows_[at]; };
  const auto place = std::upper_bound(sorted_.begin(), sorted_.end(), rows_.back(), before);
  sorted_.insert(place, static_cast<std::uint32_t>(rows_.size() - 1));
}

bool FunctionTable::Row::operator<(const Row& other) const noexcept {
  return std::tuple(module.index(), name.index(), function.arity) <
         std::tuple(other.module.index(), other.name.index(), other.function.arity);
}

const Function* FunctionTable::find(Atom module, Atom name, std::size_t arity) const noexcept {
  if (arity > UINT8_MAX) return nullptr;
  const Row wanted{module, name, {"", "", static_cast<std::uint8_t>(arity), nullptr}};
  const auto place =
      std::lower_bound(sorted_.begin(), sorted_.end(), wanted, [this](std::uint32_t at, const Row& row) { return rows_[at] < row; });
  if (place == sorted_.end() || wanted < rows_[*place]) return nullptr;
  return &rows_[*place].function;
}

void export_functions(Runtime& runtime, std::span<const Function> functions) { ApplicationTable::of(runtime).add_functions(functions); }

void set_function_evaluator(Runtime& runtime, FunctionEvaluator evaluator) { ApplicationTable::of(runtime).set_evaluator(evaluator); }

Term apply(Atom module, Atom name, std::span<const Term> arguments) {
  // A function may call, through one of C++, a function of a language that calls it, and so on (pulpo/lang.hpp).
  if (Core::here().is_stack_short()) exit(atoms::system_limit);
  const auto function = ApplicationTable::of(runtime()).find_function(module, name, arguments.size());
  if (function) return (*function)(arguments);
  if (const FunctionEvaluator evaluator = ApplicationTable::of(runtime()).evaluator()) {
    if (auto value = evaluator(module, name, arguments)) return *std::move(value);
  }
  exit(Term::tuple({atoms::undef, Term::list({Term::tuple({module, name, Term::list(arguments), Term::empty_list()})})}));
}

bool FunctionTable::has_module(Atom module) const noexcept {
  return std::any_of(rows_.begin(), rows_.end(), [module](const Row& row) { return row.module == module; });
}

std::vector<const Function*> FunctionTable::all() const {
  std::vector<const Function*> functions;
  functions.reserve(rows_.size());
  for (const Row& row : rows_) functions.push_back(&row.function);
  return functions;
}

}  // namespace pulpo
