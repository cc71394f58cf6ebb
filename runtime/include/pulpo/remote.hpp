// SPDX-License-Identifier: Apache-2.0
//
// Remote: processes on other nodes, as Elixir's Node.spawn makes them.
//
//   spawn_link("kate@localhost", "Kate.say_name");                  // prints here: the new process has our group leader (IO-4)
//   spawn("kate@localhost", kGreet, "alex");                        // a function of ours that kate exports as well
//   const Ref ref = spawn_request("kate@localhost", "Kate.say_name", {}, {.link = true});
//
// Code is named, never sent: the other node looks the function up among what its applications export (Application::exports) and calls it
// in a new process there, on the core with the fewest. One that it lacks is a crash of that process, {:undef, …}, not of ours (SIG-19).
// Our own node's name is as good as another.
//
//   Order      Link and monitor are there before the process runs (SIG-11), and its end comes as EXIT, then as DOWN (SIG-20).
//   Threads    Inside a process.
//   Suspends   spawn(), spawn_link(), spawn_monitor(): until the process has begun. spawn_request(): when the link is full.
//   Errors     A node that cannot be reached: a warning, and a dead process of this node that ended by noconnection (SIG-18). The caller
//              exits with system_limit when that node has no room, notsup when it runs nobody's code, {:badarg, text} when these
//              arguments cannot leave their node.
//   Cost       One frame there and one back, and a process.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "pulpo/function.hpp"
#include "pulpo/on_node.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

/// A function by name alone: "Kate.say_name", ":erlang.node", {module, name}, or one of this program.
class FunctionName {
 public:
  FunctionName(Atom module, Atom name) noexcept : module_(module), name_(name) {}
  FunctionName(std::string_view text);                                      // NOLINT: reads as the name itself; exits with {:badarg, text}
  FunctionName(const char* text) : FunctionName(std::string_view(text)) {}  // NOLINT
  FunctionName(const std::string& text) : FunctionName(std::string_view(text)) {}            // NOLINT
  FunctionName(const Function& function) : FunctionName(std::string_view(function.name)) {}  // NOLINT: whatever its arity
  [[nodiscard]] Atom module() const noexcept { return module_; }
  [[nodiscard]] Atom name() const noexcept { return name_; }
  /// `Kate.say_name/0`, as Elixir writes it.
  [[nodiscard]] std::string text(std::size_t arity) const;

 private:
  Atom module_, name_;
};

Pid spawn(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {});
Pid spawn_link(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {});
[[nodiscard]] Spawned spawn_monitor(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {});

struct SpawnRequestOptions {
  bool link = false;
  bool monitor = false;  ///< Under the reference of the request.
  bool reply = true;     ///< False: only a failure is told.
};
/// Asks and goes on: {:spawn_reply, ref, :ok, pid} comes, or {:spawn_reply, ref, :error, reason}; then the node cannot be reached, or
/// went (noconnection), or see Errors above.
[[nodiscard]] Ref spawn_request(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {},
                                const SpawnRequestOptions& options = {});
/// The answer is not wanted any more; a process that has begun and is linked ends with `abandoned`. False when the answer was there
/// already: then all is as it says.
bool spawn_request_abandon(const Ref& request);

namespace detail {
template <class T>
inline constexpr bool kIsNamed = false;
template <class F>
inline constexpr bool kIsNamed<NamedFunction<F>> = true;

/// Any number of arguments as terms, of the types that the function takes.
template <class F, class... A>
[[nodiscard]] std::vector<Term> named_arguments(A&&... arguments) {
  return std::apply([](const auto&... argument) { return std::vector<Term>{to_term(argument)...}; },
                    typename NamedFunction<F>::Arguments(std::forward<A>(arguments)...));
}
}  // namespace detail

/// What cannot be sent: anything that is called and has no name.
template <class F>
concept Closure = std::invocable < std::decay_t<F>
& > &&!detail::kIsNamed<std::decay_t<F>> && !std::is_convertible_v<F, FunctionName>;

template <class F, class... A>
Pid spawn(const OnNode& node, const NamedFunction<F>& function, A&&... arguments) {
  return spawn(node, FunctionName(static_cast<const Function&>(function)), detail::named_arguments<F>(std::forward<A>(arguments)...));
}
template <class F, class... A>
Pid spawn_link(const OnNode& node, const NamedFunction<F>& function, A&&... arguments) {
  return spawn_link(node, FunctionName(static_cast<const Function&>(function)), detail::named_arguments<F>(std::forward<A>(arguments)...));
}
template <class F, class... A>
[[nodiscard]] Spawned spawn_monitor(const OnNode& node, const NamedFunction<F>& function, A&&... arguments) {
  return spawn_monitor(node, FunctionName(static_cast<const Function&>(function)),
                       detail::named_arguments<F>(std::forward<A>(arguments)...));
}

template <Closure F>
Pid spawn(const OnNode&, F&&) {
  static_assert(detail::kDependentFalse<F>, "pulpo: a closure stays on its node: say a function that both have, function(\"Mod.name\", …)");
  return {};
}
template <Closure F>
Pid spawn_link(const OnNode& node, F&& function) {
  return spawn(node, std::forward<F>(function));
}
template <Closure F>
Spawned spawn_monitor(const OnNode& node, F&& function) {
  return {spawn(node, std::forward<F>(function))};
}

}  // namespace pulpo
