// SPDX-License-Identifier: Apache-2.0
//
// Nodes: the nodes around this one, as Elixir's Node module and OTP's net_kernel have them.
//
//   connect_node("b@altair"_atom);                       // Node.connect
//   nodes();                                             // Node.list
//   monitor_nodes(true);                                 // {:nodeup, node}, {:nodedown, node}
//
//   Order      {:nodeup, n} comes before any message of a process of n, {:nodedown, n} after all of them, and after the EXIT and DOWN
//              messages that the end of the connection causes (SIG-15).
//   Threads    Inside a process of a Node.
//   Suspends   All of them: what is known of other nodes lives on one core. connect_node() and ping_node() until it is decided, at most
//              some seconds.
//   Errors     On a node without a name: unsupported, with the reason :ignored where Elixir says so, :notalive elsewhere (NODE-4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pulpo/process.hpp"

namespace pulpo {

/// Node.connect/1: suspends until there is a connection, or until it is known why not. Error::detail is the one cause, for a person:
/// host unknown, no mapper, not registered, connection refused, cookie refused, short/long names, speaks Erlang, version. True at once
/// for the own name and for a node already connected. Errors: nodedown with that cause; unsupported on a node without a name.
Result<void> connect_node(Atom node);
/// Node.ping/1: :pong is true. Connects if need be, and asks the other's net_kernel; when that fails, disconnects (NODE-7).
[[nodiscard]] bool ping_node(Atom node);
/// Node.disconnect/1: true when there was a connection. What links and monitors this node has towards that one fire (NODE-9).
bool disconnect_node(Atom node);

/// Of Node.list/1 (NODE-8).
enum class NodeSet : std::uint8_t {
  visible,
  hidden,
  connected,  ///< Both.
  this_node,
  known,  ///< All that were ever named here, this one and nonode@nohost included.
};
/// In order of their names. A hidden node whose name is no atom here, and for which none can be made, is left out.
[[nodiscard]] std::vector<Atom> nodes(NodeSet which = NodeSet::visible);

/// True when nobody on the way can read or change what this node and `node` say to each other; nothing when they are not connected.
[[nodiscard]] std::optional<bool> link_is_sealed(Atom node);

// --- Cookies (NODE-15, NODE-16) -----------------------------------------------------------------------------------
/// The own cookie from now on: connections that are there stay. Errors: bad_argument for one that is empty or has more than 255 bytes.
Result<void> set_cookie(const std::string& cookie);
/// The cookie for that peer alone, in both directions.
Result<void> set_cookie(Atom node, const std::string& cookie);
/// "nocookie" on a node without a name.
[[nodiscard]] std::string get_cookie();
/// What is used with that peer.
[[nodiscard]] std::string get_cookie(Atom node);

// --- Being told (NODE-13) ---------------------------------------------------------------------------------------------
/// Each call with true is answered by one {:nodedown, node} when the node goes, at once when it cannot be reached; one with false takes one
/// back. Errors: unsupported (:notalive).
Result<void> monitor_node(Atom node, bool on = true);

struct NodeEvents {
  bool visible = true;
  bool hidden = false;  ///< Commands come and go as hidden nodes.
  /// {:nodeup, node, info} and {:nodedown, node, info}: a map with connection_id and node_type, and nodedown_reason.
  bool info = false;
  friend bool operator==(const NodeEvents&, const NodeEvents&) noexcept = default;
};
/// {:nodeup, node} and {:nodedown, node} for all nodes, until the process ends or says false. Each call counts, as in OTP: said twice,
/// each comes twice. On a node without a name it is allowed, and nothing comes.
void monitor_nodes(bool on = true, const NodeEvents& events = {});

/// net_kernel:allow/1 (NODE-19): from now on only these nodes, or nodes of these hosts, are connected with, in either direction. Once said,
/// more can be added and none taken back. Connections that are there stay.
Result<void> allow_nodes(const std::vector<Atom>& nodes);

/// net_adm:names/1: the nodes that the mapper of `host` knows, by the part of their name before '@', and the ports they listen on. Errors:
/// nodedown with reason :address when the host is unknown or nothing answers there; unsupported (:notalive).
[[nodiscard]] Result<std::vector<std::pair<std::string, std::uint16_t>>> names_of_host(const std::string& host);

/// net_kernel:get_net_ticktime/0: for how long a peer may say nothing; nothing on a node without a name.
[[nodiscard]] std::optional<Duration> net_ticktime();

}  // namespace pulpo
