// SPDX-License-Identifier: Apache-2.0
#include "lang/lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace pulpo::lang {
namespace {

constexpr std::string_view kServers =
    "servers, supervisors and applications are C++ here; apps/ping_pong/ping_pong.hpp is this one, and DIFFERENCES.md has a table from "
    "Elixir's words to ours";

struct Missing {
  std::string_view name, instead;
};
constexpr Missing kMissing[] = {
    {"use", kServers},
    {"import", "write the module's name before the function: Enum.map becomes a function of yours"},
    {"require", "there are no macros to require; leave the line out"},
    {"alias", "write the module's whole name"},
    {"defstruct", "write a map: %{name: value}"},
    {"defmacro", "write a function, with def"},
    {"defmacrop", "write a function, with defp"},
    {"defprotocol", "write a function of several clauses, with def"},
    {"defimpl", "write a function of several clauses, with def"},
    {"defdelegate", "write a function that calls the other, with def"},
    {"defguard", "write the guard where it is used"},
    {"defexception", "raise takes a text: raise \"what went wrong\""},
    {"for", "write a function that calls itself for the rest of the list"},
    {"with", "write one case inside the other"},
    {"try", "let the process end, and watch it with spawn_monitor or a supervisor; an application in C++ catches what it expects"},
    {"quote", "there are no macros here"},
    {"unquote", "there are no macros here"},
};

std::optional<Term> section(const WrittenCall& call, std::string_view name) {
  for (const auto& [each, content] : call.sections) {
    if (each.text() == name) return content;
  }
  return std::nullopt;
}

/// `, do: x, else: y` is a block as well. False when there is neither.
bool take_sections(WrittenCall& call) {
  if (!call.sections.empty()) return true;
  const auto is_section = [](const Term& key) { return key.is_atom() && (key.atom().text() == "do" || key.atom().text() == "else"); };
  if (call.keywords.empty()) return false;
  for (std::size_t i = 0; i < call.keywords.size(); i += 2) {
    if (!is_section(call.keywords[i])) return false;
  }
  for (std::size_t i = 0; i + 1 < call.keywords.size(); i += 2) call.sections.emplace_back(call.keywords[i].atom(), call.keywords[i + 1]);
  call.keywords.clear();
  return true;
}

bool only(const WrittenCall& call, std::initializer_list<std::string_view> names) {
  return std::all_of(call.sections.begin(), call.sections.end(),
                     [&](const auto& each) { return std::find(names.begin(), names.end(), each.first.text()) != names.end(); });
}

bool is_clauses(const Term& term) { return Node(term).is(NodeKind::clauses); }

Value lower_if(WrittenCall& call) {
  if (!take_sections(call) || call.arguments.size() != 1 || !only(call, {"do", "else"}) || !section(call, "do"))
    return syntax_at(call.at, fmt::format("{} takes a condition and `do … end`, or `, do: …, else: …`", call.name.text()));
  Term then = *section(call, "do");
  Term otherwise = section(call, "else").value_or(Term());
  if (is_clauses(then) || is_clauses(otherwise)) return syntax_at(call.at, fmt::format("{} has no clauses with `->`", call.name.text()));
  if (call.name.text() == "unless") std::swap(then, otherwise);
  return make_node(NodeKind::if_, call.at, {call.arguments[0], then, otherwise});
}

/// Clauses of `heads` patterns each.
Result<std::vector<Term>, Failure> clauses_of(const Term& content, std::size_t heads, const WrittenCall& call) {
  if (!is_clauses(content)) return syntax_at(call.at, fmt::format("{} expects clauses: `pattern -> expression`", call.name.text()));
  const auto parts = Node(content).parts();
  for (const Term& each : parts) {
    const Node clause(each);
    if (Node(clause.part(0)).parts().size() != heads)
      return syntax_at(place_of(each, call.at), fmt::format("a clause of {} has one pattern before its `->`", call.name.text()));
  }
  return std::vector<Term>(parts.begin(), parts.end());
}

Value lower_case(WrittenCall& call) {
  if (call.arguments.size() != 1 || !call.keywords.empty() || call.sections.size() != 1 || !only(call, {"do"}))
    return syntax_at(call.at, "case takes a value and `do … end` with clauses");
  PULPO_TRY(const std::vector<Term> clauses, clauses_of(call.sections[0].second, 1, call));
  return make_node(NodeKind::case_, call.at, {call.arguments[0]}, clauses);
}

Value lower_cond(WrittenCall& call) {
  if (!call.arguments.empty() || call.sections.size() != 1 || !only(call, {"do"}))
    return syntax_at(call.at, "cond takes `do … end` with clauses");
  PULPO_TRY(const std::vector<Term> clauses, clauses_of(call.sections[0].second, 1, call));
  return make_node(NodeKind::cond, call.at, {}, clauses);
}

Value lower_receive(WrittenCall& call) {
  if (!call.arguments.empty() || !call.keywords.empty() || !section(call, "do") || !only(call, {"do", "after"}) || call.sections.size() > 2)
    return syntax_at(call.at, "receive takes `do … end` with clauses, and `after timeout -> …` at its end");
  std::vector<Term> clauses;
  const Term content = *section(call, "do");
  if (!(content.is_atom(atoms::nil) && section(call, "after"))) {
    PULPO_TRY(clauses, clauses_of(content, 1, call));
  }
  Term timeout = "none"_atom;
  Term late;
  if (const auto after = section(call, "after")) {
    PULPO_TRY(const std::vector<Term> ends, clauses_of(*after, 1, call));
    if (ends.size() != 1 || !Node(ends[0]).part(1).is_atom(atoms::true_)) return syntax_at(call.at, "receive has one `after timeout -> …`");
    timeout = Node(Node(ends[0]).part(0)).part(0);
    late = Node(ends[0]).part(2);
  }
  return make_node(NodeKind::receive, call.at, {timeout, late}, clauses);
}

Value lower_define(WrittenCall& call) {
  if (!take_sections(call) || call.arguments.size() != 1 || !only(call, {"do"}))
    return syntax_at(call.at, fmt::format("{} takes a name with parameters and `do … end`, or `, do: …`", call.name.text()));
  Term head = call.arguments[0];
  Term guard = true;
  if (Node(head).is(NodeKind::when)) {
    const Term whole = head;
    guard = Node(whole).part(1);
    head = Node(whole).part(0);
  }
  const Node node(head);
  if (!node.is(NodeKind::variable) && !node.is(NodeKind::call))
    return syntax_at(place_of(head, call.at),
                     fmt::format("{} expects a function's name and its parameters in parentheses", call.name.text()));
  const Term body = call.sections[0].second;
  if (is_clauses(body)) return syntax_at(call.at, "a function's body has no clauses; write one def for each");
  const Term heads = make_node(NodeKind::heads, call.at, {}, node.parts().subspan(1));
  const Term clause = make_node(NodeKind::clause, place_of(head, call.at), {heads, guard, body});
  return make_node(NodeKind::define, call.at, {node.name(), call.name.text() == "defp", clause});
}

Value lower_module(WrittenCall& call) {
  if (call.arguments.size() != 1 || !call.keywords.empty() || call.sections.size() != 1 || !call.arguments[0].is_atom())
    return syntax_at(call.at, "defmodule takes a module's name and `do … end`");
  const Term& body = call.sections[0].second;
  std::vector<Term> definitions;
  const Node node(body);
  const auto take = [&](const Term& each) {
    if (Node(each).is(NodeKind::define)) definitions.push_back(each);
    return Node(each).is(NodeKind::define) || Node(each).is_literal();
  };
  bool fits = true;
  if (node.is(NodeKind::block)) {
    for (const Term& each : node.parts()) fits = take(each) && fits;
  } else {
    fits = take(body);
  }
  if (!fits) return unsupported(call.at.line, call.at.column, "a module with anything but def and defp in it", "write functions");
  return make_node(NodeKind::module, call.at, {call.arguments[0]}, definitions);
}

Value lower_local(WrittenCall& call) {
  const std::string_view name = call.name.text();
  if (name == "if" || name == "unless") return lower_if(call);
  if (name == "case") return lower_case(call);
  if (name == "cond") return lower_cond(call);
  if (name == "receive") return lower_receive(call);
  if (name == "def" || name == "defp") return lower_define(call);
  if (name == "defmodule") return lower_module(call);
  for (const Missing& each : kMissing) {
    if (each.name == name) return unsupported(call.at.line, call.at.column, name, each.instead);
  }
  if (name.front() == '@') {
    if (name == "@doc" || name == "@moduledoc" || name == "@impl") return Term();
    return unsupported(call.at.line, call.at.column, fmt::format("{}", name), "modules have functions and no attributes");
  }
  if (!call.sections.empty())
    return syntax_at(call.at, fmt::format("`{} … do` is no form of this language; the functions that it has take no block", name));
  return make_node(NodeKind::call, call.at, {call.name}, call.arguments);
}

std::string_view instead_of_operator(std::string_view op) {
  if (op == "..") return "write the list: [1, 2, 3]";
  if (op == "<-") return "write a function that calls itself for the rest of the list";
  if (op == "\\\\") return "write one def for each number of parameters";
  if (op == "::") return "there are no types and no sizes of segments; leave them out";
  if (op == "=~") return "there are no regular expressions";
  return "DIFFERENCES.md says what it has";
}

/// The call of `right` with `left` as its first argument.
Value pipe(Place at, Term left, const Term& right) {
  const Node node(right);
  const auto rest = [&](std::size_t from) {
    std::vector<Term> parts{std::move(left)};
    parts.insert(parts.end(), node.parts().begin() + static_cast<std::ptrdiff_t>(from), node.parts().end());
    return parts;
  };
  if (node.is(NodeKind::call)) return make_node(NodeKind::call, at, {node.part(0)}, rest(1));
  if (node.is(NodeKind::variable)) return make_node(NodeKind::call, at, {node.part(0)}, rest(1));
  if (node.is(NodeKind::remote_call) || node.is(NodeKind::dot))
    return make_node(NodeKind::remote_call, at, {node.part(0), node.part(1)}, rest(2));
  if (node.is(NodeKind::value_call)) return make_node(NodeKind::value_call, at, {node.part(0)}, rest(1));
  return syntax_at(at, "can only pipe into local calls foo(), remote calls Foo.bar() or anonymous function calls foo.()");
}

}  // namespace

