// SPDX-License-Identifier: Apache-2.0
#include "cluster/election.hpp"

#include <tuple>

namespace pulpo::cluster {
namespace {

/// Smaller is better: who has not just failed, by priority, by weight, by name.
auto order(const Candidate& candidate, std::uint64_t epoch) {
  const std::uint64_t failed = candidate.status->failed;
  // Of those that failed the one whose failure is the oldest: so all get their turn.
  const std::uint64_t failure = failed != 0 && failed >= epoch ? failed : 0;
  return std::make_tuple(failure, candidate.rank, candidate.weight, candidate.node.text());
}

}  // namespace

Choice elect(const std::vector<Candidate>& candidates, std::uint64_t epoch) {
  const Candidate* best = nullptr;
  for (const Candidate& each : candidates) {
    if (each.can_run() && (best == nullptr || order(each, epoch) < order(*best, epoch))) best = &each;
  }
  Choice choice;
  if (best != nullptr) choice.node = best->node;
  for (const Candidate& each : candidates) {
    if (each.may_come() && (best == nullptr || each.rank <= best->rank)) choice.is_open = true;
  }
  return choice;
}

}  // namespace pulpo::cluster
