// SPDX-License-Identifier: Apache-2.0
//
// World: simulated hosts, the network between them, a mapper on each, and nodes; one virtual clock for all.
//
// Nothing in it looks at the real clock, the machine's network or its sources of chance: a world of the same seed in which the same is
// done goes through the same, byte for byte (trace()).
//
//   Ownership  Owns its nodes; destroying it kills those that still run. Log lines of its nodes come to it and not to stderr.
//   Threads    The one that made it. Several worlds may run side by side, one on each thread.
//   Suspends   run_for(), run_until(): let virtual time pass. Outside of processes only.
//   Errors     Failure, thrown.
//   Cost       A node's start: some 0.5 ms. A connection: its handshake, about as much. Virtual time in which nothing happens: nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "pulpo/testing/node.hpp"
#include "pulpo/time.hpp"

namespace pulpo::testing {

struct WorldOptions {
  std::uint64_t seed = 1;
  Duration delay_min = 20us;  ///< Of a segment between two hosts, drawn evenly for each.
  Duration delay_max = 2ms;
  bool keep_trace = true;  ///< False: trace() stays empty, and long runs stay small.
};

/// What a check_always() predicate said no to.
class BrokenInvariant : public Failure {
 public:
  using Failure::Failure;
};

class World {
 public:
  explicit World(const WorldOptions& options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// Starts a node, on its host and with a mapper there; returns when it and its applications have started.
  Node& start(NodeSpec spec);
  /// By what its spec called it.
  [[nodiscard]] Node& node(std::string_view name);

  // --- The network: between the hosts of nodes ---------------------------------------------------------
  using Nodes = std::initializer_list<std::reference_wrapper<Node>>;
  /// Nothing passes between these and those, in neither direction, until heal(). Nobody is told.
  void partition(Nodes these, Nodes those);
  /// Nothing passes from one to the other; the way back stays open.
  void cut(Node& from, Node& to);
  void heal(Node& one, Node& other);
  void heal();
  /// Every connection between their hosts is reset at both ends.
  void drop_connections(Node& one, Node& other);

  // --- Time ----------------------------------------------------------------------------------------------
  [[nodiscard]] TimePoint now() const noexcept;
  void run_for(Duration time);
  /// Lets time pass until `condition` holds. False when it does not within `limit`, or when nothing is left that could happen.
  bool run_until(const std::function<bool()>& condition, Duration limit = 60s);
  /// From now on `holds` is looked at after each round of steps; the first time it does not hold, whatever lets time pass throws
  /// BrokenInvariant, with `name` in it.
  void check_always(std::string name, std::function<bool()> holds);

  // --- What happened -------------------------------------------------------------------------------------
  /// A line of yours in the trace; also from processes.
  void note(std::string_view text);
  /// Line by line, with virtual stamps: what the network did, what nodes logged, what was done to them, your notes.
  [[nodiscard]] const std::string& trace() const noexcept;
  [[nodiscard]] std::uint64_t seed() const noexcept;

 private:
  friend class Node;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pulpo::testing
