// SPDX-License-Identifier: Apache-2.0
//
// Story: a few nodes that call, cast, link and monitor each other while boards crash and cables are pulled, all drawn from one seed; and
// what must hold whatever happens.
//
//   1. Every call ends, with a reply or an error, within its timeout (and what its node was stalled for).
//   2. A call that was answered was executed exactly once, one that failed at most once, one to a process of an earlier life never.
//   3. What one process casts to another arrives in order and once.
//   4. A monitor fires exactly once, and so does a link.
//   5. When all is well again, every node calls every other one.
//   6. What was meant for a process of an earlier life reaches nobody.
//   7. When the processes of the story have ended, none is left.
//
// The story sees everything, since it is one thread: servers write down what they do in plain memory.
#pragma once

#include <array>
#include <deque>
#include <pulpo/testing.hpp>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "tally.hpp"

namespace pulpo::story {

struct Tally : testing::TallyOf<Tally> {
  std::size_t calls_ok = 0, calls_failed = 0, calls_abandoned = 0, calls_to_the_dead = 0, casts = 0, casts_arrived = 0, monitors_fired = 0,
              links_fired = 0, ghosts = 0, connects = 0, crashes = 0, power_losses = 0, restarts = 0, partitions = 0, cuts = 0, drops = 0,
              stalls = 0, heals = 0;

  static auto counters() {
    return std::array{Counter{"calls ok", &Tally::calls_ok},
                      Counter{"calls failed", &Tally::calls_failed},
                      Counter{"calls abandoned", &Tally::calls_abandoned},
                      Counter{"calls to the dead", &Tally::calls_to_the_dead},
                      Counter{"casts", &Tally::casts},
                      Counter{"casts arrived", &Tally::casts_arrived},
                      Counter{"monitors fired", &Tally::monitors_fired},
                      Counter{"links fired", &Tally::links_fired},
                      Counter{"messages to the dead", &Tally::ghosts},
                      Counter{"connects", &Tally::connects},
                      Counter{"crashes", &Tally::crashes},
                      Counter{"power losses", &Tally::power_losses},
                      Counter{"restarts", &Tally::restarts},
                      Counter{"partitions", &Tally::partitions},
                      Counter{"cuts one way", &Tally::cuts},
                      Counter{"connections dropped", &Tally::drops},
                      Counter{"stalls", &Tally::stalls},
                      Counter{"heals", &Tally::heals}};
  }
};
using Outcome = testing::OutcomeOf<Tally>;

/// Lives through the story of that seed.
[[nodiscard]] Outcome live(std::uint64_t seed, bool keep_trace = false);

}  // namespace pulpo::story
