// SPDX-License-Identifier: Apache-2.0
#include "rpc_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "arguments.hpp"

namespace pulpo::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

Fault no_term(std::string_view text, const SyntaxError& error) {
  const std::string place =
      error.line > 1 ? fmt::format("line {}, column {}", error.line, error.column) : fmt::format("column {}", error.column);
  return wrong_usage(fmt::format("the argument {} is no Elixir term: {}: {}", text, place, error.message));
}

Outcome<Atom> read_module(std::string_view text) {
  if (const auto module = atom_of_name(text)) return *module;
  return wrong_usage(fmt::format("'{}' is no module; write it as Elixir does: Kate, or :erlang", text));
}

Outcome<Atom> read_function(std::string_view text) {
  // `ping`, `alive?`, `stop!`, and as an atom `:ping`.
  std::string_view name = text.starts_with(':') ? text.substr(1) : text;
  bool fits = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_' || static_cast<unsigned char>(name[0]) >= 0x80);
  for (std::size_t i = 0; i < name.size() && fits; ++i) {
    const char c = name[i];
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@' ||
                         static_cast<unsigned char>(c) >= 0x80;
    fits = is_word || ((c == '?' || c == '!') && i + 1 == name.size());
  }
  const auto atom = fits ? Atom::make(name) : std::nullopt;
  if (!atom) return wrong_usage(fmt::format("'{}' is no function's name; write it as Elixir does: say_name", text));
  return *atom;
}

Outcome<RpcCall> with_arguments(RpcCall call, std::vector<Term> arguments) {
  if (arguments.size() > 255) return wrong_usage("a function takes 255 arguments at most");
  call.arguments = std::move(arguments);
  return call;
}

Outcome<RpcCall> read_expression(std::string_view text) {
  const std::string_view whole = trimmed(text);
  const auto open = whole.find('(');
  const std::string_view called = trimmed(whole.substr(0, open));
  const auto dot = called.rfind('.');
  if (dot == std::string_view::npos || dot == 0)
    return wrong_usage(fmt::format("'{}' names no function of a module; write 'Kate.say_name()', or MODULE FUNCTION ARG...", called));
  RpcCall call;
  PULPO_TRY(call.module, read_module(called.substr(0, dot)));
  PULPO_TRY(call.function, read_function(called.substr(dot + 1)));
  if (open == std::string_view::npos) return call;
  if (whole.back() != ')') return wrong_usage(fmt::format("'{}' lacks its ) at the end", whole));
  const std::string_view inside = trimmed(whole.substr(open + 1, whole.size() - open - 2));
  if (inside.empty()) return call;
  const auto list = read_elixir(fmt::format("[{}]", inside));
  if (!list) {
    SyntaxError error = list.error();
    if (error.line == 1 && error.column > 1) --error.column;  // the bracket is ours
    return no_term(inside, error);
  }
  std::vector<Term> arguments;
  for (std::size_t i = 0; i < list->list_size(); ++i) arguments.push_back(list->list_at(i));
  return with_arguments(std::move(call), std::move(arguments));
}

/// What an undefined function is called in {:undef, [{module, name, arguments, …}]}; empty when `stack` does not say.
std::string undefined_function(const Term& stack) {
  if (!stack.is_proper_list() || stack.list_size() == 0) return {};
  const Term top = stack.list_at(0);
  if (!top.is_tuple() || top.elements().size() < 3 || !top.elements()[0].is_atom() || !top.elements()[1].is_atom()) return {};
  const Term& arguments = top.elements()[2];
  RpcCall call{.module = top.elements()[0].atom(), .function = top.elements()[1].atom(), .arguments = {}};
  if (arguments.is_list()) call.arguments.resize(std::min<std::size_t>(arguments.list_size(), 255));
  return call.text();
}

/// Line ends, and the indents behind them, as single spaces.
std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  bool is_indent = false;
  for (const char c : text) {
    if (c == '\n') line += ' ';
    is_indent = c == '\n' || (is_indent && c == ' ');
    if (!is_indent) line += c;
  }
  return line;
}

}  // namespace

std::string RpcCall::text() const { return Term::function(module, function, static_cast<std::uint8_t>(arguments.size())).text().substr(1); }

Outcome<RpcCall> read_rpc(std::span<const std::string> words) {
  if (words.size() == 1) return read_expression(words[0]);
  RpcCall call;
  PULPO_TRY(call.module, read_module(words[0]));
  PULPO_TRY(call.function, read_function(words[1]));
  std::vector<Term> arguments;
  for (const std::string& word : words.subspan(2)) {
    auto term = read_elixir(word);
    if (!term) return no_term(word, term.error());
    arguments.push_back(*std::move(term));
  }
  return with_arguments(std::move(call), std::move(arguments));
}

std::string rpc_failure_text(const Error& error, const RpcCall& call, std::string_view node, Timeout timeout) {
  const Term& reason = error.reason;
  switch (error.code) {
    case Errc::nodedown:
      return fmt::format("no connection to {}", node);
    case Errc::timeout:
      return fmt::format("time out: {} on {} did not return within {:g} s; it runs on", call.text(), node,
                         std::chrono::duration<double>(timeout.duration()).count());
    case Errc::busy:
      return fmt::format("{} has as many processes as it may: system_limit", node);
    case Errc::unsupported:
      return fmt::format("{} runs nobody's code: notsup", node);
    default:
      break;
  }
  if (reason.is_tuple(3) && reason.elements()[0].is_atom("exception"_atom)) {  // {:exception, error, stack}
    const auto parts = reason.elements();
    if (parts[1].is_atom(atoms::undef)) {
      if (const std::string function = undefined_function(parts[2]); !function.empty()) {
        return fmt::format("undefined function {} on {}: no application there exports it", function, node);
      }
    }
    const bool has_stack = parts[2].is_proper_list() && parts[2].list_size() > 0;
    return one_line(
        fmt::format("{} on {} failed: {}", call.text(), node, reason_text(has_stack ? Term::tuple({parts[1], parts[2]}) : Term(parts[1]))));
  }
  if (reason.is_tuple(2) && (reason.elements()[0].is_atom("exception"_atom) || reason.elements()[0].is_atom("signal"_atom))) {
    const bool is_signal = reason.elements()[0].is_atom("signal"_atom);
    return one_line(
        fmt::format("{} on {} {}: {}", call.text(), node, is_signal ? "was ended" : "exited", reason_text(reason.elements()[1])));
  }
  return fmt::format("{} on {}: {}", call.text(), node, error.text());
}

}  // namespace pulpo::cli
