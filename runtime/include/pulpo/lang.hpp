// SPDX-License-Identifier: Apache-2.0
//
// Lang: the language of the console: Elixir's expressions, for calling the functions of nodes and for small scripts.
//
//   lang::install(runtime);                                    // functions that other nodes send can be evaluated here
//   lang::Session session;
//   const auto value = session.evaluate("PingPong.ping");      // the value, or what went wrong in Elixir's words
//   session.evaluate("pid = Node.spawn_link(:kate@localhost, fn -> Kate.say_name end)");
//
// Literals, variables, patterns, calls, pipes, anonymous functions, case, cond, if, receive, modules with several clauses and guards. It is
// no Elixir: what is missing gets an error that says what to write instead. A function is a term, `&:pulpo_lang.eval/n` with its code and
// its bindings as bound arguments, so it can be sent, stored and called by whoever can call a function by name; a node without install()
// answers undef.
//
//   Threads    Inside a process; with Limits::pure anywhere. A session belongs to one caller at a time.
//   Suspends   Where the functions that it calls do, in `receive`, and every kStepsPerPause steps for the other processes of the core.
//   Bounds     Limits. Neither reader nor evaluator recurses: a text nested deep, or a function that calls itself for ever, is an error
//              and not the end of the process' stack.
//   Errors     Failure. Killed passes through.
//   Cost       A walk over a tree of terms, some tens of ns a node: functions of C++ do the work.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pulpo/process.hpp"
#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo::lang {

/// Why there is no value.
struct Failure {
  enum class Kind : std::uint8_t {
    syntax,       ///< The text cannot be read. `incomplete` says that more text may mend it: a console asks for another line.
    unsupported,  ///< Elixir has it, this language has not; the text says what to write instead.
    error,        ///< Raised: MatchError and the like.
    exit,         ///< exit/1, or what a call exited with.
    thrown,       ///< throw/1.
    limit         ///< Too many steps, too deep a recursion, too large a value, or interrupted.
  };
  Kind kind = Kind::error;
  Term reason = {};       ///< As an exit reason, without a stack trace: {:badmatch, 2}.
  std::string text = {};  ///< For a person, as iex prints it: "** (MatchError) no match of right hand side value: 2".
  bool incomplete = false;
};

struct Limits {
  std::uint64_t steps_max = 100'000'000;  ///< Some seconds. 0: none, for functions that are processes of their own.
  std::uint32_t depth_max = 100'000;      ///< Calls and expressions that wait for an inner one; some 5 MiB.
  bool pure = false;                      ///< No functions but those that only calculate: nothing is called, sent or received.
  /// Asked at each pause, and while waiting in receive; true ends the evaluation.
  std::function<bool()> is_interrupted = {};
};

inline constexpr std::uint32_t kStepsPerPause = 2'000;
inline constexpr std::size_t kTextBytesMax = 1u << 20;
using Bindings = std::vector<std::pair<Atom, Term>>;

/// Variables, and texts that use them one after another.
class Session {
 public:
  explicit Session(Limits limits = {}, Bindings bindings = {}) : limits_(std::move(limits)), bindings_(std::move(bindings)) {}
  /// The value of the last expression of `text`. What was bound before a failure stays bound, as in iex.
  [[nodiscard]] Result<Term, Failure> evaluate(std::string_view text);
  [[nodiscard]] const Bindings& bindings() const noexcept { return bindings_; }
  [[nodiscard]] Limits& limits() noexcept { return limits_; }

 private:
  Limits limits_;
  Bindings bindings_;
};

/// Whether `text` can be read; nothing is evaluated. Failure::incomplete asks for another line.
[[nodiscard]] Result<void, Failure> check(std::string_view text);

/// What `function` (of this language, or by name) returns for these arguments.
[[nodiscard]] Result<Term, Failure> call(const Term& function, std::span<const Term> arguments, const Limits& limits = {});

/// Lets this node evaluate functions that come from elsewhere, and exports `:pulpo_lang.shell`, what is behind a console's prompt.
void install(Runtime& runtime);

/// What a term is as text: as iex prints a value. Functions of this language are `#Function<:pulpo_lang.eval/1>`, by the number of their
/// arguments.
[[nodiscard]] std::string inspect(const Term& value);

}  // namespace pulpo::lang
