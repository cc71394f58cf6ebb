// SPDX-License-Identifier: Apache-2.0
#include "cluster/function_tables.hpp"
#include "otp/function_arguments.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/rpc.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace {

/// This one and the visible ones (GS-18).
std::vector<Atom> all_nodes() {
  std::vector<Atom> all{runtime().node_name()};
  const auto others = nodes();
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

Term called_on(const std::vector<Atom>& nodes, Atom module, Atom name, const std::vector<Term>& arguments, Timeout timeout) {
  const auto all = rpc::multicall(nodes, {module, name}, arguments, timeout);
  return Term::tuple({Term::list(all.results), to_term(all.bad_nodes)});
}

/// multicall/4 is of some nodes, or of all within a time.
Term called_by_four(const Term& first, const Term& second, const Term& third, const Term& fourth) {
  if (const auto nodes = from_term<std::vector<Atom>>(first)) {
    if (!second.is_atom() || !third.is_atom() || !fourth.is_proper_list()) exit(atoms::badarg);
    return called_on(*nodes, second.atom(), third.atom(), elements_of(fourth), Timeout::infinity());
  }
  Patience patience;
  if (!first.is_atom() || !second.is_atom() || !third.is_proper_list() || !decode_into(fourth, patience)) exit(atoms::badarg);
  return called_on(all_nodes(), first.atom(), second.atom(), elements_of(third), patience.timeout);
}

}  // namespace

std::span<const Function> everywhere_functions() {
  static constexpr Function kRows[] = {
      row("GenServer.abcast", "Tells the servers of that name on this node and all that it is connected with, and returns :abcast.",
          [](Atom name, const Term& message) {
            abcast(all_nodes(), name, message);
            return "abcast"_atom;
          }),
      row("GenServer.multi_call",
          "Asks the servers of that name on this node and all that it is connected with: {[{node, reply}], bad_nodes}.",
          [](Atom name, const Term& request) {
            const auto answers = multi_call(all_nodes(), name, request);
            return Term::tuple({to_term(answers.replies), to_term(answers.bad_nodes)});
          }),
      row(":rpc.multicall", "Calls a function on this node and all that it is connected with: {results, bad_nodes}.",
          [](Atom module, Atom name, const std::vector<Term>& arguments) {
            return called_on(all_nodes(), module, name, arguments, Timeout::infinity());
          }),
      row(":rpc.multicall", "The same on the nodes of a list that comes first, or within so many milliseconds, which come last.",
          [](const Term& first, const Term& second, const Term& third, const Term& fourth) {
            return called_by_four(first, second, third, fourth);
          }),
      row(":rpc.abcast", "Sends a message to whoever has that name on this node and all that it is connected with: :abcast.",
          [](Atom name, const Term& message) {
            rpc::abcast(all_nodes(), name, message);
            return "abcast"_atom;
          }),
      row(":rpc.eval_everywhere", "Calls a function on this node and all that it is connected with, and waits for none: :abcast.",
          [](Atom module, Atom name, const std::vector<Term>& arguments) {
            rpc::eval_everywhere(all_nodes(), {module, name}, arguments);
            return "abcast"_atom;
          }),
  };
  return kRows;
}

}  // namespace pulpo