Failure syntax_at(Place at, std::string message) {
  return syntax_failure({.line = at.line, .column = at.column, .message = std::move(message)}, false);
}

Term block_of(Place at, std::span<const Term> statements) {
  if (statements.empty()) return {};
  if (statements.size() == 1) return statements[0];
  return make_node(NodeKind::block, at, {}, statements);
}

bool is_bare_block(std::string_view name) noexcept { return name == "receive" || name == "cond" || name == "try" || name == "quote"; }

Term keyword_list(Place at, std::span<const Term> keywords) {
  std::vector<Term> pairs;
  for (std::size_t i = 0; i + 1 < keywords.size(); i += 2) pairs.push_back(make_node(NodeKind::tuple, at, {keywords[i], keywords[i + 1]}));
  return make_node(NodeKind::list, at, {Term::empty_list()}, pairs);
}

Value lower_call(WrittenCall call) {
  // `if x, do: y` and the like look at their keywords themselves.
  const std::string_view name = call.callee == WrittenCall::Callee::local ? call.name.text() : std::string_view();
  const bool takes_block = name == "if" || name == "unless" || name == "def" || name == "defp" || name == "case" || name == "defmodule";
  if (!call.keywords.empty() && !takes_block) {
    call.arguments.push_back(keyword_list(call.at, call.keywords));
    call.keywords.clear();
  }
  switch (call.callee) {
    case WrittenCall::Callee::local:
      return lower_local(call);
    case WrittenCall::Callee::remote:
      if (!call.sections.empty()) break;
      return make_node(NodeKind::remote_call, call.at, {call.target, call.name}, call.arguments);
    case WrittenCall::Callee::value:
      if (!call.sections.empty()) break;
      return make_node(NodeKind::value_call, call.at, {call.target}, call.arguments);
  }
  return syntax_at(call.at, "a function takes no do block here");
}

