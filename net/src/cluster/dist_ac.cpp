// SPDX-License-Identifier: Apache-2.0
#include "cluster/dist_ac.hpp"

#include <algorithm>

#include "otp/application_controller.hpp"
#include "otp/application_table.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cluster {
namespace {

Atom alarm_word() { return "$consider"_atom; }

}  // namespace

DistAc::DistAc(const KernelConfig& kernel, const std::vector<Atom>& boot, std::shared_ptr<LeaseBook> book)
    : own_(runtime().node_name()), book_(std::move(book)) {
  std::vector<Atom> names;
  for (const DistributedApplication& each : kernel.distributed) {
    App app;
    app.config = each;
    app.expected = std::find(boot.begin(), boot.end(), each.name) != boot.end();
    app.takes_at_once = true;
    app.lease = ApplicationTable::of(runtime()).lease_of(each.name);
    for (const auto& [name, permitted] : kernel.permissions) {
      if (name == each.name) app.permitted = permitted;
    }
    names.push_back(each.name);
    apps_.emplace(each.name, std::move(app));
  }
  // What runs already, when this is not the first life of this process.
  const Term running = call(Address(ApplicationController::registered_name()), Term::tuple({"control_applications"_atom, to_term(names)}));
  using There = std::vector<std::pair<Atom, Atom>>;
  for (const auto& [name, phase] : from_term<There>(running).value_or(There{})) {
    App& app = apps_.at(name);
    app.wanted = true;
    app.expected = false;
    if (phase == "starting"_atom) app.doing = Doing::starting;
    if (phase == "starting"_atom && app.lease && app.lease->right(boot_time()) == Lease::Right::to_all) go_on_with_lease(app);
    if (phase != "running"_atom) continue;
    app.doing = Doing::running;
    app.epoch = 1;
    app.since = now();
    if (app.lease) go_on_with_lease(app);
  }
  controller_ = monitor(Address(ApplicationController::registered_name()));
  monitor_nodes(true);
  if (own_ != atoms::nonode_nohost) {
    for (const Atom node : nodes()) greet(node);
  }
  consider_all();
}

// --- What is known ----------------------------------------------------------------------------------------------------

DistAc::App* DistAc::find(Atom name) {
  const auto found = apps_.find(name);
  return found == apps_.end() ? nullptr : &found->second;
}

TimePoint DistAc::after(Timeout wait) { return wait.after(now()); }

std::optional<std::size_t> DistAc::rank_of(const App& app, Atom node) const {
  for (std::size_t rank = 0; rank < app.config.nodes.size(); ++rank) {
    const auto& group = app.config.nodes[rank];
    if (std::find(group.begin(), group.end(), node) != group.end()) return rank;
  }
  return std::nullopt;
}

const ApplicationStatus* DistAc::status_of(const App& app, Atom node) const {
  const auto peer = peers_.find(node);
  if (peer == peers_.end()) return nullptr;
  const auto found = peer->second.applications.find(app.config.name);
  return found == peer->second.applications.end() ? nullptr : &found->second;
}

ApplicationStatus DistAc::status_of(const App& app) const {
  const auto milliseconds = [](Duration time) { return std::chrono::ceil<std::chrono::milliseconds>(std::max(time, Duration::zero())); };
  const TimePoint present = now();
  return {.name = app.config.name,
          .nodes = app.config.nodes,
          .consistent = app.config.consistent,
          .wanted = app.wanted,
          .expected = app.expected,
          .permitted = app.permitted && !leaving_,
          .doing = app.doing,
          .epoch = app.epoch,
          .age = app.doing == Doing::running ? milliseconds(present - app.since) : Duration::zero(),
          .pinned = app.pinned,
          .failed = app.failed,
          .stopped = app.stopped,
          .lost = app.lost.value_or("nil"_atom),
          .wait = app.lost && app.not_before != kNever ? milliseconds(app.not_before - present) : Duration::zero()};
}

Status DistAc::own_status(bool answer) const {
  Status status{.node = own_, .answer = answer, .weight = weight_, .leaving = leaving_};
  for (const auto& [name, app] : apps_) status.applications.push_back(status_of(app));
  return status;
}

void DistAc::tell_status() {
  const Status status = own_status(false);
  for (const auto& [node, peer] : peers_) tell(node, status);
}

