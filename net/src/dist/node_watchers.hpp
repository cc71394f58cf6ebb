// SPDX-License-Identifier: Apache-2.0
//
// NodeWatchers: which processes want to hear of nodes that come and go (NODE-13), and telling them.
//
//   Order      Told by the home core, at the place in its stream of signals where the connection began or ended.
//   Ownership  Holds pids. A process that is in here for the first time has to be watched by whoever adds it, so that forget() is called
//              at its end.
//   Threads    The home core's, 0.
//   Cost       An event: a look at each watcher of that node, and at each subscriber.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "proc/core.hpp"
#include "pulpo/net/nodes.hpp"

namespace pulpo::dist {

class NodeWatchers {
 public:
  struct Event {
    Atom node;
    bool hidden = false;
    std::uint64_t connection = 0;  ///< connection_id: another for each connection.
    Term reason = {};              ///< Of a nodedown.
  };

  explicit NodeWatchers(Runtime& runtime) noexcept : runtime_(runtime) {}

  /// True when `pid` was not in here before.
  bool watch(const Pid& pid, Atom node);
  void unwatch(const Pid& pid, Atom node);
  bool subscribe(const Pid& pid, const NodeEvents& events);
  void unsubscribe(const Pid& pid, const NodeEvents& events);
  void forget(const Pid& pid);

  /// Whether events of such a node interest anybody.
  [[nodiscard]] bool wants(bool hidden) const noexcept;
  [[nodiscard]] bool watches(Atom node) const { return of_node_.contains(node.index()); }
  void up(const Event& event);
  void down(const Event& event);
  /// It could not be reached: those who watch it are told, and nobody else.
  void unreachable(Atom node);
  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

 private:
  struct Subscriber {
    Pid pid;
    NodeEvents events;
  };
  struct PidHash {
    std::size_t operator()(const Pid& pid) const noexcept { return std::size_t{pid.id} * 0x9e3779b1u ^ pid.serial; }
  };
  void tell(const Pid& pid, Term message);
  void tell_subscribers(const char* what, const Event& event, bool is_down);

  Runtime& runtime_;
  std::unordered_map<std::uint32_t, std::vector<Pid>> of_node_;  ///< By the atom's number; a pid as often as it asked.
  std::vector<Subscriber> subscribers_;
  std::unordered_set<Pid, PidHash> known_;
};

}  // namespace pulpo::dist
