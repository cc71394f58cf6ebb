// SPDX-License-Identifier: Apache-2.0
//
// FunctionArguments: what the functions of every node take, as C++ types: servers, times, functions and options as Elixir writes them.
//
//   function("Task.await", "…", [](const TaskHandle& task, const Patience& patience) { … })
//
// An argument of another kind is refused before the function runs, and the error says what it takes (pulpo/function.hpp).
//
//   Threads    Any; values. call_function() and call_of(): inside a process.
//   Errors     Options that have the right form and a wrong value exit the caller with {:badarg, text}.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/codec.hpp"
#include "pulpo/function.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/process.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {

/// A server as Elixir refers to it: a pid, a name, {name, node}, {:global, name} or {:via, module, name}.
struct ServerArgument {
  std::optional<Address> address = {};
  std::optional<Via> via = {};  ///< The one that is there, when `address` is not.
  [[nodiscard]] Term term() const { return via ? via->term() : address->term(); }
  /// The process of this name now; {name, node} of another node has none here.
  [[nodiscard]] std::optional<Pid> whereis() const;
};

/// Milliseconds up to OTP's 2^32 - 1, or :infinity.
struct Patience {
  Timeout timeout = Timeout(5s);
};
/// Milliseconds, as OTP's timers take them.
struct Milliseconds {
  Duration duration{};
};

/// A function as a value, which takes so many arguments yet.
template <std::size_t open_arity>
struct FunctionArgument {
  Term function;
};

/// A keyword list.
struct Keywords {
  Term list = Term::empty_list();
  /// The value of a key; the first when it stands there twice. Null when it does not.
  [[nodiscard]] std::optional<Term> find(std::string_view key) const;
  /// Exits the caller when there is a key that is none of these: {:badarg, "… takes …"}.
  void only(std::string_view function, std::initializer_list<std::string_view> keys) const;
};

/// Exits the caller with {:badarg, text}.
[[noreturn]] void exit_badarg(std::string text);

/// How many arguments a function takes yet; nothing when the term is none.
[[nodiscard]] std::optional<std::size_t> open_arity(const Term& function) noexcept;
/// Calls a function that is a value.
Term call_function(const Term& function, std::span<const Term> arguments = {});
/// A list's elements.
[[nodiscard]] std::vector<Term> elements_of(const Term& list);

[[nodiscard]] Term call_of(const ServerArgument& server, const Term& request, const CallOptions& options = {});
/// `{:ok, pid}`, `:ignore` or `{:error, reason}`.
[[nodiscard]] Term started_term(const Result<Pid>& started);
/// A name to start under, from the option `name:`; exits the caller when it is none.
[[nodiscard]] Name name_of(const Keywords& options);

template <>
struct Codec<ServerArgument> {
  static constexpr const char* kText = "pid | name | {name, node} | {:global, name} | {:via, module, name}";
  static Term encode(const ServerArgument& server) { return server.term(); }
  static bool decode(const Term& term, ServerArgument& out);
};
template <>
struct Codec<Patience> {
  static constexpr const char* kText = "milliseconds | :infinity";
  static Term encode(const Patience& patience) { return to_term(patience.timeout); }
  static bool decode(const Term& term, Patience& out);
};
template <>
struct Codec<Milliseconds> {
  static constexpr const char* kText = "milliseconds";
  static Term encode(const Milliseconds& time) { return to_term(Timeout(time.duration)); }
  static bool decode(const Term& term, Milliseconds& out);
};
template <std::size_t arity>
struct Codec<FunctionArgument<arity>> {
  static constexpr const char* kText = arity == 0 ? "fn -> … end" : "fn with arguments -> … end";
  static Term encode(const FunctionArgument<arity>& function) { return function.function; }
  static bool decode(const Term& term, FunctionArgument<arity>& out) {
    out.function = term;
    return open_arity(term) == arity;
  }
};
template <>
struct Codec<Keywords> {
  static constexpr const char* kText = "[key: value]";
  static Term encode(const Keywords& keywords) { return keywords.list; }
  static bool decode(const Term& term, Keywords& out);
};
template <>
struct Codec<Shutdown> {
  static Term encode(const Shutdown& shutdown) { return shutdown.term(); }
  /// Milliseconds, :infinity or :brutal_kill.
  static bool decode(const Term& term, Shutdown& out);
};

}  // namespace pulpo
