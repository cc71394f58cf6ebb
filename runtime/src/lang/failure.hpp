// SPDX-License-Identifier: Apache-2.0
//
// Failures: what can go wrong in an expression, each in the words of Elixir and as the exit reason that Erlang has for it.
//
//   Threads    Any. No state.
//   Bounds     A term that is shown is cut after some thousand characters: a wrong line must not flood its console.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pulpo/lang.hpp"
#include "term/lexer.hpp"

namespace pulpo::lang {

using Value = Result<Term, Failure>;

[[nodiscard]] Failure syntax_failure(const SyntaxError& error, bool incomplete);
/// `** (SyntaxError) LINE:COLUMN: WHAT is not in this language: INSTEAD`.
[[nodiscard]] Failure unsupported(std::uint32_t line, std::uint32_t column, std::string_view what, std::string_view instead);
[[nodiscard]] Failure compile_failure(std::string text);
/// `** (TYPE) TEXT`, whose reason is `reason`.
[[nodiscard]] Failure raised(std::string_view type, std::string_view text, Term reason);
[[nodiscard]] Failure match_failure(const Term& value);
[[nodiscard]] Failure argument_failure(std::string_view text = "argument error");
[[nodiscard]] Failure arithmetic_failure(std::string_view expression);
[[nodiscard]] Failure clause_failure(std::string_view type, std::string_view text, Atom reason, const Term& value);
[[nodiscard]] Failure function_clause(std::string_view function, Term module, Term name, std::span<const Term> arguments);
[[nodiscard]] Failure undefined_function(Atom module, Atom name, std::span<const Term> arguments, bool module_is_known);
[[nodiscard]] Failure limit_failure(std::string_view text);
/// What a called function exited with: an error as Elixir names it when it is one, else `** (exit) …`.
[[nodiscard]] Failure exited(const Term& reason, bool module_is_known);
[[nodiscard]] Failure thrown(const Term& value);

/// What the process ends with that `failure` ends: errors have a stack trace of one entry.
[[nodiscard]] Term exit_reason(const Failure& failure);

inline constexpr std::size_t kShownMax = 4000;
/// The module of a call that nobody knew: of {:undef, [{module, …}]}.
[[nodiscard]] std::optional<Atom> undefined_module(const Term& reason);

/// inspect(), cut.
[[nodiscard]] std::string shown(const Term& value, std::size_t bytes_max = kShownMax);
/// `Kate.say_name/0`.
[[nodiscard]] std::string function_text(Atom module, Atom name, std::size_t arity);

}  // namespace pulpo::lang
