// SPDX-License-Identifier: Apache-2.0
//
// Election: on which node an application is to run, by what is known of the others (AC-21, AC-22). No state; the same answer on every
// node that knows the same.
#pragma once

#include <optional>
#include <vector>

#include "cluster/dist_ac_messages.hpp"

namespace pulpo::cluster {

/// A node of the application's list, as this node knows it.
struct Candidate {
  Atom node;
  std::size_t rank = 0;  ///< Its group's place in the list; 0 is the highest priority.
  std::uint64_t weight = 0;
  bool is_known = true;                       ///< False: connected, and has said nothing yet.
  const ApplicationStatus* status = nullptr;  ///< Null: it does not know the application.
  [[nodiscard]] bool can_run() const noexcept { return status != nullptr && status->wanted && status->permitted; }
  /// It may be able to, in a moment.
  [[nodiscard]] bool may_come() const noexcept {
    return !is_known || (status != nullptr && status->expected && !status->wanted && status->permitted);
  }
};

struct Choice {
  std::optional<Atom> node;  ///< Where to run; none: nowhere.
  bool is_open = false;      ///< A node that would be chosen before it may still come.
};

/// `epoch` is the latest that anybody knows of: who failed to start that one comes last.
[[nodiscard]] Choice elect(const std::vector<Candidate>& candidates, std::uint64_t epoch);

}  // namespace pulpo::cluster
