// SPDX-License-Identifier: Apache-2.0
//
// Rpc: calling a function on another node, as Erlang's erpc and rpc do.
//
//   const Term names = rpc::call("kate@localhost", "Process.list");              // the value, or {:badrpc, reason}
//   const auto sum = erpc::try_call("kate@localhost", kAdd, 4, 5);                // Result<std::int64_t>
//   const Ref key = rpc::async_call("kate@localhost", "Kate.count", {"words"});   // …
//   use(rpc::yield(key));
//
// Each call runs in a process of its own there, which has our group leader: what it prints appears here (RPC-1, IO-4). The value comes back
// as that process' exit reason, so a call is one frame each way and leaves no server busy. Functions are found as by remote spawn.
//
//   Order      None between calls: each is a process.
//   Threads    Inside a process.
//   Suspends   All but the casts, which wait for a full link alone.
//   Bounds     A timeout abandons the call; what runs there runs on (RPC-3). No late answer ever arrives.
//   Errors     RPC-2. A value that cannot leave its node is an exit signal {:badarg, text}.
//   Cost       A request, a process, a DOWN. A call of the own node without a timeout runs in the caller.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "pulpo/detail/task_handle.hpp"
#include "pulpo/remote.hpp"

namespace pulpo::erpc {

/// The value. What happens instead exits the caller with the reason that erpc:call/5 raises: {:exception, reason} for an exit there,
/// {:exception, error, stack} for an error, {:signal, reason} when the process was killed, {:erpc, :timeout}, {:erpc, :noconnection},
/// {:erpc, :badarg}; {{:nocatch, value}, []} for a throw.
Term call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {}, Timeout timeout = Timeout::infinity());
/// The same as a value: the reason above; codes exited, timeout, nodedown, bad_argument; killed when the caller is being ended.
[[nodiscard]] Result<Term> try_call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {},
                                    Timeout timeout = Timeout::infinity());
/// Whatever happens; errors are reported there (RPC-4).
void cast(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {});
/// On all nodes at once. For each, in their order: {:ok, value}, {:throw, value}, {:exit, reason} or {:error, reason} (RPC-5).
[[nodiscard]] std::vector<Term> multicall(const std::vector<Atom>& nodes, const FunctionName& function,
                                          const std::vector<Term>& arguments = {}, Timeout timeout = Timeout::infinity());
void multicast(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments = {});

/// With a function of this program that the other node has as well: its value as its own type; bad_message when another type came.
template <class F, class... A>
[[nodiscard]] Result<typename NamedFunction<F>::Return> try_call(const OnNode& node, const NamedFunction<F>& function, A&&... arguments) {
  return detail::task_value<typename NamedFunction<F>::Return>(
      try_call(node, FunctionName(static_cast<const Function&>(function)), detail::named_arguments<F>(std::forward<A>(arguments)...)));
}

}  // namespace pulpo::erpc

namespace pulpo::rpc {

/// The value, or {:badrpc, reason} as rpc:call/5 has it: :nodedown, :timeout, {:EXIT, reason}.
Term call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {}, Timeout timeout = Timeout::infinity());
template <class F, class... A>
Term call(const OnNode& node, const NamedFunction<F>& function, A&&... arguments) {
  return call(node, FunctionName(static_cast<const Function&>(function)), detail::named_arguments<F>(std::forward<A>(arguments)...));
}
/// Whatever happens; errors are reported there (RPC-4).
inline void cast(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {}) {
  erpc::cast(node, function, std::move(arguments));
}

/// Begins a call; whoever called this asks yield() for its value, once (RPC-7).
[[nodiscard]] Ref async_call(const OnNode& node, const FunctionName& function, std::vector<Term> arguments = {});
/// What call() would have returned.
Term yield(const Ref& key);
/// The same, or nothing when the time is over: ask again.
[[nodiscard]] std::optional<Term> nb_yield(const Ref& key, Timeout timeout = Timeout(Duration::zero()));

struct MultiCall {
  std::vector<Term> results;    ///< Of those that answered, in the order of `nodes`: values and {:badrpc, {:EXIT, reason}}.
  std::vector<Atom> bad_nodes;  ///< Those that cannot be reached, went, or did not answer in time.
};
/// On all nodes at once (RPC-5).
[[nodiscard]] MultiCall multicall(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments = {},
                                  Timeout timeout = Timeout::infinity());
/// Calls on all nodes and waits for none.
inline void eval_everywhere(const std::vector<Atom>& nodes, const FunctionName& function, const std::vector<Term>& arguments = {}) {
  erpc::multicast(nodes, function, arguments);
}

/// A message for whoever has that name on each node (RPC-6).
void abcast(const std::vector<Atom>& nodes, Atom name, const Term& message);
struct Reached {
  std::vector<Atom> good;
  std::vector<Atom> bad;  ///< Not connected, or nobody has the name there.
};
/// The same; returns when each node has given the message to whoever has the name.
[[nodiscard]] Reached sbcast(const std::vector<Atom>& nodes, Atom name, const Term& message);

}  // namespace pulpo::rpc
