// SPDX-License-Identifier: Apache-2.0
#include "cluster/global_table.hpp"

#include <algorithm>
#include <mutex>

namespace pulpo {

bool GlobalTable::is_better(const Claim& left, const Claim& right) noexcept {
  if ((left.forced || right.forced) && left.version != right.version) return left.version > right.version;
  if (left.forced && right.forced && left.node != right.node) return left.node.text() > right.node.text();  // as replace() has it
  if (left.settled != right.settled) return left.settled;
  if (left.since != right.since) return left.since < right.since;
  return left.node.text() < right.node.text();
}

std::optional<Pid> GlobalTable::find(const Term& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return std::min_element(found->second.begin(), found->second.end(), is_better)->pid;
}

std::vector<GlobalTable::Claim> GlobalTable::claims(const Term& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? std::vector<Claim>{} : found->second;
}

std::vector<std::pair<Term, GlobalTable::Claim>> GlobalTable::of_node(Atom node) const {
  std::vector<std::pair<Term, Claim>> all;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, claims] : names_) {
    for (const Claim& claim : claims) {
      if (claim.node == node) all.emplace_back(name, claim);
    }
  }
  return all;
}

std::vector<Term> GlobalTable::names() const {
  std::vector<Term> all;
  const std::shared_lock lock(mutex_);
  for (const auto& [name, claims] : names_) all.push_back(name);
  return all;
}

void GlobalTable::put(const Term& name, const Claim& claim) {
  name.share();
  const std::unique_lock lock(mutex_);
  std::vector<Claim>& claims = names_[name];
  const auto same = std::find_if(claims.begin(), claims.end(), [&](const Claim& each) { return each.pid == claim.pid; });
  if (same != claims.end()) {
    *same = claim;
  } else {
    claims.push_back(claim);
  }
}

bool GlobalTable::replace(const Term& name, const Claim& claim) {
  name.share();
  const std::unique_lock lock(mutex_);
  std::vector<Claim>& claims = names_[name];
  // Two who replace a name at once agree on the same one everywhere.
  const bool is_late = std::any_of(claims.begin(), claims.end(), [&](const Claim& each) {
    return each.version > claim.version || (each.version == claim.version && each.node.text() > claim.node.text());
  });
  if (is_late) return false;
  // Those of other nodes stay until these withdraw them: one that is not connected with the claim's node keeps its own.
  std::erase_if(claims, [&](const Claim& each) { return each.node == claim.node; });
  claims.push_back(claim);
  return true;
}

bool GlobalTable::drop(const Term& name, const Pid& pid) {
  decltype(names_)::node_type gone;  // let go of after the lock
  const std::unique_lock lock(mutex_);
  const auto found = names_.find(name);
  if (found == names_.end()) return false;
  const bool was_there = std::erase_if(found->second, [&](const Claim& each) { return each.pid == pid; }) != 0;
  if (found->second.empty()) gone = names_.extract(found);
  return was_there;
}

template <class Wanted>
void GlobalTable::drop_if(const Wanted& wanted) {
  std::vector<decltype(names_)::node_type> gone;  // let go of after the lock
  const std::unique_lock lock(mutex_);
  for (auto each = names_.begin(); each != names_.end();) {
    const auto next = std::next(each);
    std::erase_if(each->second, wanted);
    if (each->second.empty()) gone.push_back(names_.extract(each));
    each = next;
  }
}

void GlobalTable::drop_node(Atom node) {
  drop_if([node](const Claim& claim) { return claim.node == node; });
}
void GlobalTable::expect(Atom node) {
  const std::unique_lock lock(mutex_);
  expected_.insert(node.index());
  expected_count_.store(expected_.size(), std::memory_order_release);
}

void GlobalTable::merged(Atom node) {
  const std::unique_lock lock(mutex_);
  expected_.erase(node.index());
  expected_count_.store(expected_.size(), std::memory_order_release);
}

}  // namespace pulpo
