// SPDX-License-Identifier: Apache-2.0
//
// GlobalServer: the process `global_name_server` of each node, which agrees with the others on who has a name (GLOBAL).
//
// A node answers for the names of its own processes. Who wants one asks all nodes that it is connected with, at once, and has it when
// nobody has refused: one way there and back, no lock, no leader. Two who want the same name at the same time ask each other too, and the
// smaller node's name wins. A connection begins with both telling what they have; a name that both have then is decided by one of them,
// by the method that it was registered with.
//
//   Order      What a node says of its names arrives in the order of saying; a name is settled before its registration returns.
//   Ownership  The table is the node's. Claims of a node that goes are dropped by the distribution, before anybody hears of it.
//   Threads    A process; any core.
//   Suspends   Never but to ask for the nodes at its start; who registers waits for all answers, or the ends of their nodes.
//   Bounds     As many names as the nodes register. A node whose names are awaited is awaited for kMergeMax.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cluster/by_text.hpp"
#include "cluster/global_table.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/server_ref.hpp"

namespace pulpo::cluster {

/// A name as one node tells another.
struct NameEntry {
  static constexpr auto kKeys = keys("name", "pid", "version", "age", "method", "application", "forced");
  Term name;
  Pid pid{};
  std::uint64_t version = 0;
  Duration age{};  ///< How long it has been settled, in whole milliseconds.
  Atom method{};
  Atom application{};   ///< nil: none.
  bool forced = false;  ///< Whoever had it has it no more (GLOBAL-6).
};

// --- From node to node ------------------------------------------------------------------------------------
/// All that `node` has: what each tells the other first. `others` are the nodes that it is connected with.
struct Names {
  using Message = Cast<"names">;
  Atom node;
  std::vector<NameEntry> names{};
  std::vector<Atom> others{};
};
struct ClaimName {
  using Message = Cast<"claim">;
  Atom node;
  std::uint64_t number = 0;
  NameEntry entry;
};
struct ClaimAnswer {
  using Message = Cast<"claim_answer">;
  Atom node;
  std::uint64_t number = 0;
  Atom verdict;  ///< :yes, :no, :held, or :later: another instance of the same application has it, and one of the two is to end.
  Atom holder;   ///< With :held, the node that should be asked; nil otherwise.
};
struct Settled {
  using Message = Cast<"settled">;
  Atom node;
  NameEntry entry;  ///< Whole, for those that knew of another's and did not note the claim.
};
struct Withdrawn {
  using Message = Cast<"withdrawn">;
  Term name;
  Pid pid{};
  Atom taker{};  ///< The node that has it now, by force; nil: none.
};
/// A conflict is decided: `loser` has the name no more, nor `keeper` when the method is notify_all_name.
struct Decided {
  using Message = Cast<"decided">;
  Term name;
  Pid keeper{};
  Pid loser{};
  Atom method;
};

// --- What processes ask ----------------------------------------------------------------------------------
struct RegisterName {
  using Message = Call<"register_name", bool>;
  Term name;
  Pid pid{};
  Atom method;
  Atom application;
  bool forced = false;
};
struct UnregisterName {
  using Message = Call<"unregister_name">;
  Term name;
};
/// Its server is ending: nobody waits for it.
struct ReleaseName {
  using Message = Cast<"release_name">;
  Term name;
  Pid pid{};
};
/// Answered when the names of all connected nodes are here, or their time is over.
struct SyncNames {
  using Message = Call<"sync">;
};

// --- What the application controller of the cluster says -------------------------------------------------------
/// Its new instance runs here, and the old one is to end: the names that it waits for become its own. Answered when all nodes know.
struct TakeNames {
  using Message = Call<"take_names">;
  Atom application;
};

class GlobalServer {
 public:
  using Protocol = pulpo::Protocol<Names, ClaimName, ClaimAnswer, Settled, Withdrawn, Decided, RegisterName, UnregisterName, ReleaseName,
                                   SyncNames, TakeNames>;
  static constexpr Duration kMergeMax = 1s;
  /// What another node says beyond is cut: no cluster lives through so many registrations, or so long.
  static constexpr std::uint64_t kVersionMax = std::uint64_t{1} << 62;
  static constexpr Duration kAgeMax = std::chrono::hours(24 * 365 * 50);
  static constexpr Duration kRetry = 100ms;  ///< Before a promised name is asked for once more.

