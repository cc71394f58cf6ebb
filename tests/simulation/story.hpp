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

namespace pulpo::story {

/// What happened, so that a run that tested nothing is noticed.
struct Tally {
  std::size_t calls_ok = 0, calls_failed = 0, calls_abandoned = 0, calls_to_the_dead = 0, casts = 0, casts_arrived = 0, monitors_fired = 0,
              links_fired = 0, ghosts = 0, connects = 0, crashes = 0, power_losses = 0, restarts = 0, partitions = 0, cuts = 0, drops = 0,
              stalls = 0, heals = 0;
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

}  // namespace pulpo::story
