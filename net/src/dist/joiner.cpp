// SPDX-License-Identifier: Apache-2.0
#include "dist/joiner.hpp"

#include <algorithm>

#include "dist/join_target.hpp"

namespace pulpo::dist {
namespace {

/// For so long the node with the greater number has the first word.
constexpr Duration kYieldTime = 600ms;

}  // namespace

Joiner::Joiner(io::Loop& loop, Random& random, const host::Resolver& resolver, Links& links, Settings settings)
    : loop_(loop), random_(random), beacon_id_(random.u64() | 1), resolver_(resolver), links_(links), settings_(std::move(settings)) {
  loop_.refresh();
  for (const JoinSpec& spec : settings_.specs) {
    if (spec.kind != JoinSpec::Kind::lan) {
      // The own name in a list that all boards share is no mistake.
      if (spec.name != settings_.own.text()) targets_.push_back(std::make_unique<Target>(*this, spec));
      continue;
    }
    const std::size_t index = discoveries_.size();
    discoveries_.push_back(std::make_unique<discovery::Discovery>(
        loop_, random_,
        discovery::Settings{
            .node_port = settings_.listens_at.port(), .label = spec.label, .listens_at = settings_.listens_at, .id = beacon_id_},
        [this, index](const discovery::Heard& one) { heard(*discoveries_[index], one); }));
  }
}

Joiner::~Joiner() = default;

std::size_t Joiner::beacon_targets() const noexcept {
  return static_cast<std::size_t>(std::count_if(targets_.begin(), targets_.end(), [](const auto& one) { return one->is_of_beacon(); }));
}

bool Joiner::is_own(const io::Address& address) const {
  if (address.port() != settings_.listens_at.port()) return false;
  if (address.is_loopback()) return true;
  const auto interfaces = loop_.interfaces();
  return interfaces && std::any_of(interfaces->begin(), interfaces->end(), [&](const auto& one) { return one.address.same_host(address); });
}

bool Joiner::may_dial_for_beacon() { return beacon_dials_under_way_ < kBeaconDialsMax && beacon_dials_.take(loop_.now()); }

// --- Beacons -----------------------------------------------------------------------------------------------------------

void Joiner::heard(const discovery::Discovery& by, const discovery::Heard& heard) {
  for (const auto& target : targets_) {
    if (target->is_of_beacon() && (target->beacon_id() == heard.id || target->has_address(heard.address))) return target->heard(heard);
  }
  if (!make_room()) return;
  targets_.push_back(std::make_unique<Target>(*this, heard, by.id() > heard.id ? Duration(0s) : kYieldTime));
}

/// Forgets the node that was heard longest ago of those that were never met; false when there is no room nevertheless.
bool Joiner::make_room() {
  if (beacon_targets() < kBeaconTargetsMax) return true;
  Target* oldest = nullptr;
  for (const auto& target : targets_) {
    if (!target->is_of_beacon() || target->was_met() || target->is_trying()) continue;
    if (oldest == nullptr || target->heard_at() < oldest->heard_at()) oldest = target.get();
  }
  if (oldest == nullptr) return false;
  forget(*oldest);
  return true;
}

void Joiner::forget(Target& target) {
  std::erase_if(targets_, [&](const auto& one) { return one.get() == &target; });
}

// --- What the Distribution tells ---------------------------------------------------------------------------------------

void Joiner::up(const std::string& name, std::uint64_t ticket) {
  const Target* met = nullptr;
  for (const auto& target : targets_) {
    if (target->up(name, ticket)) met = target.get();
  }
  if (met == nullptr || !met->is_of_beacon()) return;
  // A board that was started anew has another number: of several that turned out to be the same node this one is enough.
  std::erase_if(targets_,
                [&](const auto& one) { return one.get() != met && one->is_of_beacon() && one->has_member(name) && !one->is_trying(); });
}

void Joiner::ended(std::uint64_t ticket, const std::string& name, const links::Ending& ending) {
  for (const auto& target : targets_) {
    if (target->ended(ticket, name, ending)) return;
  }
}

void Joiner::down(const std::string& name) {
  for (const auto& target : targets_) target->down(name);
}

}  // namespace pulpo::dist
