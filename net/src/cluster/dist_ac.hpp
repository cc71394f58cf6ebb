// SPDX-License-Identifier: Apache-2.0
//
// DistAc: the process `dist_ac` of each node, which decides with those of the other nodes where a distributed application runs (AC).
//
// Nobody leads. Each node knows what the others do (dist_ac_messages.hpp), and chooses by the same rule (election.hpp). Who finds that
// it is the one asks all others, and starts when nobody objects; so two that know different things do not both start. A takeover starts
// the new instance first and ends the old one then; when it fails, nothing has happened (WK-2).
//
//   Order      What happens to an application here is done before the others are told.
//   Threads    A process; any core. It never waits for another node (AC-64): answers, ends of nodes and deadlines come as messages.
//   Bounds     The applications of the configuration; a status of each for each node that is connected.
//   Errors     An application whose start fails is tried on the next node, after the wait that it is configured with, and then again and
//              again, with longer pauses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "cluster/by_text.hpp"
#include "cluster/dist_ac_messages.hpp"
#include "cluster/election.hpp"
#include "cluster/lease_book.hpp"
#include "otp/lease.hpp"
#include "pulpo/application.hpp"
#include "pulpo/config.hpp"

namespace pulpo::cluster {

class DistAc {
 public:
  using Protocol = pulpo::Protocol<Status, ClaimApplication, ClaimGranted, AskTakeover, TakeoverAnswer, TakeoverDone, YieldApplication,
                                   ReviveApplication, WishTakeover, AskLease, LeaseAnswer, ReturnLease, AskCession, Cession,
                                   TakeApplication, PermitApplication, HandOver, HasBegun, ListApplications, ApplicationWanted,
                                   ApplicationUnwanted, ApplicationRuns, ApplicationEnded, ApplicationCount>;
  /// For an answer of a node that is connected: later it counts as a yes.
  static constexpr Duration kAnswerMax = 1s;
  /// For a node of higher priority that is about to come, or one that was chosen and does nothing.
  static constexpr Duration kPatience = 3s;
  /// Apart from a node's boot nothing moves by itself within so long of the last move (Settled points, Moving).
  static constexpr Duration kTakeoverHold = 30s;
  static constexpr Duration kRetryMin = 1s, kRetryMax = 30s;
  static constexpr Duration kHandOverMax = 10s;
  /// Who takes over and has not started after so long does not keep the old instance from others any more.
  static constexpr Duration kTakeoverMax = 60s;
  /// A node that has given all away is stopped within so long, or goes on as before.
  static constexpr Duration kLeaveMax = 30s;
  /// What another node says beyond is cut: no cluster lives through so many starts, or so long.
  static constexpr std::uint64_t kEpochMax = std::uint64_t{1} << 62;
  static constexpr Duration kTimeMax = std::chrono::hours(24 * 365 * 50);
  /// An instance that was taken over goes on for so long: a caller that had looked its name up before may be on the way to it.
  static constexpr Duration kDrain = 20ms;

  /// How often who serves with a lease has it renewed.
  static constexpr Duration kRenewal = kLease / 4;

  /// `boot` are the applications that this node is about to start.
  DistAc(const KernelConfig& kernel, const std::vector<Atom>& boot, std::shared_ptr<LeaseBook> book);

  void handle_cast(const Status& status);
  void handle_cast(const ClaimApplication& claim);
  void handle_cast(const ClaimGranted& answer);
  void handle_cast(const AskTakeover& question);
  void handle_cast(const TakeoverAnswer& answer);
  void handle_cast(const TakeoverDone& news);
  void handle_cast(const YieldApplication& order);
  void handle_cast(const ReviveApplication& news);
  void handle_cast(const WishTakeover& wish);
  void handle_cast(const AskLease& question);
  void handle_cast(const LeaseAnswer& answer);
  void handle_cast(const ReturnLease& news);
  void handle_cast(const AskCession& wish);
  void handle_cast(const Cession& cession);
  void handle_call(const TakeApplication& wish, From<TakeApplication> caller);
  void handle_call(const PermitApplication& wish, From<PermitApplication> caller);
  void handle_call(const HandOver&, From<HandOver> caller);
  bool handle_call(const HasBegun&);
  Term handle_call(const ListApplications&);
  void handle_info(const ApplicationWanted& news);
  void handle_info(const ApplicationUnwanted& news);
  void handle_info(const ApplicationRuns& news);
  void handle_info(const ApplicationEnded& news);
  void handle_info(const ApplicationCount& news);
  void handle_info(const NodeUp& node);
  void handle_info(const NodeDown& node);
  void handle_info(const Down& down);
  void handle_info(const Term& message);

