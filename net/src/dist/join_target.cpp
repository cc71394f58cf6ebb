// SPDX-License-Identifier: Apache-2.0
#include "dist/join_target.hpp"

#include <algorithm>

#include "pulpo/log.hpp"

namespace pulpo::dist {
namespace {

/// A node that was never met and is not heard any more is forgotten after six of its beacons' periods.
constexpr Duration kBeaconLife = 1min;
/// When beacons may not be dialled for at this moment.
constexpr Duration kBeaconPause = 1s;
/// A beacon that is heard again brings the next try forward, but not closer than this to the last one.
constexpr Duration kTryApart = 2s;
/// Another life at the same address is believed so often: whoever forges beacons shall not have us dial, and a node of another cookie log
/// it, at their pace.
constexpr Duration kLivesApart = 30s;
/// The peer dials us at this moment, and one connection is enough.
constexpr Duration kMeetingTime = 1s;

/// "name NAME at port PORT": NAME.
std::string_view name_of_line(std::string_view line) {
  constexpr std::string_view kName = "name ";
  const std::size_t end = line.rfind(" at port ");
  if (!line.starts_with(kName) || end == std::string_view::npos || end < kName.size()) return {};
  return line.substr(kName.size(), end - kName.size());
}

}  // namespace

Joiner::Target::Target(Joiner& joiner, JoinSpec spec) : joiner_(joiner), spec_(std::move(spec)) { try_in(0s); }

Joiner::Target::Target(Joiner& joiner, const discovery::Heard& heard, Duration pause)
    : joiner_(joiner), of_beacon_(true), beacon_id_(heard.id), heard_at_(joiner.loop_.now()) {
  members_.push_back({.addresses = {heard.address}, .target = {}, .name = {}});
  try_in(pause);
}

Joiner::Target::~Target() { give_up_dials(); }

void Joiner::Target::give_up_dials() {
  if (of_beacon_) joiner_.beacon_dials_under_way_ -= pending_;
  pending_ = 0;
  for (Member& member : members_) member.ticket = 0;
}

std::string Joiner::Target::text() const {
  return of_beacon_ ? fmt::format("the node heard at {}", members_.front().addresses.front().text()) : spec_.text();
}

bool Joiner::Target::has_address(const io::Address& address) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return std::any_of(member.addresses.begin(), member.addresses.end(),
                       [&](const io::Address& one) { return one.same_host(address) && one.port() == address.port(); });
  });
}

bool Joiner::Target::has_member(const std::string& name) const {
  if (spec_.kind == JoinSpec::Kind::node) return name == spec_.name;
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) { return member.name == name; });
}

bool Joiner::Target::is_settled() const {
  if (spec_.kind == JoinSpec::Kind::node) return joiner_.links_.is_connected(spec_.name);
  return !members_.empty() && std::all_of(members_.begin(), members_.end(), [&](const Member& member) {
    return !member.name.empty() && joiner_.links_.is_connected(member.name);
  });
}

void Joiner::Target::try_in(Duration pause) {
  const auto now = joiner_.loop_.now();
  due_ = now;
  if (pause != 0s) {
    const auto jitter = static_cast<std::int64_t>(joiner_.random_.u32() % 1024) - 512;
    due_ += pause + pause / 2048 * jitter;
  }
  joiner_.loop_.timers().arm(timer_, due_);
}

// --- What happens --------------------------------------------------------------------------------------------------------

void Joiner::Target::heard(const discovery::Heard& heard) {
  const TimePoint now = joiner_.loop_.now();
  heard_at_ = now;
  Member& member = members_.front();
  if (heard.id != beacon_id_) {
    // It has started anew where it was: who it is, and which cookie it has, is to be seen.
    beacon_id_ = heard.id;
    if (!new_life_at_ || now - *new_life_at_ >= kLivesApart) {
      new_life_at_ = now;
      cookie_differs_ = false;
      pause_ = kFirstPause;
      // Sooner, never later: else beacons could put a try off for ever.
      const bool comes_soon = timer_.is_armed() && due_ <= now + kFirstPause;
      if (!is_trying() && !is_settled() && !comes_soon) try_in(kFirstPause);
    }
  }
  if (!has_address(heard.address)) {
    if (member.addresses.size() >= kBeaconAddressesMax) member.addresses.pop_back();
    member.addresses.push_back(heard.address);
  }
  if (is_trying() || is_settled() || cookie_differs_ || now - tried_at_ < kTryApart || !timer_.is_armed()) return;
  if (pause_ > kTryApart) try_in(0s);
}

