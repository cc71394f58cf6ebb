// SPDX-License-Identifier: Apache-2.0
//
// The story of distributed applications: 3 to 7 nodes and one or two applications with global names, while boards crash, stall and come
// back, cables are pulled, and operators move things; all drawn from one seed.
//
// Now and then all is made well again, but for nodes that stay down. Sixty seconds after all that are up have met:
//
//   1. Each application runs once; nowhere when no node is up that may run it, or of a `consistent` one no majority.
//   2. It runs on a node of the highest priority that is up, or where an operator has put it.
//   3. Every node finds that very instance by its global name.
//
// And at every moment:
//
//   4. Of a `consistent` application no two nodes would take a request up.
#pragma once

#include <array>
#include <cstdint>

#include "tally.hpp"

namespace pulpo::failover {

struct Tally : testing::TallyOf<Tally> {
  std::size_t failovers = 0, takeovers = 0, by_hand = 0, hand_overs = 0, doubles = 0, crashes = 0, power_losses = 0, restarts = 0,
              stops = 0, stalls = 0, partitions = 0, cuts = 0, drops = 0, heals = 0, quiet_points = 0, consistent = 0, minorities = 0,
              lapses = 0, brown_outs = 0;

  static auto counters() {
    return std::array{Counter{"failovers", &Tally::failovers},
                      Counter{"takeovers", &Tally::takeovers},
                      Counter{"takeovers by hand", &Tally::by_hand},
                      Counter{"planned stops", &Tally::hand_overs},
                      Counter{"times that one ran twice", &Tally::doubles},
                      Counter{"crashes", &Tally::crashes},
                      Counter{"power losses", &Tally::power_losses},
                      Counter{"restarts", &Tally::restarts},
                      Counter{"stops", &Tally::stops},
                      Counter{"stalls", &Tally::stalls},
                      Counter{"partitions", &Tally::partitions},
                      Counter{"cuts one way", &Tally::cuts},
                      Counter{"connections dropped", &Tally::drops},
                      Counter{"heals", &Tally::heals},
                      Counter{"quiet points", &Tally::quiet_points},
                      Counter{"consistent instances", &Tally::consistent},
                      Counter{"quiet points without a majority", &Tally::minorities},
                      Counter{"leases that lapsed", &Tally::lapses},
                      Counter{"brown-outs", &Tally::brown_outs}};
  }
};
using Outcome = testing::OutcomeOf<Tally>;

/// Lives through the story of that seed.
[[nodiscard]] Outcome live(std::uint64_t seed, bool keep_trace = false);

}  // namespace pulpo::failover