Value lower_binary(Op op, std::string_view written, Place at, Term left, Term right) {
  switch (op) {
    case Op::match:
      return make_node(NodeKind::match, at, {left, right});
    case Op::pipe:
      return pipe(at, std::move(left), right);
    case Op::when:
      return make_node(NodeKind::when, at, {left, right});
    case Op::and_:
    case Op::or_:
    case Op::and_truthy:
    case Op::or_truthy:
      return make_node(NodeKind::logic, at, {static_cast<std::int64_t>(op), left, right});
    case Op::in:
      if (const Node negated(left); negated.is(NodeKind::unary) && (negated.op() == Op::not_ || negated.op() == Op::not_truthy))
        return make_node(NodeKind::binary, at, {static_cast<std::int64_t>(Op::not_in), negated.part(1), right});
      break;
    case Op::bar:
      return syntax_at(at, "`|` stands before the tail of a list, [head | tail], and in %{map | key: value}");
    case Op::assoc:
      return syntax_at(at, "`=>` stands in maps: %{key => value}");
    case Op::unsupported:
      return unsupported(at.line, at.column, fmt::format("`{}`", written), instead_of_operator(written));
    default:
      break;
  }
  return make_node(NodeKind::binary, at, {static_cast<std::int64_t>(op), left, right});
}