  static constexpr Duration kAgain = 10ms;   ///< Before a node is asked once more which knows a holder that we do not.

  explicit GlobalServer(std::shared_ptr<GlobalTable> table);

  void handle_call(const RegisterName& wish, From<RegisterName> caller);
  void handle_call(const UnregisterName& name);
  void handle_call(const SyncNames&, From<SyncNames> caller);
  void handle_call(const TakeNames& names, From<TakeNames> caller);
  void handle_cast(const Names& names);
  void handle_cast(const ClaimName& claim);
  void handle_cast(const ClaimAnswer& answer);
  void handle_cast(const Settled& name);
  void handle_cast(const Withdrawn& name);
  void handle_cast(const Decided& conflict);
  void handle_cast(const ReleaseName& name);
  void handle_info(const NodeUp& node);
  void handle_info(const NodeDown& node);
  void handle_info(const Down& down);
  void handle_info(const Term& message);

 private:
  /// A registration that is being decided.
  struct Question {
    Term name;
    GlobalTable::Claim claim;
    std::set<Atom, ByText> asked{};  ///< Have not answered yet.
    std::set<Atom, ByText> all{};    ///< Were asked.
    TimePoint began{};
    bool refused = false;
    bool later = false;
    bool promised = false;  ///< It has been told yes: it does not give up.
    std::optional<From<RegisterName>> caller{};
    std::optional<From<TakeNames>> taker{};
  };
  /// A name that another instance of the same application has: ours gets it when that is gone, or by TakeNames.
  struct Promise {
    Term name;
    GlobalTable::Claim claim;
  };

  /// Who took a name of ours by force, and has not said yet that all know: until then others may ask the old one.
  struct Taken {
    Term name;
    Pid pid;
    Atom taker;
  };

  void greet(Atom node);
  void expect(Atom node);
  void give_back(const std::function<bool(const Taken&)>& which, Atom taker = "nil"_atom);
  void forget(Atom node);
  void ask(Question question);
  void decide(std::uint64_t number);
  void settle_conflicts(const Term& name);
  void decide_conflict(const Term& name, const GlobalTable::Claim& ours, const GlobalTable::Claim& theirs);
  void watch(const Term& name, const Pid& pid);
  void unwatch(const Term& name, const Pid& pid);
  void release(const Term& name, const Pid& pid);
  void keep_promises();
  void mark_question(const Term& name, const Pid& pid, bool later);
  void answer_synced();
  [[nodiscard]] NameEntry entry_of(const Term& name, const GlobalTable::Claim& claim) const;
  [[nodiscard]] GlobalTable::Claim claim_of(const NameEntry& entry, Atom node, bool settled);
  [[nodiscard]] std::vector<Atom> peers() const;
  template <class M>
  void tell(Atom node, const M& message) const;
  template <class M>
  void tell_all(const M& message) const;

  const std::shared_ptr<GlobalTable> table_;
  const Atom own_;
  std::map<Atom, Ref, ByText> peers_;  ///< Those that have such a server, as far as we know, and its monitor.
  std::set<Atom, ByText> unmerged_;    ///< Connected, or about to be; their names are not here yet.
  std::map<std::uint64_t, Question> questions_;
  std::uint64_t numbers_ = 0;
  std::uint64_t version_ = 0;
  std::unordered_map<Ref, std::pair<Term, Pid>> watched_;
  std::vector<Promise> promises_;
  std::vector<Taken> taken_;
  std::vector<From<SyncNames>> waiting_;
  std::uint64_t patience_ = 0;  ///< The latest round of waiting for names.
};

inline constexpr auto kGlobalServer = local<GlobalServer::Protocol>(":global_name_server");

}  // namespace pulpo::cluster