bool Joiner::Target::up(const std::string& name, std::uint64_t ticket) {
  for (Member& member : members_) {
    if (ticket == 0 || member.ticket != ticket) continue;
    member.name = name;
    was_met_ = true;
    log::info("** Joined node {} at {} **", name, member.addresses.front().text());
    dial_over(member);
    return true;
  }
  if (has_member(name) && !is_trying() && is_settled()) finish_try();
  return false;
}

bool Joiner::Target::ended(std::uint64_t ticket, const std::string& name, const links::Ending& ending) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& one) { return one.ticket == ticket; });
  if (found == members_.end()) return false;
  Member& member = *found;
  using links::Cause;
  const bool is_meeting =
      ending.cause == Cause::already_connected || ending.cause == Cause::simultaneous || ending.cause == Cause::closed_here;
  if ((is_meeting || name == joiner_.settings_.own.text()) && !name.empty()) {
    member.name = name;
    pause_ = std::max(pause_, kMeetingTime);
  } else {
    if (ending.cause == Cause::cookie_refused) cookie_differs_ = true;
    const bool leads_nowhere = ending.cause == Cause::unreachable || ending.cause == Cause::timeout;
    failed(fmt::format("{}: {}", links::to_string(ending.cause), ending.fault.text()));
    std::rotate(member.addresses.begin(), member.addresses.begin() + 1, member.addresses.end());
    // A list's addresses are tried one behind the other; those of beacons one a try, since strangers can name any.
    if (leads_nowhere && !of_beacon_ && member.addresses.size() > 1) {
      member.addresses.pop_back();
      --pending_;
      dial(member);
      return true;
    }
  }
  dial_over(member);
  return true;
}

void Joiner::Target::down(const std::string& name) {
  if (!has_member(name) || is_trying()) return;
  pause_ = kFirstPause;
  try_in(pause_);
}

// --- A try -----------------------------------------------------------------------------------------------------------------

void Joiner::Target::try_now() {
  if (is_trying() || is_settled()) return;
  tried_at_ = joiner_.loop_.now();
  cookie_differs_ = false;
  if (of_beacon_) {
    if (!was_met_ && tried_at_ - heard_at_ > kBeaconLife) return joiner_.forget(*this);
    if (!joiner_.may_dial_for_beacon()) return try_in(kBeaconPause);
    return dial_members();
  }
  const auto port = spec_.kind == JoinSpec::Kind::port ? spec_.port : joiner_.settings_.mapper_port;
  host_lookup_ = std::make_unique<host::Lookup>(joiner_.loop_, joiner_.random_, joiner_.resolver_, spec_.host, port,
                                                [this](auto found) { host_found(std::move(found)); });
}

void Joiner::Target::host_found(Outcome<std::vector<io::Address>> found) {
  const std::unique_ptr<host::Lookup> over = std::move(host_lookup_);  // this is its call
  if (!found) {
    failed(fmt::format("host unknown: {}", found.error().detail));
    return finish_try();
  }
  addresses_ = *std::move(found);
  if (spec_.kind != JoinSpec::Kind::port) return ask_mapper();
  members_.resize(1);
  members_[0].addresses = std::move(addresses_);
  dial_members();
}

void Joiner::Target::ask_mapper() {
  if (spec_.kind == JoinSpec::Kind::node) {
    heads_ = {spec_.name.substr(0, spec_.name.find('@'))};
    known_ = std::exchange(members_, {});
    return ask_next_port();
  }
  names_ = std::make_unique<mapper::Names>(joiner_.loop_, addresses_.front(), mapper::kAnswerTimeout,
                                           [this](auto reply) { names_told(std::move(reply)); });
}

