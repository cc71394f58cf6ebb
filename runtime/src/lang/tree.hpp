// SPDX-License-Identifier: Apache-2.0
//
// The syntax tree, which is a term: so a function's code is sent, compared, shared and freed like any other value, and code that comes from
// another node needs no reader of its own.
//
// A node is a tuple {kind, place, parts…}; what is no tuple stands for itself. The numbers of kinds and of Op are what nodes tell each
// other: they may grow, and never change (kVersion is part of a function's bound arguments).
//
//   Threads    Any. No state.
//   Bounds     Code from elsewhere may be anything: Node looks before it takes, and what is no node has Kind::broken.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "lang/operators.hpp"
#include "pulpo/term.hpp"

namespace pulpo::lang {

enum class NodeKind : std::uint8_t {
  broken,
  variable,       ///< name
  pin,            ///< name
  tuple,          ///< elements…
  list,           ///< tail, elements…
  map,            ///< key, value, …
  update,         ///< map, key, value, …  `%{map | key: value}`
  text,           ///< parts…              "…#{…}"
  match,          ///< pattern, value
  unary,          ///< op, operand
  binary,         ///< op, left, right
  logic,          ///< op, left, right     and, or, &&, ||
  when,           ///< left, guard
  block,          ///< expressions…
  call,           ///< name, arguments…
  remote_call,    ///< module, name, arguments…
  dot,            ///< value, name         a call without parentheses, or a map's field
  value_call,     ///< function, arguments…
  access,         ///< container, key
  function,       ///< captured names (a list of atoms), clauses…
  clause,         ///< heads, guard, body
  heads,          ///< patterns…
  clauses,        ///< clauses…            what is between `do` and `end`
  function_name,  ///< module, name, arity &Mod.fun/1
  case_,          ///< subject, clauses…
  cond,           ///< clauses…
  if_,            ///< condition, then, else
  receive,        ///< timeout, late body, clauses…; the timeout is :none when there is no `after`
  module,         ///< name, definitions…
  define,         ///< name, is private, clause
  count_
};

inline constexpr std::int64_t kVersion = 1;

/// A view of one node; lives as long as the term does.
class Node {
 public:
  Node(const Term& term) noexcept : term_(&term) {  // NOLINT: a term is one
    if (!term.is_tuple()) return;
    const auto all = term.elements();
    if (all.size() < 2 || !all[0].is_integer() || !all[1].is_integer()) return;
    if (all[0].integer() <= 0 || all[0].integer() >= static_cast<std::int64_t>(NodeKind::count_)) return;
    kind_ = static_cast<NodeKind>(all[0].integer());
    if (all.size() < 2 + parts_min(kind_)) kind_ = NodeKind::broken;
  }

  /// It stands for itself.
  [[nodiscard]] bool is_literal() const noexcept { return !term_->is_tuple(); }
  [[nodiscard]] NodeKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is(NodeKind kind) const noexcept { return kind_ == kind; }
  [[nodiscard]] const Term& term() const noexcept { return *term_; }
  [[nodiscard]] std::span<const Term> parts() const noexcept { return term_->elements().subspan(2); }
  [[nodiscard]] const Term& part(std::size_t index) const noexcept { return term_->elements()[2 + index]; }
  [[nodiscard]] std::uint32_t line() const noexcept { return static_cast<std::uint32_t>(term_->elements()[1].integer() >> 16); }
  [[nodiscard]] std::uint32_t column() const noexcept { return static_cast<std::uint32_t>(term_->elements()[1].integer() & 0xffff); }
  /// The name of a variable, a call, …: part `index`, or `nil` when it is no atom.
  [[nodiscard]] Atom name(std::size_t index = 0) const noexcept {
    const Term& part = this->part(index);
    return part.is_atom() ? part.atom() : Atom();
  }
  [[nodiscard]] Op op() const noexcept {
    const Term& part = this->part(0);
    return part.is_integer() && part.integer() >= 0 && part.integer() < static_cast<std::int64_t>(Op::unsupported)
               ? static_cast<Op>(part.integer())
               : Op::unsupported;
  }

 private:
  [[nodiscard]] static std::size_t parts_min(NodeKind kind) noexcept;

  const Term* term_;
  NodeKind kind_ = NodeKind::broken;
};

struct Place {
  std::uint32_t line = 1, column = 1;
};

[[nodiscard]] Term make_node(NodeKind kind, Place place, std::initializer_list<Term> parts);
[[nodiscard]] Term make_node(NodeKind kind, Place place, std::initializer_list<Term> first, std::span<const Term> rest);
/// The place of `node`, or `otherwise` when it stands for itself.
[[nodiscard]] Place place_of(const Term& node, Place otherwise);

/// The names that a function of these clauses uses and does not bind in its heads, as a list of atoms: what it may have to take along.
[[nodiscard]] Term free_names(std::span<const Term> clauses);

}  // namespace pulpo::lang
