// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/node_functions.hpp"

#include <array>

#include "cluster/connection_functions.hpp"
#include "pulpo/function.hpp"
#include "pulpo/net/nodes.hpp"

namespace pulpo {
namespace {

bool is_alive_node() { return runtime().node_name() != atoms::nonode_nohost; }

Term listed(NodeSet which) {
  std::vector<Term> all;
  for (const Atom node : nodes(which)) all.emplace_back(node);
  return Term::list(std::move(all));
}

[[noreturn]] void raise_badarg() { exit(Term::tuple({atoms::badarg, Term::empty_list()})); }

Term listed(Atom kind) {
  if (kind == "visible"_atom) return listed(NodeSet::visible);
  if (kind == "hidden"_atom) return listed(NodeSet::hidden);
  if (kind == "connected"_atom) return listed(NodeSet::connected);
  if (kind == "this"_atom) return listed(NodeSet::this_node);
  if (kind == "known"_atom) return listed(NodeSet::known);
  raise_badarg();
}

Term truth(bool value) { return value ? atoms::true_ : atoms::false_; }

// NODE-6, NODE-4.
Term connect(Atom node) {
  if (!is_alive_node()) return "ignored"_atom;
  return truth(connect_node(node).has_value());
}
// NODE-9, NODE-4.
Term disconnect(Atom node) {
  if (!is_alive_node()) return "ignored"_atom;
  return truth(disconnect_node(node));
}
// NODE-7.
Term ping(Atom node) { return ping_node(node) ? "pong"_atom : "pang"_atom; }

// A cookie is an atom for Elixir; set_cookie raises where it is none of ours, or there is no name (NODE-4).
Term cookie_set(const Result<void>& outcome) {
  if (!outcome) raise_badarg();
  return atoms::true_;
}

constexpr auto kSelf = function("Node.self", "This node's name.", [] { return runtime().node_name(); });
constexpr auto kAlive = function("Node.alive?", "Whether this node has a name.", [] { return is_alive_node(); });
constexpr auto kList = function("Node.list", "The visible nodes that this one is connected with.", [] { return listed(NodeSet::visible); });
constexpr auto kListKind =
    function("Node.list", ":visible, :hidden, :connected, :this or :known nodes.", [](Atom kind) { return listed(kind); });
constexpr auto kConnect =
    function("Node.connect", "Connects with a node: true, false, or :ignored without a name.", [](Atom node) { return connect(node); });
constexpr auto kDisconnect = function("Node.disconnect", "Ends the connection with a node.", [](Atom node) { return disconnect(node); });
constexpr auto kPing = function("Node.ping", ":pong or :pang.", [](Atom node) { return ping(node); });
constexpr auto kGetCookie = function("Node.get_cookie", "This node's cookie.", [] { return Atom(get_cookie()); });
constexpr auto kSetCookie = function("Node.set_cookie", "Sets this node's cookie, for connections to come.",
                                     [](Atom cookie) { return cookie_set(set_cookie(std::string(cookie.text()))); });
constexpr auto kSetCookieOf = function("Node.set_cookie", "Sets the cookie for one node, in both directions.",
                                       [](Atom node, Atom cookie) { return cookie_set(set_cookie(node, std::string(cookie.text()))); });

constexpr auto kErlangNodes =
    function(":erlang.nodes", "The visible nodes that this one is connected with.", [] { return listed(NodeSet::visible); });
constexpr auto kErlangNodesKind =
    function(":erlang.nodes", ":visible, :hidden, :connected, :this or :known nodes.", [](Atom kind) { return listed(kind); });
constexpr auto kErlangDisconnect =
    function(":erlang.disconnect_node", "Ends the connection with a node.", [](Atom node) { return disconnect(node); });
constexpr auto kErlangGetCookie = function(":erlang.get_cookie", "This node's cookie.", [] { return Atom(get_cookie()); });
constexpr auto kErlangGetCookieOf =
    function(":erlang.get_cookie", "The cookie that is used with a node.", [](Atom node) { return Atom(get_cookie(node)); });
constexpr auto kErlangSetCookie = function(":erlang.set_cookie", "Sets this node's cookie, for connections to come.",
                                           [](Atom cookie) { return cookie_set(set_cookie(std::string(cookie.text()))); });
constexpr auto kErlangSetCookieOf =
    function(":erlang.set_cookie", "Sets the cookie for one node, in both directions.",
             [](Atom node, Atom cookie) { return cookie_set(set_cookie(node, std::string(cookie.text()))); });
constexpr auto kNetAdmPing = function(":net_adm.ping", ":pong or :pang.", [](Atom node) { return ping(node); });
constexpr auto kNetKernelConnect = function(":net_kernel.connect_node", "Connects with a node: true, false, or :ignored without a name.",
                                            [](Atom node) { return connect(node); });

}  // namespace

void export_node_functions(Runtime& runtime) {
  const std::array<Function, 19> all{kSelf,
                                     kAlive,
                                     kList,
                                     kListKind,
                                     kConnect,
                                     kDisconnect,
                                     kPing,
                                     kGetCookie,
                                     kSetCookie,
                                     kSetCookieOf,
                                     kErlangNodes,
                                     kErlangNodesKind,
                                     kErlangDisconnect,
                                     kErlangGetCookie,
                                     kErlangGetCookieOf,
                                     kErlangSetCookie,
                                     kErlangSetCookieOf,
                                     kNetAdmPing,
                                     kNetKernelConnect};
  export_functions(runtime, all);
  cluster::export_connection_functions(runtime);
}

}  // namespace pulpo
