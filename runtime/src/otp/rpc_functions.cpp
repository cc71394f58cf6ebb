// SPDX-License-Identifier: Apache-2.0
//
// :rpc and :erpc, as Erlang's users type them. Those that mean all connected nodes are the cluster's.
#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "pulpo/rpc.hpp"

namespace pulpo {
namespace {

using Nodes = std::vector<Atom>;
using Given = std::vector<Term>;
using Called = FunctionArgument<0>;

FunctionName applied() { return {"erlang"_atom, "apply"_atom}; }
Given applied_to(const Called& function) { return {function.function, Term::empty_list()}; }

Term results_and_bad(const rpc::MultiCall& all) { return Term::tuple({Term::list(all.results), to_term(all.bad_nodes)}); }

Term value_or_timeout(const std::optional<Term>& value) { return value ? Term::tuple({"value"_atom, *value}) : Term(atoms::timeout); }

}  // namespace

std::span<const Function> rpc_functions() {
  static constexpr Function kRows[] = {
      row(":rpc.call", "Calls a function on a node: its value, or {:badrpc, reason}.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            return rpc::call(node, {module, name}, arguments);
          }),
      row(":rpc.call", "The same, within so many milliseconds.",
          [](Atom node, Atom module, Atom name, const Given& arguments, const Patience& patience) {
            return rpc::call(node, {module, name}, arguments, patience.timeout);
          }),
      row(":rpc.block_call", "Calls a function on a node, as :rpc.call does.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            return rpc::call(node, {module, name}, arguments);
          }),
      row(":rpc.cast", "Calls a function on a node, waits for nothing, and returns true.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            rpc::cast(node, {module, name}, arguments);
            return true;
          }),
      row(":rpc.multicall", "Calls a function on these nodes, within so many milliseconds: {results, bad_nodes}.",
          [](const Nodes& nodes, Atom module, Atom name, const Given& arguments, const Patience& patience) {
            return results_and_bad(rpc::multicall(nodes, {module, name}, arguments, patience.timeout));
          }),
      row(":rpc.async_call", "Begins a call on a node: a key for :rpc.yield.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            return rpc::async_call(node, {module, name}, arguments);
          }),
      row(":rpc.yield", "What a call returned that :rpc.async_call began, once.", [](const Ref& key) { return rpc::yield(key); }),
      row(":rpc.nb_yield", "{:value, value} of a call that :rpc.async_call began, or :timeout when it has not ended.",
          [](const Ref& key) { return value_or_timeout(rpc::nb_yield(key)); }),
      row(":rpc.nb_yield", "The same after so many milliseconds.",
          [](const Ref& key, const Patience& patience) { return value_or_timeout(rpc::nb_yield(key, patience.timeout)); }),
      row(":rpc.abcast", "Sends a message to whoever has that name on these nodes, and returns :abcast.",
          [](const Nodes& nodes, Atom name, const Term& message) {
            rpc::abcast(nodes, name, message);
            return "abcast"_atom;
          }),
      row(":rpc.sbcast", "The same, and waits for the nodes: {those that have the name, the others}.",
          [](const Nodes& nodes, Atom name, const Term& message) {
            const auto reached = rpc::sbcast(nodes, name, message);
            return Term::tuple({to_term(reached.good), to_term(reached.bad)});
          }),
      row(":rpc.eval_everywhere", "Calls a function on these nodes, waits for nothing, and returns :abcast.",
          [](const Nodes& nodes, Atom module, Atom name, const Given& arguments) {
            rpc::eval_everywhere(nodes, {module, name}, arguments);
            return "abcast"_atom;
          }),

      row(":erpc.call", "Calls a function value on a node, and returns its value; exits as it did.",
          [](Atom node, const Called& function) { return erpc::call(node, applied(), applied_to(function)); }),
      row(":erpc.call", "The same, within so many milliseconds.",
          [](Atom node, const Called& function, const Patience& patience) {
            return erpc::call(node, applied(), applied_to(function), patience.timeout);
          }),
      row(":erpc.call", "Calls a function on a node by module, name and arguments, and returns its value; exits as it did.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            return erpc::call(node, {module, name}, arguments);
          }),
      row(":erpc.call", "The same by module, name and arguments, within so many milliseconds.",
          [](Atom node, Atom module, Atom name, const Given& arguments, const Patience& patience) {
            return erpc::call(node, {module, name}, arguments, patience.timeout);
          }),
      row(":erpc.cast", "Calls a function value on a node, waits for nothing, and returns :ok.",
          [](Atom node, const Called& function) { erpc::cast(node, applied(), applied_to(function)); }),
      row(":erpc.cast", "Calls a function on a node by module, name and arguments, waits for nothing, and returns :ok.",
          [](Atom node, Atom module, Atom name, const Given& arguments) {
            erpc::cast(node, {module, name}, arguments);
          }),
      row(":erpc.multicall", "Calls a function value on these nodes: {:ok, value}, {:throw, …}, {:exit, …} or {:error, …} of each.",
          [](const Nodes& nodes, const Called& function) { return erpc::multicall(nodes, applied(), applied_to(function)); }),
      row(":erpc.multicall", "The same, within so many milliseconds.",
          [](const Nodes& nodes, const Called& function, const Patience& patience) {
            return erpc::multicall(nodes, applied(), applied_to(function), patience.timeout);
          }),
      row(":erpc.multicall", "Calls a function on these nodes by module, name and arguments: {:ok, value} and the like of each.",
          [](const Nodes& nodes, Atom module, Atom name, const Given& arguments) {
            return erpc::multicall(nodes, {module, name}, arguments);
          }),
      row(":erpc.multicall", "The same by module, name and arguments, within so many milliseconds.",
          [](const Nodes& nodes, Atom module, Atom name, const Given& arguments, const Patience& patience) {
            return erpc::multicall(nodes, {module, name}, arguments, patience.timeout);
          }),
      row(":erpc.multicast", "Calls a function on these nodes, waits for nothing, and returns :ok.",
          [](const Nodes& nodes, Atom module, Atom name, const Given& arguments) {
            erpc::multicast(nodes, {module, name}, arguments);
          }),
  };
  return kRows;
}

}  // namespace pulpo
