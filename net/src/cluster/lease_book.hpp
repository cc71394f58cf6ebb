// SPDX-License-Identifier: Apache-2.0
//
// LeaseBook, Tenure: how a majority of an application's nodes lets one of them serve, and never two (WK-1).
//
// Each node keeps a book: whom it has promised what, and until when. The one that has the promises of a majority serves; another one
// finds too few nodes that are free to promise, until the first has given its promises back, handed them on, or let them run out. A
// promise lasts a lease from when the node that gave it was asked; who asked counts nine tenths of one from when it asked. So it has
// stopped before the promise ends, though it does not know when the question arrived, and though clocks go differently by a tenth.
//
//   Threads    Values of dist_ac; the book outlives that process, not the node.
//   Bounds     A promise for each application; one of each of its nodes.
//   Errors     None are possible. The book of a node that has just started refuses for one lease: it may have promised something before.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

#include "cluster/by_text.hpp"
#include "pulpo/atom.hpp"
#include "pulpo/time.hpp"

namespace pulpo::cluster {

/// The same on all nodes, whatever their configuration. A quarter of it is a renewal, which a busy link must not delay; all of it is what
/// a loss costs.
inline constexpr Duration kLease = 2s;

class LeaseBook {
 public:
  /// `present`, here and below, is a loop's boot_time().
  explicit LeaseBook(Duration present) noexcept : opens_(present + kLease) {}

  struct Answer {
    bool granted = false;
    Duration wait{};          ///< Else: for how long it may be useless to ask again.
    std::uint64_t epoch = 0;  ///< The latest that it knows of.
  };
  /// What one node has handed on to another: whoever promised it the first may promise it the second.
  struct Ceded {
    Atom node{};
    std::uint64_t epoch = 0;
  };
  /// May `node` serve as that epoch for a lease from now on?
  [[nodiscard]] Answer ask(Atom application, Atom node, std::uint64_t epoch, const Ceded& ceded, Duration present);
  /// It has promised that node that epoch, and nobody anything since.
  [[nodiscard]] bool has_promised(Atom application, Atom node, std::uint64_t epoch) const;
  /// That node does not serve as that epoch, or any more.
  void give_back(Atom application, Atom node, std::uint64_t epoch);
  /// How long it still promises nothing.
  [[nodiscard]] Duration closed_for(Duration present) const noexcept { return std::max(opens_ - present, Duration::zero()); }

 private:
  struct Promise {
    Atom node{};
    std::uint64_t epoch = 0;  ///< Remembered when it is over: no earlier one is promised again.
    Duration until{};
  };
  const Duration opens_;
  std::map<Atom, Promise, ByText> promises_;
};

/// What others have promised this node.
class Tenure {
 public:
  /// `sent` is when this node asked.
  void granted(Atom node, Duration sent);
  void clear() noexcept { until_.clear(); }
  /// Until when so many of them keep their promise; zero when they are fewer.
  [[nodiscard]] Duration until(std::size_t majority) const;

 private:
  static constexpr Duration kServes = kLease / 10 * 9;
  std::map<Atom, Duration, ByText> until_;
};

}  // namespace pulpo::cluster
