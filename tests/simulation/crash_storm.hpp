// SPDX-License-Identifier: Apache-2.0
//
// A crash storm: a tree of supervised servers whose processes are killed at random while others call them.
//
//   Storm                       one_for_one, as many restarts as it takes
//     Group.0 … Group.n         one_for_one, hundreds of servers each; some of few restarts, which give up under the storm
//     Tight.0 … Tight.7         one_for_all and rest_for_one, eight servers each
//     Pool                      a DynamicSupervisor with the other half; who is missing is started anew
//
// What holds, for every seed:
//   - Callers see a right answer, or one of OTP's errors: no process, its exit reason, a timeout.
//   - Once it is calm, every server answers again, and a supervisor that gave up has been started again.
//   - Once the tree is stopped, processes, stacks and messages are what they were.
#pragma once

#include <cstdint>
#include <string>

#include "pulpo/runtime.hpp"

namespace pulpo::storm {

struct Options {
  std::uint64_t seed = 1;
  std::size_t servers = 200;
  Duration length = 5s;
  unsigned callers = 16;
  Duration call_pause = 10ms;     ///< Of a caller, on average; 0: it only yields.
  unsigned kills_a_second = 500;  ///< On average; every so often a tenth of all at once.
};

struct Tally {
  std::uint64_t answers = 0, no_process = 0, exits = 0, timeouts = 0;  ///< What calls came to.
  std::uint64_t kills = 0, supervisor_kills = 0;
  std::uint64_t stacks_made = 0;
  std::string broken;  ///< What did not hold; empty when all did.
  Tally& operator+=(const Tally& other);
  [[nodiscard]] std::string text() const;
};

/// Lives through one, in a process of `runtime`.
[[nodiscard]] Tally live(const Options& options);

}  // namespace pulpo::storm
