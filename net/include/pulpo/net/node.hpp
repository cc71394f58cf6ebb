// SPDX-License-Identifier: Apache-2.0
//
// Node: a Runtime with a name, a cookie and a port, which other nodes can reach.
//
//   Ownership  Owns its Runtime and every connection.
//   Threads    start(), stop(): the program's own thread, which turns the cores meanwhile when the runtime has a driver.
//              The functions below it: inside a process of this node.
//   Errors     start() says in one line what the world refused (name taken, port in use, no mapper) or what
//              was wrong with the options; the exit status follows its code (bad_argument: 2, else 1).
//   Bounds     64 half-open connections, 2,000 handshakes a second; see net/src/link/admission.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

namespace host {
class Resolver;
}

enum class NameKind : std::uint8_t {
  none,        ///< nonode@nohost: not alive, reaches nobody (NODE-4).
  short_name,  ///< --sname: the host has no dot; the default host is this machine's short name (NODE-1).
  long_name,   ///< --name: the host is taken as given.
};

struct NodeOptions {
  NameKind kind = NameKind::none;
  std::string name;     ///< "a" or "a@host".
  std::string cookie;   ///< What joins nodes; never empty when kind is not none.
  bool visible = true;  ///< False: hidden (NODE-12).
  /// A command's node: connects to others but neither listens nor registers; its name is made up, and peers keep no atom of
  /// it. `name` is then a prefix, and may be empty.
  bool transient = false;
  /// Links are plain, readable and changeable by whoever is on the wire, to peers that allow it too; sealed to all others.
  bool plain_links = false;
  std::string listen;  ///< "IP", "IP:PORT", "[v6]:PORT" or ":PORT"; empty: as Settled points say (loopback when the host is).
  std::uint16_t mapper_port = 4369;
  bool use_mapper = true;  ///< False: does not register.
  /// Starts one on demand, by running `mapper_program`, or this very program when that is empty, with the arguments `mapper --daemon …`:
  /// only for a program that knows them, as those do whose main() is pulpo::run(). Others name an installed `pulpo`.
  bool start_mapper = false;
  std::string mapper_program;
  const host::Resolver* resolver = nullptr;  ///< Borrowed; knows names and addresses of hosts. This machine's own when null.
  RuntimeOptions runtime;
};

class Node {
 public:
  explicit Node(NodeOptions options);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  /// Starts the runtime, listens, and registers with the mapper. Returns when the node can be reached.
  [[nodiscard]] Outcome<void> start();
  /// Closes connections and ends the runtime. Applications are stopped before, by whoever started them.
  void stop();

  [[nodiscard]] Runtime& runtime() noexcept;
  [[nodiscard]] const std::string& name() const noexcept;  ///< "a@host", or "nonode@nohost".
  [[nodiscard]] std::uint16_t port() const noexcept;       ///< The port it listens on; 0 when it does not.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Splits and checks a node's name (NODE-1, NODE-34): head@host, exactly one @, head of [0-9A-Za-z_-], a host that is not empty and
/// fits `kind` (a short one has no dot). The Fault says which part is wrong and what to type.
struct NodeName {
  std::string head, host;
  [[nodiscard]] std::string text() const { return head + "@" + host; }
};
[[nodiscard]] Outcome<NodeName> parse_node_name(const std::string& text);
/// This machine's short host name: up to the first dot; "localhost" when it has none.
[[nodiscard]] std::string short_host_name();

// --- Inside a process of a Node ----------------------------------------------------------------------

/// Node.connect/1: suspends until there is a connection, or until it is known why not. Error::detail is the one cause, for a person:
/// host unknown, no mapper, not registered, connection refused, cookie refused, short/long names, speaks Erlang, version. True at once
/// for the own name and for a node already connected. Errors: nodedown with that cause; unsupported on a node without a name.
Result<void> connect_node(Atom node);
/// True when nobody on the way can read or change what this node and `node` say to each other; nothing when they are not connected.
[[nodiscard]] std::optional<bool> link_is_sealed(Atom node);
/// The visible nodes that are connected (NODE-8), in order of their names.
[[nodiscard]] std::vector<Atom> nodes();

}  // namespace pulpo
