// SPDX-License-Identifier: Apache-2.0
#include "cluster/lease_book.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace pulpo::cluster {

LeaseBook::Answer LeaseBook::ask(Atom application, Atom node, std::uint64_t epoch, const Ceded& ceded, Duration present) {
#if PULPO_FAULT != \
    7  // Planted: a node that has just started promises what it promised somebody else before. tests/simulation must find it.
  if (present < opens_) return {.wait = opens_ - present};
#endif
  Promise& promise = promises_[application];
  const bool goes_on = promise.node == node && promise.epoch == epoch;
  const bool is_handed_on = promise.node == ceded.node && promise.epoch == ceded.epoch;
  if (!goes_on && epoch <= promise.epoch) return {.epoch = promise.epoch};
  if (!goes_on && !is_handed_on && present < promise.until) return {.wait = promise.until - present, .epoch = promise.epoch};
  promise = {.node = node, .epoch = epoch, .until = present + kLease};
  return {.granted = true, .epoch = epoch};
}

bool LeaseBook::has_promised(Atom application, Atom node, std::uint64_t epoch) const {
  const auto found = promises_.find(application);
  return found != promises_.end() && found->second.node == node && found->second.epoch == epoch;
}

void LeaseBook::give_back(Atom application, Atom node, std::uint64_t epoch) {
  const auto found = promises_.find(application);
  if (found != promises_.end() && found->second.node == node && found->second.epoch == epoch) found->second.until = {};
}

void Tenure::granted(Atom node, Duration sent) {
  Duration& until = until_[node];
  until = std::max(until, sent + kServes);
}

Duration Tenure::until(std::size_t majority) const {
  if (majority == 0 || until_.size() < majority) return {};
  std::vector<Duration> all;
  for (const auto& [node, until] : until_) all.push_back(until);
  std::sort(all.begin(), all.end(), std::greater<>());
  return all[majority - 1];
}

}  // namespace pulpo::cluster