std::vector<Candidate> DistAc::candidates(const App& app) const {
  std::vector<Candidate> all;
  for (std::size_t rank = 0; rank < app.config.nodes.size(); ++rank) {
    for (const Atom node : app.config.nodes[rank]) {
      if (node == own_) continue;
      const auto peer = peers_.find(node);
      if (peer == peers_.end() || peer->second.leaving || app.suspects.contains(node)) continue;
      all.push_back(
          {.node = node, .rank = rank, .weight = peer->second.weight, .is_known = peer->second.is_known, .status = status_of(app, node)});
    }
  }
  return all;
}

Choice DistAc::choose(const App& app, std::uint64_t epoch, std::optional<Atom> except) const {
  auto all = candidates(app);
  const ApplicationStatus ours = status_of(app);
  if (const auto rank = rank_of(app, own_); rank && !leaving_)
    all.push_back({.node = own_, .rank = *rank, .weight = weight_, .status = &ours});
  std::erase_if(all, [&](const Candidate& each) { return each.node == except; });
  return elect(all, epoch);
}

std::uint64_t DistAc::latest_epoch(const App& app) const {
  std::uint64_t latest = std::max({app.epoch, app.failed, app.stopped});
  for (const auto& [node, peer] : peers_) {
    if (const ApplicationStatus* const its = status_of(app, node)) latest = std::max({latest, its->epoch, its->failed, its->stopped});
  }
  return latest;
}

std::optional<Atom> DistAc::runner(const App& app, bool also_coming) const {
  std::optional<Atom> found;
  TimePoint since = kNever;
  for (const auto& [node, peer] : peers_) {
    const ApplicationStatus* const its = status_of(app, node);
    if (its == nullptr) continue;
    const bool runs = its->doing == Doing::running;
    const bool comes = its->doing == Doing::claiming || its->doing == Doing::taking || its->doing == Doing::starting;
    if (!runs && !(also_coming && comes)) continue;
    const TimePoint begun = runs ? peer.heard - its->age : kNever - Duration(1);
    if (!found || begun < since) {
      found = node;
      since = begun;
    }
  }
  return found;
}

// --- Nodes that come and go ---------------------------------------------------------------------------------------------

void DistAc::handle_info(const NodeUp& node) { greet(node.node); }
void DistAc::handle_info(const NodeDown& node) { lose(node.node); }

void DistAc::greet(Atom node) {
  const bool is_listed = std::any_of(apps_.begin(), apps_.end(), [&](const auto& each) { return rank_of(each.second, node).has_value(); });
  if (!is_listed || node == own_ || peers_.contains(node)) return;
  peers_.emplace(node, Peer{.monitor = monitor(kDistAc.on(node))});
  const TimePoint patience = now() + kPatience;
  for (auto& [name, app] : apps_) app.patience = std::max(app.patience, patience);
  tell(node, own_status(true));
}

/// The applications of this node have been stopped; it is connected for a moment yet, and does nothing more. What others know of it
/// stays, so that they wait as for a node that is lost (AC-36).
void DistAc::node_ends() {
  for (auto& [name, app] : apps_) {
    app.wanted = false;
    app.expected = false;
    if (app.doing == Doing::claiming || app.doing == Doing::taking || app.doing == Doing::starting) app.doing = Doing::idle;
    app.round = ++rounds_;
    if (app.lease) return_lease(app);
  }
  tell_status();
}

void DistAc::handle_info(const Down& down) {
  if (down.ref == controller_) return node_ends();
  const auto peer = std::find_if(peers_.begin(), peers_.end(), [&](const auto& each) { return each.second.monitor == down.ref; });
  if (peer == peers_.end()) return;
  // One that boots is connected before this process of it is there, which then greets us.
  if (!peer->second.is_known && down.reason.is_atom(atoms::noproc)) return peer->second.monitor.reset();
  lose(peer->first);
}

/// Its node has gone, or its controller: what ran there runs no more, or nobody answers for it.
void DistAc::lose(Atom node) {
  const auto found = peers_.find(node);
  if (found == peers_.end()) return;
  const Peer peer = std::move(found->second);
  peers_.erase(found);
  if (peer.monitor) demonitor(*peer.monitor, {.flush = true});
  for (auto& [name, app] : apps_) {
    const auto its = peer.applications.find(name);
    const bool ran_there = its != peer.applications.end() && (its->second.doing == Doing::running || its->second.doing == Doing::starting);
    if (its != peer.applications.end()) app.epoch = std::max(app.epoch, its->second.epoch);
    app.suspects.erase(node);
    if (app.granted_to == node) app.granted_to.reset();
    if (app.taken_from == node) app.taken_from.reset();
    if (ran_there && app.doing != Doing::running && app.doing != Doing::starting) {
      app.lost = node;
      app.not_before = peer.leaving ? now() : after(app.config.wait);  // AC-30, AC-7
    }
    if (app.giving_to == node) keep_after_all(app);
    if (app.taking_from == node) {
      app.taking_from.reset();
      // It was to come here anyway.
      if (app.doing == Doing::taking) {
        app.doing = Doing::idle;
        app.not_before = now();
        answer_takers(app, Term::tuple({atoms::error, Term::tuple({"not_running_distributed"_atom, name})}));
      }
    }
    if (app.awaits_cession && !app.taking_from) no_cession(app, Term::tuple({atoms::error, Term::tuple({atoms::nodedown, node})}));
    if (app.doing == Doing::claiming && app.asked.erase(node) != 0 && app.asked.empty() && !app.asks_for_lease) claim_decided(app);
  }
  tell_status();
  consider_all();
}

