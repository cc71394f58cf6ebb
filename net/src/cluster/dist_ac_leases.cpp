// SPDX-License-Identifier: Apache-2.0
//
// DistAc, its part about leases: an application of mode `consistent` serves while a majority of its nodes has promised that no other
// does (lease_book.hpp).
//
//   Start      Once nobody objects, a lease; then the start.
//   Serving    Renewed four times a lease. One that lapses stops, and starts again where a majority is.
//   Takeover   The new instance starts without one. Then the old one serves no more and leaves it what is left of its own, so that nobody
//              has to be asked in between; the promises follow.
//   End        Given back, so that the next need not wait.
#include <algorithm>

#include "cluster/dist_ac.hpp"
#include "proc/core.hpp"
#include "pulpo/log.hpp"

namespace pulpo::cluster {

Duration DistAc::boot_time() { return Core::here().loop().boot_time(); }

std::size_t DistAc::node_count(const App& app) {
  std::size_t count = 0;
  for (const auto& group : app.config.nodes) count += group.size();
  return count;
}

bool DistAc::can_have_lease(const App& app) const {
  std::size_t there = rank_of(app, own_) ? 1 : 0;
  for (const auto& [node, peer] : peers_) {
    const ApplicationStatus* const its = status_of(app, node);
    // One that has said nothing yet may; one that does not know the application, or another one of that name, never does.
    const bool may_promise = !peer.is_known || (its != nullptr && its->consistent && its->nodes == app.config.nodes);
    if (peer.monitor && may_promise && rank_of(app, node)) ++there;
  }
  return there >= majority_of(app);
}

void DistAc::say_lack(App& app, bool lacks) {
  if (std::exchange(app.lacks_majority, lacks) == lacks || !lacks) return;
  log::warning("{} needs {} of its {} nodes to run, and fewer are here: it waits for them", app.config.name.text(), majority_of(app),
               node_count(app));
}

// --- Who asks ---------------------------------------------------------------------------------------------------------

void DistAc::ask_for_lease(App& app) {
  app.asks_for_lease = true;
  app.asked_epoch = app.epoch;
  app.ceded = {};
  app.tenure.clear();
  app.refusals.clear();
  set_alarm(app, now() + kAnswerMax);
  ask_nodes(app);
}

/// All of them, this one as well.
void DistAc::ask_nodes(App& app) {
  const Duration present = boot_time();
  const AskLease question{own_, app.config.name, app.asked_epoch, present, app.ceded.node, app.ceded.epoch};
  app.held = app.asked_epoch;
  for (const auto& [node, peer] : peers_) {
    if (peer.monitor && rank_of(app, node)) tell(node, question);
  }
  if (!rank_of(app, own_)) return;
  const auto own = book_->ask(app.config.name, own_, app.asked_epoch, app.ceded, present);
  take_answer(app, {own_, app.config.name, app.asked_epoch, present, own.granted, own.wait, own.epoch});
}

void DistAc::handle_cast(const LeaseAnswer& answer) {
  App* const app = find(answer.name);
  if (app != nullptr && app->lease && answer.epoch == app->asked_epoch && rank_of(*app, answer.node)) take_answer(*app, answer);
}

void DistAc::take_answer(App& app, const LeaseAnswer& answer) {
  app.epoch = std::max(app.epoch, std::min(answer.latest, kEpochMax));
  const Duration present = boot_time();
  if (!answer.granted) {
    if (app.asks_for_lease) refused(app, answer.node, answer.wait);
    return;
  }
  if (answer.sent > present) return;  // asked before this machine booted
  app.tenure.granted(answer.node, answer.sent);
  const Duration until = app.tenure.until(majority_of(app));
  if (until <= present) return;
  if (app.asks_for_lease) {
    app.asks_for_lease = false;
    app.lease->open(app.asked_epoch, until);
    app.has_ceded = false;
    renew_later(app);
    return start_claimed(app);
  }
  // What has lapsed stays so: nobody knows what its servers have not taken up since.
  if (app.lease->right(present) == Lease::Right::to_all && until - present > app.lease->left(present))
    app.lease->open(app.asked_epoch, until);
}

/// Enough of them say no that the others are too few: later again, when what they have promised is over.
void DistAc::refused(App& app, Atom node, Duration wait) {
  app.refusals[node] = std::clamp<Duration>(wait, Duration::zero(), kLease);
  if (node_count(app) - app.refusals.size() >= majority_of(app)) return;
  Duration longest = 10ms;
  for (const auto& [whose, its] : app.refusals) longest = std::max(longest, its);
  give_claim_up(app);
  app.not_before = std::max(app.not_before, now() + longest);
  consider(app);
}

/// Before its time is over, and then to see that it is.
void DistAc::renew_later(App& app) {
  const Duration left = std::max(app.lease->left(boot_time()), Duration::zero());
  send_after(std::min(kRenewal, left), Address(self()), Term::tuple({renewal_word(), app.config.name, to_term(++app.renewal)}));
}

void DistAc::renew(App& app) {
  if (app.has_ceded || app.asks_for_lease) return;
  if (app.lease->right(boot_time()) != Lease::Right::to_all) return lapsed(app);
  ask_nodes(app);
  renew_later(app);
}

/// The lease of the instance here is over: it serves nobody already.
void DistAc::lapsed(App& app) {
  app.lease->close();
  if (app.doing != Doing::running && app.doing != Doing::starting) return;
  ++app.renewal;
  log::warning("no majority of {}'s {} nodes has let it go on: it stops here", app.config.name.text(), node_count(app));
  answer_takers(app, Term::tuple({atoms::error, Term::tuple({"no_majority"_atom, app.config.name})}));
  stop_here(app);
}

/// It does not run here any more, or does not start after all.
void DistAc::return_lease(App& app) {
  app.lease->close();
  ++app.renewal;
  app.awaits_cession = app.asks_for_lease = false;
  app.ceded = {};
  const std::uint64_t held = std::exchange(app.held, 0);
  if (std::exchange(app.has_ceded, false) || held == 0) return;  // it is another's
  book_->give_back(app.config.name, own_, held);
  for (const auto& [node, peer] : peers_) {
    if (rank_of(app, node)) tell(node, ReturnLease{own_, app.config.name, held});
  }
}

/// This process has begun anew while the application ran.
void DistAc::go_on_with_lease(App& app) {
  app.epoch = app.asked_epoch = app.lease->epoch();
  if (app.lease->right(boot_time()) == Lease::Right::to_all) app.held = app.asked_epoch;  // else it may be another's
  renew_later(app);
}

// --- Who promises -----------------------------------------------------------------------------------------------------

void DistAc::handle_cast(const AskLease& question) {
  App* const app = find(question.name);
  // One that is not `consistent` here, or has other nodes, has been reported as a mismatch (AC-6), and nobody can promise anything.
  const ApplicationStatus* const its = app == nullptr ? nullptr : status_of(*app, question.node);
  const bool is_one = app != nullptr && app->lease && rank_of(*app, own_) && rank_of(*app, question.node) && its != nullptr &&
                      its->consistent && its->nodes == app->config.nodes && question.epoch <= kEpochMax;
  LeaseBook::Answer answer{.wait = kLease};
  // A book that has just begun does not know what this node has heard since.
  const bool is_late = app != nullptr && question.epoch < app->epoch && question.ceded_by == "nil"_atom &&
                       !book_->has_promised(question.name, question.node, question.epoch);
  if (is_one && is_late)
    answer = {.epoch = app->epoch};
  else if (is_one)
    answer = book_->ask(question.name, question.node, question.epoch, {question.ceded_by, question.ceded_epoch}, boot_time());
  tell(question.node, LeaseAnswer{own_, question.name, question.epoch, question.sent, answer.granted, answer.wait, answer.epoch});
}

void DistAc::handle_cast(const ReturnLease& news) { book_->give_back(news.name, news.node, news.epoch); }

// --- Takeover: the one that has started, and the one that still serves ---------------------------------------------------

void DistAc::ask_cession(App& app) {
  app.awaits_cession = true;
  tell(*app.taking_from, AskCession{own_, app.config.name, boot_time()});
  set_alarm(app, now() + kAnswerMax);
}

void DistAc::handle_cast(const AskCession& wish) {
  App* const app = find(wish.name);
  Cession cession{.node = own_, .name = wish.name, .sent = wish.sent};
  if (app != nullptr && app->lease && app->doing == Doing::running && app->giving_to == wish.node) {
    const Duration present = boot_time();
    if (app->lease->right(present) == Lease::Right::to_all) {
      cession.left = app->lease->left(present);
      cession.epoch = app->lease->epoch();
      app->lease->hand_on();
      app->has_ceded = true;
      ++app->renewal;
    }
  }
  tell(wish.node, cession);
}

void DistAc::handle_cast(const Cession& cession) {
  App* const app = find(cession.name);
  if (app == nullptr || !app->awaits_cession || app->taking_from != cession.node) return;
  const Duration present = boot_time();
  // The other's clock is not ours; but it was asked after we had.
  const Duration until = cession.sent + std::clamp(cession.left, Duration::zero(), kLease);
  if (cession.left <= Duration::zero() || cession.sent > present || until <= present || cession.epoch >= kEpochMax)
    return no_cession(*app, Term::tuple({atoms::error, Term::tuple({"not_running_distributed"_atom, cession.name})}));
  app->awaits_cession = false;
  app->ceded = {cession.node, cession.epoch};
  app->epoch = app->asked_epoch = std::max(app->epoch, cession.epoch + 1);
  app->tenure.clear();
  app->lease->open(app->asked_epoch, until);
  ask_nodes(*app);
  renew_later(*app);
  take_names(*app);
}

/// It may or may not serve there still; here it has no right to.
void DistAc::no_cession(App& app, const Term& why) {
  app.awaits_cession = false;
  app.lease->close();
  if (const auto from = std::exchange(app.taking_from, std::nullopt)) tell(*from, TakeoverDone{own_, app.config.name, false});
  app.not_before = std::max(app.not_before, now() + kTakeoverHold);
  answer_takers(app, why);
  stop_here(app);
}

}  // namespace pulpo::cluster
