// SPDX-License-Identifier: Apache-2.0
//
// The story of distributed applications: 3 to 7 nodes and one or two applications with global names, while boards crash, stall and come
// back, cables are pulled, and operators move things; all drawn from one seed.
//
// Now and then all is made well again, but for nodes that stay down. Sixty seconds after all that are up have met:
//
//   1. Each application runs once; nowhere when no node is up that may run it.
//   2. It runs on a node of the highest priority that is up, or where an operator has put it.
//   3. Every node finds that very instance by its global name.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pulpo/time.hpp"

namespace pulpo::failover {

/// What happened, so that a run that tested nothing is noticed.
struct Tally {
  std::size_t failovers = 0, takeovers = 0, by_hand = 0, hand_overs = 0, doubles = 0, crashes = 0, power_losses = 0, restarts = 0,
              stops = 0, stalls = 0, partitions = 0, cuts = 0, drops = 0, heals = 0, quiet_points = 0;
  Tally& operator+=(const Tally& other) noexcept;
  [[nodiscard]] std::string text() const;
  /// The name of something that never happened; empty when all did.
  [[nodiscard]] std::string missing() const;

 private:
  [[nodiscard]] std::vector<std::pair<const char*, std::size_t>> all() const;
};

struct Outcome {
  std::uint64_t seed = 0;
  std::string broken;  ///< Which of the rules, and how; empty when all held.
  Tally tally;
  std::string trace;  ///< When it was asked for.
  Duration virtual_time{};
};

/// Lives through the story of that seed.
[[nodiscard]] Outcome live(std::uint64_t seed, bool keep_trace = false);

}  // namespace pulpo::failover