void DistAc::handle_cast(const Status& status) {
  greet(status.node);  // a status may come before the news of its node
  const auto found = peers_.find(status.node);
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (!peer.monitor) peer.monitor = monitor(kDistAc.on(status.node));
  const auto before = std::exchange(peer.applications, {});
  peer.is_known = true;
  peer.weight = status.weight;
  peer.leaving = status.leaving;
  peer.heard = now();
  for (ApplicationStatus its : status.applications) {
    for (std::uint64_t* const number : {&its.epoch, &its.failed, &its.stopped}) *number = std::min(*number, kEpochMax);
    for (Duration* const time : {&its.age, &its.wait}) *time = std::clamp<Duration>(*time, Duration::zero(), kTimeMax);
    peer.applications.insert_or_assign(its.name, its);
    App* const app = find(its.name);
    if (app == nullptr) continue;
    app->suspects.erase(status.node);
    if (app->granted_to == status.node && its.doing != Doing::claiming) app->granted_to.reset();
    if (app->taken_from == status.node && its.doing != Doing::running) app->taken_from.reset();
    if (app->giving_to == status.node && its.doing == Doing::idle) keep_after_all(*app);
    const bool differs = its.nodes != app->config.nodes || its.consistent != app->config.consistent;
    if (differs && mismatches_.emplace(its.name.text(), status.node.text()).second) {  // AC-6
      log::error(
          "Distribution mismatch for application \"{}\" on nodes {} and {}: their configurations list different nodes for it, or another "
          "mode",
          Term(its.name).text(), Term(own_).text(), Term(status.node).text());
    }
    const auto old = before.find(its.name);
    const std::uint64_t failed_before = old == before.end() ? 0 : old->second.failed;
    if (its.failed > failed_before && its.failed >= app->epoch && app->doing == Doing::idle) {
      // WK-2: the next one gets its turn after one more wait.
      app->not_before = std::max(app->not_before, after(app->config.wait));
    }
    if (its.stopped > std::max(app->stopped, app->revived) && its.stopped >= app->epoch) app->stopped = its.stopped;
    app->epoch = std::max(app->epoch, its.epoch);
    const bool is_lost_elsewhere = its.lost != "nil"_atom && its.lost != own_;
    if (is_lost_elsewhere && !app->lost && app->doing == Doing::idle && app->expected) {
      // AC-34, for all but the node that comes back: it boots into a wait that the others are in.
      app->lost = its.lost;
      app->not_before = now() + its.wait;
    }
  }
  if (status.answer) tell(status.node, own_status(false));
  consider_all();
}

// --- Deciding -------------------------------------------------------------------------------------------------------------

void DistAc::consider_all() {
  for (auto& [name, app] : apps_) consider(app);
}

void DistAc::consider(App& app) {
  if (app.doing == Doing::running) {
    if (!app.lease) settle_instances(app);  // of two with a lease one has lapsed, and ends
    return;
  }
  if (app.doing != Doing::idle) return;  // its end leads back here
  if (const auto node = runner(app, false)) {
    app.lost.reset();
    app.not_before = {};
    app.awaited.reset();
    if (!app.takers.empty()) return ask_takeover(app, *node);
    consider_takeover(app, *node);
    if (app.wanted && app.doing == Doing::idle) tell_controller("application_elsewhere"_atom, app);
    return;
  }
  if (runner(app, true)) return;
  consider_start(app);
}

