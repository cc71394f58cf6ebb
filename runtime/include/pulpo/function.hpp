// SPDX-License-Identifier: Apache-2.0
//
// Functions by name: code is named, never shipped. What rpc, remote spawn, tasks, the console and its help can call.
//
//   inline constexpr auto kPing = function("PingPong.ping", "Answers :pong.", [] { return call(kServer, Ping{}); });
//
// "PingPong.ping" is the module Elixir.PingPong and the function ping; the arity is the callable's. Arguments and result are
// terms of the types in pulpo/codec.hpp, so that a call from elsewhere is checked before the callable runs.
//
//   Threads    Any; they are constants. apply(): inside a process.
//   Errors     Arguments of other types exit the caller with {:function_clause, [{module, name, arguments, [takes: text]}]}, another
//              number of them with {:undef, …}, as in Erlang.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/process.hpp"
#include "pulpo/typed.hpp"

namespace pulpo {

/// A function as a table row: types erased, terms in, a term out.
struct Function {
  const char* name;           ///< "PingPong.ping".
  const char* documentation;  ///< One sentence, for help.
  std::uint8_t arity;
  Term (*invoke)(const Function& self, std::span<const Term> arguments);
  std::string_view takes = {};  ///< The arguments, for a person: "(integer, integer)".

  [[nodiscard]] Term operator()(std::span<const Term> arguments) const { return invoke(*this, arguments); }
  /// The module and the function's own name, as atoms; empty when `name` is not "Module.function".
  [[nodiscard]] std::optional<std::pair<Atom, Atom>> module_and_name() const;
};

namespace detail {
[[noreturn]] void exit_undef(const Function& function, std::span<const Term> arguments);
[[noreturn]] void exit_function_clause(const Function& function, std::span<const Term> arguments);

template <class M>
struct SignatureOf {
  static_assert(kDependentFalse<M>, "pulpo: function() takes a lambda with one signature: no auto parameters, no overloads");
};
template <class C, class R, class... A>
struct SignatureOf<R (C::*)(A...) const> {
  using Return = R;
  using Arguments = std::tuple<std::decay_t<A>...>;
};

template <class F>
Term invoke_function(const Function& self, std::span<const Term> arguments) {
  using Signature = SignatureOf<decltype(&F::operator())>;
  using Arguments = typename Signature::Arguments;
  if (arguments.size() != std::tuple_size_v<Arguments>) exit_undef(self, arguments);
  Arguments values{};
  const bool fits = std::apply(
      [&arguments](auto&... value) {
        [[maybe_unused]] std::size_t index = 0;
        return (decode_into(arguments[index++], value) && ...);
      },
      values);
  if (!fits) exit_function_clause(self, arguments);
  if constexpr (std::is_void_v<typename Signature::Return>) {
    std::apply(F{}, std::move(values));
    return atoms::ok;
  } else {
    return to_term(std::apply(F{}, std::move(values)));
  }
}

template <class Arguments>
struct ArgumentsWords;
template <class... A>
struct ArgumentsWords<std::tuple<A...>> {
  static constexpr void say(Words& words) {
    words << "(";
    say_each<A...>(words, ", ");
    words << ")";
  }
};
}  // namespace detail

/// A function with its C++ type: callable here, and a row of a table.
template <class F>
class NamedFunction {
 public:
  using Arguments = typename detail::SignatureOf<decltype(&F::operator())>::Arguments;
  using Return = typename detail::SignatureOf<decltype(&F::operator())>::Return;
  consteval NamedFunction(const char* name, const char* documentation)
      : row_{name, documentation, static_cast<std::uint8_t>(std::tuple_size_v<Arguments>), &detail::invoke_function<F>,
             detail::spoken<&detail::ArgumentsWords<Arguments>::say>()} {}

  template <class... A>
  auto operator()(A&&... arguments) const {
    return F{}(std::forward<A>(arguments)...);
  }
  constexpr operator const Function&() const noexcept { return row_; }  // NOLINT: it is a row

 private:
  Function row_;
};

template <class F>
[[nodiscard]] consteval NamedFunction<F> function(const char* name, const char* documentation, F) {
  static_assert(std::is_empty_v<F> && std::is_default_constructible_v<F>, "pulpo: a function by name captures nothing: hand it arguments");
  return NamedFunction<F>(name, documentation);
}

/// The same as the row of a table alone: `static constexpr Function kRows[] = {row("Mod.f", "What it does.", [] { … }), …}`. Not consteval
/// as function() is: clang 14 dies of many of those in one initializer.
template <class F>
[[nodiscard]] constexpr Function row(const char* name, const char* documentation, F) {
  static_assert(std::is_empty_v<F> && std::is_default_constructible_v<F>, "pulpo: a function by name captures nothing: hand it arguments");
  using Arguments = typename detail::SignatureOf<decltype(&F::operator())>::Arguments;
  return {name, documentation, static_cast<std::uint8_t>(std::tuple_size_v<Arguments>), &detail::invoke_function<F>,
          detail::spoken<&detail::ArgumentsWords<Arguments>::say>()};
}

/// The functions of some applications, found as Erlang finds them: by module, name and arity.
class FunctionTable {
 public:
  void add(const Function& function);
  [[nodiscard]] const Function* find(Atom module, Atom name, std::size_t arity) const noexcept;
  [[nodiscard]] bool has_module(Atom module) const noexcept;
  /// In the order they were added.
  [[nodiscard]] std::vector<const Function*> all() const;

 private:
  struct Row {
    Atom module, name;
    Function function;
    [[nodiscard]] bool operator<(const Row& other) const noexcept;
  };
  std::vector<Row> rows_;              ///< In the order they were added.
  std::vector<std::uint32_t> sorted_;  ///< Their places, by module, name and arity; the first of equal ones first.
};

/// What a node exports besides its applications: for a layer above the runtime that has functions of its own (Node.list, …). Before
/// start_system() or after, from any thread, for as long as the runtime lives. An application's function of the same name comes first.
void export_functions(Runtime& runtime, std::span<const Function> functions);

/// Who is asked for a function that no table has: an evaluator of functions that are terms (pulpo/lang.hpp), which the runtime does not
/// know. Nothing when that has none either. Inside a process; any thread sets it, for as long as the runtime lives.
using FunctionEvaluator = std::optional<Term> (*)(Atom module, Atom name, std::span<const Term> arguments);
void set_function_evaluator(Runtime& runtime, FunctionEvaluator evaluator);

/// What this node's applications export, and the functions that every node has (IO.puts, Process.list, …), by name: the way in for tasks,
/// and for whatever comes from elsewhere with no more than a name. Calls it in the calling process. A function that no application of this
/// node exports exits the caller with
/// {:undef, [{module, name, arguments, []}]}; calls nested so deep that little of the stack is left exit it with :system_limit.
Term apply(Atom module, Atom name, std::span<const Term> arguments);

}  // namespace pulpo