Value lower_unary(Op op, Place at, Term operand) {
  if (op == Op::pin) {
    const Node variable(operand);
    if (!variable.is(NodeKind::variable)) return syntax_at(at, "`^` stands before a variable, in a pattern");
    return make_node(NodeKind::pin, at, {variable.part(0)});
  }
  if (op == Op::negate) {
    if (operand.type() == Term::Type::big_integer) {
      const auto parts = operand.big_integer_parts();
      return Term::big_integer(!parts.negative, parts.magnitude);
    }
    if ((operand.is_integer() && operand.integer() != INT64_MIN) || operand.type() == Term::Type::floating) return calculate(op, operand);
  }
  return make_node(NodeKind::unary, at, {static_cast<std::int64_t>(op), operand});
}

Value lower_capture(Place at, const Term& operand, unsigned argument_count) {
  std::vector<Term> variables;
  const auto variables_to = [&](unsigned count) {
    for (unsigned i = 1; i <= count; ++i) {
      const auto name = Atom::make(fmt::format("&{}", i));
      if (!name) return false;  // no room for an atom
      variables.push_back(make_node(NodeKind::variable, at, {*name}));
    }
    return true;
  };
  constexpr std::string_view kNoRoom = "no room for a new atom: this node has the most it can have";
  const auto function = [&](const Term& body) {
    const Term clause = make_node(NodeKind::clause, at, {make_node(NodeKind::heads, at, {}, variables), true, body});
    return make_node(NodeKind::function, at, {free_names(std::span(&clause, 1)), clause});
  };
  if (argument_count > 0) {
    if (!variables_to(argument_count)) return limit_failure(kNoRoom);
    return function(operand);
  }
  const Node node(operand);
  if (node.is(NodeKind::binary) && node.op() == Op::divide && node.part(2).is_integer() && node.part(2).integer() >= 0 &&
      node.part(2).integer() <= 255) {
    const Node named(node.part(1));
    if (named.is(NodeKind::dot)) return make_node(NodeKind::function_name, at, {named.part(0), named.part(1), node.part(2)});
    if (named.is(NodeKind::variable)) {
      if (!variables_to(static_cast<unsigned>(node.part(2).integer()))) return limit_failure(kNoRoom);
      return function(make_node(NodeKind::call, at, {named.part(0)}, variables));
    }
  }
  return syntax_at(at, "invalid args for &, expected one of: &Mod.fun/arity, &local/arity, or an expression with &1 in it: &(&1 + 1)");
}

}  // namespace pulpo::lang
