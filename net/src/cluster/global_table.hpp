// SPDX-License-Identifier: Apache-2.0
//
// GlobalTable: the names of the cluster as this node knows them, a full replica (GLOBAL-1).
//
// A name has one claim. It has two while a registration is being decided, and after a partition has healed, until the conflict is; what
// is looked up is then the one that has been settled for longest; but one by force comes before those that are older.
//
//   Ownership  Shared by the node's name space and its global_name_server; outlives a restart of the latter.
//   Threads    Any; a lock that readers share.
//   Suspends   Never.
//   Cost       A look-up: an uncontended shared lock and a search by comparison.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "pulpo/term.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class GlobalTable {
 public:
  /// The order of names.
  struct Before {
    bool operator()(const Term& left, const Term& right) const noexcept { return Term::compare_exactly(left, right) < 0; }
  };
  struct Claim {
    Pid pid;
    Atom node;                  ///< The pid's, which answers for it.
    std::uint64_t version = 0;  ///< Higher for what was said later, of what the one who said it knew.
    TimePoint since{};          ///< By this node's clock.
    Atom method;                ///< Of resolving a conflict.
    Atom application;           ///< The distributed application it belongs to; nil: none.
    bool settled = false;       ///< All have agreed.
    bool forced = false;        ///< In the place of older ones, whose nodes drop them when they hear of it.
  };

  [[nodiscard]] std::optional<Pid> find(const Term& name) const;
  [[nodiscard]] std::vector<Claim> claims(const Term& name) const;
  [[nodiscard]] std::vector<std::pair<Term, Claim>> of_node(Atom node) const;
  [[nodiscard]] std::vector<Term> names() const;

  /// In the place of what the same process had under that name; `name` is share()d.
  void put(const Term& name, const Claim& claim);
  /// Before all others, and in the place of its node's, unless there is a later one. False: there is.
  bool replace(const Term& name, const Claim& claim);
  bool drop(const Term& name, const Pid& pid);
  void drop_node(Atom node);

  // --- Nodes whose names are on their way -------------------------------------------------------------------
  void expect(Atom node);
  void merged(Atom node);
  [[nodiscard]] bool is_merging() const noexcept { return expected_count_.load(std::memory_order_acquire) != 0; }

 private:
  template <class Wanted>
  void drop_if(const Wanted& wanted);
  static bool is_better(const Claim& left, const Claim& right) noexcept;

  mutable std::shared_mutex mutex_;
  std::map<Term, std::vector<Claim>, Before> names_;  ///< None without a claim.
  std::set<std::uint32_t> expected_;                  ///< By the atom's number.
  std::atomic<std::size_t> expected_count_{0};
};

}  // namespace pulpo