 private:
  struct App {
    DistributedApplication config;
    bool wanted = false;
    bool expected = false;
    bool permitted = true;
    Doing doing = Doing::idle;
    std::uint64_t epoch = 0;
    TimePoint since{};
    bool pinned = false;
    std::uint64_t failed = 0;
    std::uint64_t stopped = 0;
    std::uint64_t revived = 0;   ///< Somebody has asked for it again since this one was stopped.
    std::optional<Atom> lost{};  ///< Where it ran, when that node went.
    TimePoint not_before{};      ///< It does not start here earlier: the wait after a loss or a failure.
    TimePoint patience{};        ///< Until then a better node may still come.
    Duration retry = kRetryMin;
    bool takes_at_once = false;  ///< This node boots, or has just been permitted: no hold.
    std::uint64_t round = 0;     ///< Of claiming, taking: what answers and deadlines belong to.
    std::set<Atom, ByText> asked{};
    std::optional<Atom> granted_to{};  ///< Whose claim this node did not object to, and until when it may yet start.
    TimePoint granted_until{};
    std::optional<Atom> taking_from{};
    std::optional<Atom> taken_from{};  ///< Has been told so, and still says that it runs there.
    std::optional<Atom> giving_to{};
    std::uint64_t givings = 0;             ///< How often it was to be given.
    bool is_given = false;                 ///< It runs there, with the names; here it ends in a moment.
    bool by_hand = false;                  ///< The takeover under way was asked for by a person.
    std::optional<RestartType> restart{};  ///< What that person wants it to be here.
    std::set<Atom, ByText> suspects{};     ///< Were chosen, and did nothing.
    std::optional<Atom> awaited{};         ///< The one that was chosen, and until when it may do something.
    TimePoint awaited_until{};
    std::vector<From<TakeApplication>> takers{};
    std::vector<From<PermitApplication>> permitters{};
    std::uint64_t alarm = 0;  ///< The latest deadline that was set.
    TimePoint alarm_at = kNever;

    // --- In mode `consistent` (dist_ac_leases.cpp) ---
    std::shared_ptr<Lease> lease{};  ///< Null: it needs none.
    Tenure tenure{};                 ///< Of the epoch that we ask for, or serve as.
    std::uint64_t asked_epoch = 0;   ///< Which is that.
    std::uint64_t held = 0;          ///< The latest that others may have promised us, and that we have not given back.
    LeaseBook::Ceded ceded{};        ///< Whose lease was handed on to us.
    std::uint64_t renewal = 0;       ///< The latest renewal that is due.
    bool asks_for_lease = false;     ///< Nobody objects; a majority has not promised yet.
    bool awaits_cession = false;     ///< It has started; the one that it takes over from still serves.
    bool has_ceded = false;          ///< What was left of our lease is another's.
    std::map<Atom, Duration, ByText> refusals{};
    bool lacks_majority = false;  ///< And that has been said.
  };
  struct Peer {
    std::optional<Ref> monitor{};  ///< None: it has no such process, or not yet.
    std::uint64_t weight = 0;
    bool leaving = false;
    bool is_known = false;
    std::map<Atom, ApplicationStatus, ByText> applications{};
    TimePoint heard{};  ///< When: ages count from here.
  };

