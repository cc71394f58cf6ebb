// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/node_functions.hpp"

#include <variant>

#include "cluster/connection_functions.hpp"
#include "cluster/function_tables.hpp"
#include "pulpo/function.hpp"
#include "pulpo/net/node.hpp"
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

/// NODE-4, NODE-13.
Atom watch(Atom node, bool on) {
  if (!monitor_node(node, on)) exit(Term::tuple({"notalive"_atom, Term::empty_list()}));
  return atoms::true_;
}

/// :all, :visible or :hidden.
bool read_node_type(const Term& type, NodeEvents& events) {
  if (!type.is_atom("all"_atom) && !type.is_atom("visible"_atom) && !type.is_atom("hidden"_atom)) return false;
  events.visible = !type.is_atom("hidden"_atom);
  events.hidden = !type.is_atom("visible"_atom);
  return true;
}

/// One of OTP's options, as :nodedown_reason, {:node_type, :all}, or of a map. Each asks for the information, which is told whole.
bool read_event_option(const Term& key, const Term& value, NodeEvents& events) {
  if (key.is_atom("node_type"_atom)) return read_node_type(value, events);
  return (key.is_atom("nodedown_reason"_atom) || key.is_atom("connection_id"_atom)) && from_term<bool>(value).has_value();
}

Atom subscribe(bool on, const Term& options) {
  NodeEvents events{.info = true};
  bool is_right = options.is_proper_list() || options.is_map();
  for (std::size_t i = 0; options.is_proper_list() && i < options.list_size(); ++i) {
    const Term option = options.list_at(i);
    is_right = is_right && (option.is_tuple(2) ? read_event_option(option.elements()[0], option.elements()[1], events)
                                               : read_event_option(option, true, events));
  }
  const auto items = options.is_map() ? options.map_items() : std::span<const Term>();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) is_right = is_right && read_event_option(items[i], items[i + 1], events);
  if (!is_right) raise_badarg();
  monitor_nodes(on, events);
  return atoms::ok;
}

/// {:ok, [{'name', port}]}, or {:error, :address}.
Term names_at(const std::string& host) {
  const auto names = names_of_host(host);
  if (!names) return Term::tuple({atoms::error, "address"_atom});
  std::vector<Term> rows;
  for (const auto& [name, port] : *names) rows.push_back(Term::tuple({Term::charlist(name), port}));
  return Term::tuple({atoms::ok, Term::list(rows)});
}

Term ticktime() {
  const auto time = net_ticktime();
  if (!time) return "ignored"_atom;
  return std::int64_t{std::chrono::duration_cast<std::chrono::seconds>(*time).count()};
}

Term allowed(const std::vector<Atom>& names) { return allow_nodes(names) ? Term(atoms::ok) : Term(atoms::error); }

}  // namespace

