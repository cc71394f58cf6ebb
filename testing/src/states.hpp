// SPDX-License-Identifier: Apache-2.0
//
// What lies behind World and Node, for the two of them.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "hosts.hpp"
#include "log_lines.hpp"
#include "pulpo/testing/world.hpp"

namespace pulpo::testing {

struct World::State final : LogReader {
  explicit State(const WorldOptions& options_);

  void logged(log::Level level, std::string_view text) override;
  /// Adds "TIME WHO TEXT" to the trace.
  void add(std::string_view who, std::string_view text);
  [[nodiscard]] Failure failure(std::string text) const;
  void look_at_invariants();
  /// Runs `end` to its end whatever invariant breaks meanwhile; the first that does is thrown afterwards.
  void look_away(const std::function<void()>& end);

  const WorldOptions options;
  std::string trace;  ///< Before all that writes into it, to the end.
  LogLines log_lines;
  io::SimNetwork network;
  Stepper stepper;
  Hosts hosts;
  std::map<std::pair<io::HostNumber, std::string>, io::SimDevice*> devices;
  std::vector<std::unique_ptr<Node>> nodes;
  const Node* acting = nullptr;  ///< What is logged outside of steps is this one's: it is being started, say.
  struct Invariant {
    std::string name;
    std::function<bool()> holds;
  };
  std::vector<Invariant> invariants;
  bool looks_away = false;                ///< Destructors are at work, through which nothing may be thrown.
  std::optional<BrokenInvariant> broken;  ///< Meanwhile.
};

struct Node::State {
  State(World::State& world_, NodeSpec spec_, std::string host_name);
  void start(Node& self);
  /// Inside a process of it: waits for the nodes that it is to wait for, and starts its applications.
  void begin();
  /// Takes apart what was killed, unseen.
  void tear_down();

  World::State& world;
  const NodeSpec spec;
  const std::string name;
  Host& host;
  const std::uint64_t number;
  unsigned lives = 0;
  bool begun = false;
  bool muted = false;  ///< It is dead, and being taken apart: what it says was never said.
  std::unique_ptr<SeededRandom> random;
  std::unique_ptr<Stepper::Seat> seat;
  std::unique_ptr<pulpo::Node> node;
  std::vector<LogLine> log;
  std::string printed;
};

}  // namespace pulpo::testing