  // --- What is known ------------------------------------------------------------------------------------------
  [[nodiscard]] App* find(Atom name);
  /// From now on; kNever for an infinite one.
  [[nodiscard]] static TimePoint after(Timeout wait);
  /// The other nodes of its list that are connected.
  [[nodiscard]] std::vector<Candidate> candidates(const App& app) const;
  /// Among those, this node, unless it leaves, but not `except`.
  [[nodiscard]] Choice choose(const App& app, std::uint64_t epoch, std::optional<Atom> except = std::nullopt) const;
  [[nodiscard]] std::optional<std::size_t> rank_of(const App& app, Atom node) const;
  /// The other node on which it runs, longest; or one that is about to run it.
  [[nodiscard]] std::optional<Atom> runner(const App& app, bool also_coming) const;
  [[nodiscard]] std::uint64_t latest_epoch(const App& app) const;
  [[nodiscard]] ApplicationStatus status_of(const App& app) const;
  [[nodiscard]] const ApplicationStatus* status_of(const App& app, Atom node) const;

  // --- Deciding (dist_ac.cpp) ----------------------------------------------------------------------------------
  void consider(App& app);
  void consider_all();
  void consider_start(App& app);
  void consider_takeover(App& app, Atom from);
  void settle_instances(App& app);
  void claim(App& app);
  void claim_decided(App& app);
  void start_claimed(App& app);
  void give_claim_up(App& app);
  void set_alarm(App& app, TimePoint at);

  // --- Moving (dist_ac_moves.cpp) -------------------------------------------------------------------------------
  void ask_takeover(App& app, Atom from);
  void begin_start(App& app, const StartType& type);
  void runs_here(App& app);
  void start_failed(App& app, const Term& reason);
  void stop_here(App& app);
  void drained(App& app, Atom to);
  void keep_after_all(App& app);
  void give_away(App& app);
  void answer_takers(App& app, const Term& outcome);
  void take_no_more(App& app, const Term& why);
  void became_idle(App& app);

  // --- Leases (dist_ac_leases.cpp) ------------------------------------------------------------------------------
  [[nodiscard]] static std::size_t node_count(const App& app);
  [[nodiscard]] static std::size_t majority_of(const App& app) { return node_count(app) / 2 + 1; }
  /// So many of its nodes are connected that it can have a lease, as far as this one knows.
  [[nodiscard]] bool can_have_lease(const App& app) const;
  void say_lack(App& app, bool lacks);
  void ask_for_lease(App& app);
  void ask_nodes(App& app);
  void take_answer(App& app, const LeaseAnswer& answer);
  void refused(App& app, Atom node, Duration wait);
  [[nodiscard]] static Duration boot_time();
  [[nodiscard]] static Atom renewal_word() { return "$renew"_atom; }
  void renew_later(App& app);
  void renew(App& app);
  void go_on_with_lease(App& app);
  void lapsed(App& app);
  void return_lease(App& app);
  void ask_cession(App& app);
  void take_names(const App& app) const;
  void no_cession(App& app, const Term& why);

  void node_ends();
  void greet(Atom node);
  void lose(Atom node);
  void tell_status();
  [[nodiscard]] Status own_status(bool answer) const;
  static void tell_controller(Term message);
  void tell_controller(Atom word, const App& app) const;
  void tell_controller(Atom word, const App& app, Term what) const;
  template <class M>
  void tell(Atom node, const M& message) const;

  const Atom own_;
  const std::shared_ptr<LeaseBook> book_;
  std::map<Atom, App, ByText> apps_;
  std::map<Atom, Peer, ByText> peers_;
  std::uint64_t weight_ = 0;
  std::uint64_t rounds_ = 0;
  bool leaving_ = false;
  std::uint64_t leaving_round_ = 0;  ///< The latest HandOver.
  Ref controller_;                   ///< The monitor of application_controller.
  std::vector<From<HandOver>> handing_over_;
  std::set<std::pair<std::string_view, std::string_view>> mismatches_;  ///< Application and node: reported once.
};

inline constexpr auto kDistAc = local<DistAc::Protocol>(":dist_ac");

template <class M>
void DistAc::tell(Atom node, const M& message) const {
  cast(kDistAc.on(node), message);
}

}  // namespace pulpo::cluster