std::span<const Function> node_functions() {
  static constexpr Function kRows[] = {
      row("Node.self", "This node's name.", [] { return runtime().node_name(); }),
      row("Node.alive?", "Whether this node has a name.", [] { return is_alive_node(); }),
      row("Node.list", "The visible nodes that this one is connected with.", [] { return listed(NodeSet::visible); }),
      row("Node.list", ":visible, :hidden, :connected, :this or :known nodes.", [](Atom kind) { return listed(kind); }),
      row("Node.connect", "Connects with a node: true, false, or :ignored without a name.", [](Atom node) { return connect(node); }),
      row("Node.disconnect", "Ends the connection with a node: true, false when there was none, or :ignored without a name.",
          [](Atom node) { return disconnect(node); }),
      row("Node.ping", "Asks a node whether it is there, connecting if need be: :pong or :pang.", [](Atom node) { return ping(node); }),
      row("Node.monitor", "With true, {:nodedown, node} comes once when the node is lost; false takes that back.",
          [](Atom node, bool on) { return watch(node, on); }),
      row("Node.monitor", "The same; the options change nothing.",
          [](Atom node, bool on, const std::vector<Term>&) { return watch(node, on); }),
      row("Node.get_cookie", "This node's cookie.", [] { return Atom(get_cookie()); }),
      row("Node.set_cookie", "Sets this node's cookie, for connections to come, and returns true.",
          [](Atom cookie) { return cookie_set(set_cookie(std::string(cookie.text()))); }),
      row("Node.set_cookie", "Sets the cookie for one node, in both directions, and returns true.",
          [](Atom node, Atom cookie) { return cookie_set(set_cookie(node, std::string(cookie.text()))); }),

      row(":erlang.nodes", "The visible nodes that this one is connected with.", [] { return listed(NodeSet::visible); }),
      row(":erlang.nodes", ":visible, :hidden, :connected, :this or :known nodes.", [](Atom kind) { return listed(kind); }),
      row(":erlang.is_alive", "Whether this node has a name.", [] { return is_alive_node(); }),
      row(":erlang.monitor_node", "With true, {:nodedown, node} comes once when the node is lost; false takes that back.",
          [](Atom node, bool on) { return watch(node, on); }),
      row(":erlang.disconnect_node", "Ends the connection with a node: true, false when there was none, or :ignored without a name.",
          [](Atom node) { return disconnect(node); }),
      row(":erlang.get_cookie", "This node's cookie.", [] { return Atom(get_cookie()); }),
      row(":erlang.get_cookie", "The cookie that is used with a node.", [](Atom node) { return Atom(get_cookie(node)); }),
      row(":erlang.set_cookie", "Sets this node's cookie, for connections to come, and returns true.",
          [](Atom cookie) { return cookie_set(set_cookie(std::string(cookie.text()))); }),
      row(":erlang.set_cookie", "Sets the cookie for one node, in both directions, and returns true.",
          [](Atom node, Atom cookie) { return cookie_set(set_cookie(node, std::string(cookie.text()))); }),

      row(":net_adm.ping", "Asks a node whether it is there, connecting if need be: :pong or :pang.", [](Atom node) { return ping(node); }),
      row(":net_adm.names", "The nodes of this host: {:ok, [{name, port}]}, or {:error, :address} without a mapper.",
          [] { return names_at("localhost"); }),
      row(":net_adm.names", "The nodes of a host: {:ok, [{name, port}]}, or {:error, :address} when its mapper cannot be asked.",
          [](const std::variant<Atom, std::string>& host) {
            const auto* const atom = std::get_if<Atom>(&host);
            return names_at(atom != nullptr ? std::string(atom->text()) : std::get<std::string>(host));
          }),
      row(":net_adm.localhost", "The name of this host, as a list of characters.", [] { return Term::charlist(short_host_name()); }),

      row(":net_kernel.connect_node", "Connects with a node: true, false, or :ignored without a name.",
          [](Atom node) { return connect(node); }),
      row(":net_kernel.monitor_nodes", "With true, {:nodeup, node} and {:nodedown, node} come for all nodes; false takes that back.",
          [](bool on) {
            monitor_nodes(on);
            return atoms::ok;
          }),
      row(":net_kernel.monitor_nodes", "The same with a map of what is known as a third element; options: node_type:, nodedown_reason.",
          [](bool on, const Term& options) { return subscribe(on, options); }),
      row(":net_kernel.get_net_ticktime", "The seconds after which a silent node counts as lost, or :ignored without a name.",
          [] { return ticktime(); }),
      row(":net_kernel.allow", "From now on connections are with these nodes alone, or with nodes of these hosts: :ok or :error.",
          [](const std::vector<Atom>& names) { return allowed(names); }),
  };
  return kRows;
}

void export_node_functions(Runtime& runtime) {
  export_functions(runtime, node_functions());
  export_functions(runtime, everywhere_functions());
  cluster::export_connection_functions(runtime);
}

}  // namespace pulpo