void Joiner::Target::mapper_failed(const Fault& fault) {
  failed(fmt::format("no mapper: {}", fault.text()));
  addresses_.erase(addresses_.begin());
  if (addresses_.empty()) return finish_try();
  ask_mapper();  // a host may have addresses that lead nowhere
}

void Joiner::Target::names_told(Outcome<mapper::TextReply> reply) {
  const std::unique_ptr<mapper::Names> over = std::move(names_);
  if (!reply) return mapper_failed(reply.error());
  heads_.clear();
  std::string_view rest = reply->lines;
  while (!rest.empty() && heads_.size() < kMembersMax) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (const auto name = name_of_line(line); !name.empty()) heads_.emplace_back(name);
  }
  known_ = std::exchange(members_, {});
  ask_next_port();
}

void Joiner::Target::ask_next_port() {
  if (heads_.empty()) {
    if (members_.empty()) failed("its mapper knows no node of pulpo there");
    return dial_members();
  }
  port_lookup_ = std::make_unique<mapper::Lookup>(joiner_.loop_, addresses_.front(), heads_.back(), mapper::kAnswerTimeout,
                                                  [this](auto record) { port_told(std::move(record)); });
}

void Joiner::Target::port_told(Outcome<mapper::NodeRecord> record) {
  const std::unique_ptr<mapper::Lookup> over = std::move(port_lookup_);
  heads_.pop_back();
  if (!record && record.error().code != Errc::not_found) return mapper_failed(record.error());
  if (record && record->extra == mapper::kPulpoExtra) {
    io::Address address = addresses_.front();
    address.set_port(record->port);
    if (!joiner_.is_own(address)) {
      const auto known = std::find_if(known_.begin(), known_.end(), [&](const Member& one) {
        return one.addresses.front().same_host(address) && one.addresses.front().port() == address.port();
      });
      members_.push_back({.addresses = {address}, .target = spec_.name, .name = known == known_.end() ? spec_.name : known->name});
    }
  }
  ask_next_port();
}

void Joiner::Target::dial_members() {
  const std::size_t all = members_.size();
  for (std::size_t i = 0; i < all; ++i) {
    if (members_[i].name.empty() || !joiner_.links_.is_connected(members_[i].name)) dial(members_[i]);
  }
  if (pending_ == 0) finish_try();
}

void Joiner::Target::dial(Member& member) {
  member.ticket = ++joiner_.last_ticket_;
  ++pending_;
  if (of_beacon_) ++joiner_.beacon_dials_under_way_;
  joiner_.links_.dial(member.addresses.front(), member.target, member.ticket);
}

void Joiner::Target::dial_over(Member& member) {
  member.ticket = 0;
  --pending_;
  if (of_beacon_) --joiner_.beacon_dials_under_way_;
  if (pending_ == 0) finish_try();
}

void Joiner::Target::failed(const std::string& why) {
  // What strangers' beacons lead to is no news, but for a cookie, which somebody may have mistyped.
  const bool is_news = told_ != why && (!of_beacon_ || (cookie_differs_ && joiner_.cookie_lines_.take(joiner_.loop_.now())));
  // That a node is not there yet is no fault: it may be the last of its cluster to be switched on.
  const log::Level level = cookie_differs_ ? log::Level::warning : log::Level::info;
  log::line(is_news ? level : log::Level::debug, "** {} is not joined yet: {} **", text(), why);
  told_ = why;
}

void Joiner::Target::finish_try() {
  if (is_settled()) {
    pause_ = kFirstPause;
    told_.clear();
    joiner_.loop_.timers().cancel(timer_);
    return;
  }
  if (cookie_differs_) return try_in(kCookiePause);
  try_in(pause_);
  pause_ = std::min(2 * pause_, kPauseMax);
}

}  // namespace pulpo::dist
