// SPDX-License-Identifier: Apache-2.0
//
// StalledLinks: the links whose ticks somebody else sends while their loop's thread stands still, so that a process that holds its core
// does not make peers take this node for dead (D11).
//
//   Order      A tick at once when it is noticed, then one each quarter of a link's tick time.
//   Ownership  Borrows connections, from add() to remove().
//   Threads    add(), remove(): the loop's. tick(): the watchdog's.
//   Bounds     After kHelpMax tick times nothing is sent any more: who holds a core for ever is dead for its peers.
//   Cost       Nothing while the core goes on.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "link/connection.hpp"
#include "link/heartbeat.hpp"

namespace pulpo::links {

class StalledLinks {
 public:
  static constexpr int kHelpMax = 10;

  void add(Connection& connection, Duration tick_time) {
    const std::lock_guard lock(mutex_);
    links_.push_back({&connection, tick_time, TimePoint{}});
  }
  void remove(const Connection& connection) {
    const std::lock_guard lock(mutex_);
    std::erase_if(links_, [&](const Link& each) { return each.connection == &connection; });
  }
  /// The core has stood still for `held`, until `now`.
  void tick(Duration held, TimePoint now) {
    const std::lock_guard lock(mutex_);
    for (Link& each : links_) {
      if (held > each.tick_time * kHelpMax || now - each.ticked < each.tick_time / Heartbeat::kIntensity) continue;
      each.ticked = now;
      each.connection->tick_for_stalled_core();
    }
  }

 private:
  struct Link {
    Connection* connection;
    Duration tick_time;
    TimePoint ticked;
  };
  std::mutex mutex_;
  std::vector<Link> links_;
};

}  // namespace pulpo::links