void DistAc::consider_start(App& app) {
  if (!app.wanted) return;
  if (!rank_of(app, own_) || !app.permitted || leaving_ || (app.stopped != 0 && app.stopped >= app.epoch)) {
    tell_controller("application_elsewhere"_atom, app);
    return;
  }
  const bool lacks_majority = app.lease && !can_have_lease(app);
  if (app.lease) say_lack(app, lacks_majority);
  if (lacks_majority) return tell_controller("application_elsewhere"_atom, app);
  const TimePoint present = now();
  if (present < app.not_before) return set_alarm(app, app.not_before);
  const Choice choice = choose(app, latest_epoch(app));
  if (choice.is_open && present < app.patience) return set_alarm(app, app.patience);
  if (choice.node == own_) return claim(app);
  if (!choice.node) return;
  if (app.awaited != choice.node) {
    app.awaited = choice.node;
    app.awaited_until = present + kPatience;
  }
  if (present < app.awaited_until) return set_alarm(app, app.awaited_until);
  log::warning("{} was to start {} and does nothing; the next node does", Term(*choice.node).text(), app.config.name.text());
  app.suspects.insert(*choice.node);
  app.awaited.reset();
  consider_start(app);
}

void DistAc::consider_takeover(App& app, Atom from) {
  const auto rank = rank_of(app, own_);
  const auto its_rank = rank_of(app, from);
  if (!app.wanted || !app.permitted || leaving_ || !rank || !its_rank || *rank >= *its_rank) {
    if (app.wanted) app.takes_at_once = false;
    return;
  }
  if (choose(app, latest_epoch(app) + 1).node != own_) return;
  if (app.lease && !can_have_lease(app)) return;
  const ApplicationStatus& its = *status_of(app, from);
  if (app.takes_at_once) return ask_takeover(app, from);
  if (its.pinned) return;  // AC-43
  const TimePoint due = std::max(peers_.at(from).heard - its.age + kTakeoverHold, app.not_before);
  if (now() < due) return set_alarm(app, due);
  ask_takeover(app, from);
}

/// Two that run have met: the one that has served for longer stays (Settled points, Moving). The smaller name decides, since only one
/// clock can tell which that is.
void DistAc::settle_instances(App& app) {
  for (const auto& [node, peer] : peers_) {
    const ApplicationStatus* const its = status_of(app, node);
    if (its == nullptr || its->doing != Doing::running || app.giving_to == node || app.taken_from == node || !(own_.text() < node.text()))
      continue;
    if (app.since <= peer.heard - its->age) {
#if PULPO_FAULT != 4  // Planted: two instances that meet both go on, when ours is the older. tests/simulation must find it.
      tell(node, YieldApplication{own_, app.config.name});
#endif
    } else {
      log::notice("{} runs on {} as well, and has for longer: it stops here", app.config.name.text(), Term(node).text());
      return stop_here(app);
    }
  }
}

void DistAc::handle_cast(const YieldApplication& order) {
  App* const app = find(order.name);
  if (app == nullptr || app->doing != Doing::running) return;
  log::notice("{} runs on {} as well, and has for longer: it stops here", order.name.text(), Term(order.node).text());
  stop_here(*app);
}

void DistAc::claim(App& app) {
  app.doing = Doing::claiming;
  app.round = ++rounds_;
  app.awaited.reset();
  app.epoch = latest_epoch(app) + 1;
  app.asked.clear();
  // Those on which it never runs as well: they may know that it does elsewhere.
  for (const auto& [node, peer] : peers_) {
    if (peer.monitor) app.asked.insert(node);
  }
  app.asks_for_lease = false;
  tell_status();
  if (app.asked.empty()) return claim_decided(app);
  for (const Atom node : app.asked) tell(node, ClaimApplication{own_, app.config.name, app.round, app.epoch});
  set_alarm(app, now() + kAnswerMax);
}

void DistAc::handle_cast(const ClaimApplication& claim) {
  App* const app = find(claim.name);
  if (claim.epoch > kEpochMax) return;
  if (app == nullptr) return tell(claim.node, ClaimGranted{own_, claim.name, claim.number, true, 0});
  const auto order = [&](Atom node) { return std::make_pair(rank_of(*app, node).value_or(SIZE_MAX), node.text()); };
  bool granted =
      app->doing == Doing::idle || app->doing == Doing::stopping || (app->doing == Doing::claiming && order(claim.node) < order(own_));
  for (const auto& [node, peer] : peers_) {
    // It may not be connected yet with the one where it runs: who boots meets one after the other.
    const ApplicationStatus* const its = status_of(*app, node);
    if (node == claim.node || its == nullptr) continue;
    if (its->doing == Doing::running || its->doing == Doing::starting) granted = false;
    // Nor with one of higher priority that is about to run it.
    const bool comes_first = rank_of(*app, node) && rank_of(*app, node) < rank_of(*app, claim.node) && !peer.leaving && its->permitted &&
                             (its->wanted || its->expected) && its->failed < latest_epoch(*app);
    if (comes_first && now() < app->patience) granted = false;
  }
  // What it did not know when it asked: another one was quicker, and has not said yet that it starts.
  if (app->granted_to && *app->granted_to != claim.node && now() < app->granted_until) granted = false;
  if (granted && app->doing == Doing::claiming) give_claim_up(*app);
  if (granted) {
    app->granted_to = claim.node;
    app->granted_until = now() + kAnswerMax;
    app->epoch = std::max(app->epoch, claim.epoch);
  }
  tell(claim.node, ClaimGranted{own_, claim.name, claim.number, granted, app->epoch});
}

