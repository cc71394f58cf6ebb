// SPDX-License-Identifier: Apache-2.0
//
// Lowering: what reads like a call and is none (if, case, receive, def, …), operators that stand for other forms (|>, &), and what is not
// in the language, with what to write instead.
//
//   Threads    Any. No state.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "lang/failure.hpp"
#include "lang/tree.hpp"

namespace pulpo::lang {

/// A call as it is written: `name arguments do … else … end`.
struct WrittenCall {
  enum class Callee : std::uint8_t { local, remote, value };
  Callee callee = Callee::local;
  Place at = {};
  Term target = {};                                  ///< The module, or the function value.
  Atom name = {};                                    ///< Of a local or remote one.
  std::vector<Term> arguments;                       ///< Without the keywords at the end.
  std::vector<Term> keywords;                        ///< Key, value, …
  std::vector<std::pair<Atom, Term>> sections = {};  ///< Of a do block: a block, or clauses.
};

[[nodiscard]] Value lower_call(WrittenCall call);
/// `[key: value, …]` of key, value, …
[[nodiscard]] Term keyword_list(Place at, std::span<const Term> keywords);
/// `left op right`.
[[nodiscard]] Value lower_binary(Op op, std::string_view written, Place at, Term left, Term right);
[[nodiscard]] Value lower_unary(Op op, Place at, Term operand);
/// `&operand` in which &1 to &`argument_count` occur.
[[nodiscard]] Value lower_capture(Place at, const Term& operand, unsigned argument_count);
/// Whether a `do` behind this name opens its block although no argument came.
[[nodiscard]] bool is_bare_block(std::string_view name) noexcept;

[[nodiscard]] Failure syntax_at(Place at, std::string message);
[[nodiscard]] Term block_of(Place at, std::span<const Term> statements);

}  // namespace pulpo::lang
