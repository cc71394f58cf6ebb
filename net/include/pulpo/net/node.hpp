// SPDX-License-Identifier: Apache-2.0
//
// Node: a Runtime with a name, a cookie and a port, which other nodes can reach.
//
//   Ownership  Owns its Runtime and every connection.
//   Threads    start(), stop(): the program's own thread, which turns the cores meanwhile when the runtime has a driver.
//              Its processes use pulpo/net/nodes.hpp.
//   Errors     start() says in one line what the world refused (name taken, port in use, no mapper) or what
//              was wrong with the options; the exit status follows its code (bad_argument: 2, else 1).
//   Bounds     64 half-open connections, 2,000 handshakes a second; see net/src/link/admission.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/net/nodes.hpp"
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

/// dist_auto_connect (NODE-11): whether a message, a link or the like for a node that is not connected makes a connection. connect_node()
/// always does, and what others dial is always taken.
enum class AutoConnect : std::uint8_t {
  always,
  once,  ///< Until a connection is lost; then not before connect_node().
  never,
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
  AutoConnect auto_connect = AutoConnect::always;
  bool connect_all = true;  ///< False: is connected with those alone whom somebody here wants, or who want us (NODE-12).
  /// NODE-40: a peer that says nothing for so long is taken for dead; two nodes use the larger of theirs. 1 s at least.
  Duration net_ticktime = 8s;
  std::string listen;  ///< "IP", "IP:PORT", "[v6]:PORT", ":PORT" or "eth0[:PORT]"; empty: everywhere, on loopback when the host is.
  /// Whom to meet, and to meet again whenever they are lost; lists as check_join() takes them. Nobody by default.
  std::vector<std::string> join;
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
/// What --sname and --name make of their argument (NODE-1): the name that start() gives a node that is neither transient nor nameless.
[[nodiscard]] Outcome<NodeName> full_node_name(const NodeOptions& options);
/// What stands behind --join, with commas: "lan" (whoever says by beacons that it is there) or "lan:LABEL", "HOST" (all nodes of that
/// host), "HOST:PORT", "NAME@HOST". The Fault says what to type.
[[nodiscard]] Outcome<void> check_join(std::string_view text);
/// This machine's short host name: up to the first dot; "localhost" when it has none.
[[nodiscard]] std::string short_host_name();

}  // namespace pulpo