void DistAc::handle_cast(const ClaimGranted& answer) {
  App* const app = find(answer.name);
  if (app == nullptr || app->doing != Doing::claiming || app->round != answer.number) return;
  if (!answer.granted) {
    give_claim_up(*app);
    return set_alarm(*app, now() + kAnswerMax);  // what the other does is known by then
  }
  if (app->asked.erase(answer.node) != 0 && app->asked.empty() && !app->asks_for_lease) claim_decided(*app);
}

void DistAc::give_claim_up(App& app) {
  app.doing = Doing::idle;
  app.round = ++rounds_;
  if (std::exchange(app.asks_for_lease, false)) return_lease(app);
  tell_status();
}

/// Nobody objects.
void DistAc::claim_decided(App& app) {
  if (app.lease) return ask_for_lease(app);
  start_claimed(app);
}

void DistAc::start_claimed(App& app) {
  begin_start(app, app.lost && app.lost != own_ ? StartType::failover(*app.lost) : StartType::normal());
}

// --- Deadlines --------------------------------------------------------------------------------------------------------------

void DistAc::set_alarm(App& app, TimePoint at) {
  if (at == kNever) return;
  app.alarm_at = at;
  const Duration delay = std::max<Duration>(at - now(), Duration::zero());
  send_after(delay, Address(self()), Term::tuple({alarm_word(), app.config.name, to_term(++app.alarm)}));
}

void DistAc::handle_info(const Term& message) {
  if (!message.is_tuple(3) || !message.elements()[1].is_atom()) return;
  const Atom word = message.elements()[0].is_atom() ? message.elements()[0].atom() : atoms::undefined;
  App* const app = find(message.elements()[1].atom());
  if (app == nullptr) return;
  if (word == renewal_word()) {
    if (message.elements()[2] == to_term(app->renewal)) renew(*app);
    return;
  }
  if (word == "$names_taken"_atom) {
    if (app->doing == Doing::starting && message.elements()[2] == to_term(app->round)) runs_here(*app);
    return;
  }
  if (word == "$takeover_is_late"_atom) {
    // Should it start after all, it is told that it came too late (TakeoverDone), and the older of the two stays.
    if (app->giving_to && message.elements()[2] == to_term(app->givings) && !app->is_given && !app->has_ceded) keep_after_all(*app);
    return;
  }
  if (word == "$drained"_atom) {
    if (const auto to = message.elements()[2].as_atom()) drained(*app, *to);
    return;
  }
  if (word == "$hand_over_ends"_atom || word == "$stays_after_all"_atom) {
    if (!leaving_ || message.elements()[2] != to_term(leaving_round_)) return;
    if (word == "$hand_over_ends"_atom && handing_over_.empty()) return;
    leaving_ = false;  // who asked goes on with what is left here, or has not stopped this node after all
    log::warning("this node was to be left by its applications, and stays: it takes part in elections again");
    for (const From<HandOver>& caller : std::exchange(handing_over_, {})) caller.reply(false);
    tell_status();
    return consider_all();
  }
  if (word != alarm_word() || message.elements()[2] != to_term(app->alarm)) return;
  app->alarm_at = kNever;
  if (app->doing == Doing::running && (!app->permitted || leaving_) && !app->giving_to) return give_away(*app);
  if (app->asks_for_lease) {
    give_claim_up(*app);
    app->not_before = std::max(app->not_before, now() + kAnswerMax);
    return consider(*app);
  }
  if (app->awaits_cession) return no_cession(*app, Term::tuple({atoms::error, atoms::timeout}));
  if (app->doing == Doing::claiming) return claim_decided(*app);  // who is silent is frozen, or has nothing against it
  if (app->doing == Doing::taking) {
    app->takes_at_once = false;
    tell(*app->taking_from, TakeoverDone{own_, app->config.name, false});
    take_no_more(*app, Term::tuple({atoms::error, atoms::timeout}));
  }
  consider(*app);
}

}  // namespace pulpo::cluster
