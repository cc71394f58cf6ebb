// SPDX-License-Identifier: Apache-2.0
//
// Modules and functions as values: what `defmodule` has defined on this node, and the term that an anonymous function is.
//
// A module is a setting of the application :pulpo_lang, which every process of the node can read: {name, arity} => {is private, clauses}.
// A function is `&:pulpo_lang.eval/n` with four bound arguments: version, code, what it has captured, and the module that it was written
// in.
//
//   Threads    Any core; the functions over modules inside a process.
//   Bounds     As many modules as are defined; one that is defined anew takes the old one's place.
//   Cost       find_function(): an uncontended shared lock, a hash, a look into a map.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lang/failure.hpp"

namespace pulpo::lang {

inline constexpr std::size_t kBoundCount = 4;
inline constexpr std::size_t kParametersMax = 255 - kBoundCount;

[[nodiscard]] Atom lang_module();
[[nodiscard]] Term make_closure(const Term& code, const Term& captured, Atom module, std::size_t arity);
[[nodiscard]] bool is_closure(const Term::Function& function) noexcept;

struct DefinedFunction {
  bool is_private;
  Term clauses;  ///< A tuple of them.
};
[[nodiscard]] std::optional<DefinedFunction> find_function(Atom module, Atom name, std::size_t arity);
/// Whether the module was defined here or is known to the tables of this node.
[[nodiscard]] bool is_module_known(Atom module);
/// `functions`: {name, arity} => {is private, {clause…}}. False when this node has a module of that name in C++, which stays.
[[nodiscard]] bool define_functions(Atom module, Term functions);

/// Each with its public functions, once each.
[[nodiscard]] std::vector<std::pair<Atom, std::vector<Atom>>> defined_modules();

}  // namespace pulpo::lang
