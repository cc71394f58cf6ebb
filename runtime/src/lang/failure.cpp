// SPDX-License-Identifier: Apache-2.0
#include "lang/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "pulpo/error.hpp"

namespace pulpo::lang {
namespace {

/// The first {module, name, arguments, …} of a stack trace.
std::optional<Term> first_call(const Term& stack) {
  if (!stack.is_proper_list() || stack.list_size() == 0) return std::nullopt;
  Term entry = stack.list_at(0);
  if (!entry.is_tuple() || entry.elements().size() < 3 || !entry.elements()[0].is_atom() || !entry.elements()[1].is_atom())
    return std::nullopt;
  return entry;
}

}  // namespace

std::string shown(const Term& value, std::size_t bytes_max) {
  std::string text = inspect(value);
  if (text.size() > bytes_max) {
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += "...";
  }
  return text;
}

std::string function_text(Atom module, Atom name, std::size_t arity) {
  return Term::function(module, name, static_cast<std::uint8_t>(std::min<std::size_t>(arity, 255))).text().substr(1);
}

Failure syntax_failure(const SyntaxError& error, bool incomplete) {
  return {.kind = Failure::Kind::syntax,
          .reason = "syntax"_atom,
          .text = fmt::format("** (SyntaxError) {}:{}: {}", error.line, error.column, error.message),
          .incomplete = incomplete};
}

Failure unsupported(std::uint32_t line, std::uint32_t column, std::string_view what, std::string_view instead) {
  return {.kind = Failure::Kind::unsupported,
          .reason = "unsupported"_atom,
          .text = fmt::format("** (SyntaxError) {}:{}: {} is not part of the console's language: {}", line, column, what, instead)};
}

Failure raised(std::string_view type, std::string_view text, Term reason) {
  return {.kind = Failure::Kind::error, .reason = std::move(reason), .text = fmt::format("** ({}) {}", type, text)};
}

Failure compile_failure(std::string text) { return raised("CompileError", text, Term::tuple({"compile_error"_atom, Term::binary(text)})); }

Failure match_failure(const Term& value) {
  return raised("MatchError", "no match of right hand side value: " + shown(value), Term::tuple({"badmatch"_atom, value}));
}

Failure argument_failure(std::string_view text) { return raised("ArgumentError", text, atoms::badarg); }

Failure arithmetic_failure(std::string_view expression) {
  return raised("ArithmeticError", fmt::format("bad argument in arithmetic expression: {}", expression), "badarith"_atom);
}

Failure clause_failure(std::string_view type, std::string_view text, Atom reason, const Term& value) {
  return raised(type, fmt::format("{}{}", text, shown(value)), Term::tuple({reason, value}));
}

Failure function_clause(std::string_view function, Term module, Term name, std::span<const Term> arguments) {
  return raised(
      "FunctionClauseError", fmt::format("no function clause matching in {}", function),
      Term::tuple({atoms::function_clause, Term::list({Term::tuple({std::move(module), std::move(name), Term::list(arguments)})})}));
}

std::optional<Atom> undefined_module(const Term& reason) {
  if (!reason.is_tuple(2) || !reason.elements()[0].is_atom(atoms::undef)) return std::nullopt;
  const auto entry = first_call(reason.elements()[1]);
  return entry ? std::optional(entry->elements()[0].atom()) : std::nullopt;
}

namespace {

/// What a user of Elixir expects to be there, and is not: where to read on.
std::string_view elsewhere(Atom module, Atom name) {
  static constexpr std::string_view kLibraries[] = {"Elixir.Agent",    "Elixir.Enum",   "Elixir.File",   "Elixir.Integer", "Elixir.Keyword",
                                                    "Elixir.List",     "Elixir.Map",    "Elixir.MapSet", "Elixir.Range",   "Elixir.Regex",
                                                    "Elixir.Registry", "Elixir.Stream", "Elixir.String", "Elixir.Tuple",   "ets",
                                                    "lists",           "maps",          "string"};
  if (module.text() == "Elixir.GenServer" && name.text().starts_with("start"))
    return "; a GenServer is written in C++, see DIFFERENCES.md, From Elixir's words to ours, and apps/ping_pong";
  if (std::find(std::begin(kLibraries), std::end(kLibraries), module.text()) != std::end(kLibraries))
    return "; Elixir's library is not part of the console: patterns, functions of several clauses and the functions that h lists are";
  return {};
}

}  // namespace

Failure undefined_function(Atom module, Atom name, std::span<const Term> arguments, bool module_is_known) {
  const std::string function = function_text(module, name, arguments.size());
  const std::string why = fmt::format(
      "{}{}", module_is_known ? "or private" : fmt::format("(module {} is not available)", Term(module).text()), elsewhere(module, name));
  return raised("UndefinedFunctionError", fmt::format("function {} is undefined {}", function, why),
                Term::tuple({atoms::undef, Term::list({Term::tuple({module, name, Term::list(arguments), Term::empty_list()})})}));
}

Failure limit_failure(std::string_view text) {
  return {.kind = Failure::Kind::limit, .reason = atoms::system_limit, .text = fmt::format("** (SystemLimitError) {}", text)};
}

Failure thrown(const Term& value) {
  return {.kind = Failure::Kind::thrown, .reason = Term::tuple({atoms::nocatch, value}), .text = "** (throw) " + shown(value)};
}

Term exit_reason(const Failure& failure) {
  if (failure.kind == Failure::Kind::exit) return failure.reason;
  if (failure.reason.is_tuple(2) && failure.reason.elements()[1].is_proper_list() && failure.reason.elements()[1].list_size() > 0 &&
      (failure.reason.elements()[0].is_atom(atoms::undef) || failure.reason.elements()[0].is_atom(atoms::function_clause)))
    return failure.reason;
  const Term entry =
      Term::tuple({"pulpo_lang"_atom, "eval"_atom, Term::empty_list(), Term::list({Term::tuple({"text"_atom, Term(failure.text)})})});
  return Term::tuple({failure.reason, Term::list({entry})});
}

Failure exited(const Term& reason, bool module_is_known) {
  if (reason.is_atom(atoms::badarg)) return argument_failure();
  if (reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::badarg)) {
    if (const auto text = reason.elements()[1].as_text()) return raised("ArgumentError", *text, reason);
  }
  if (reason.is_tuple(2) && reason.elements()[0].is_atom()) {
    const auto entry = first_call(reason.elements()[1]);
    const Atom what = reason.elements()[0].atom();
    if (entry && what == atoms::undef && entry->elements()[2].is_proper_list()) {
      const auto call = entry->elements();
      std::vector<Term> arguments;
      for (std::size_t i = 0; i < call[2].list_size(); ++i) arguments.push_back(call[2].list_at(i));
      return undefined_function(call[0].atom(), call[1].atom(), arguments, module_is_known);
    }
    if (entry && what == atoms::function_clause) return raised("FunctionClauseError", reason_text(reason), reason);
  }
  return {.kind = Failure::Kind::exit, .reason = reason, .text = "** (exit) " + reason_text(reason)};
}

}  // namespace pulpo::lang
