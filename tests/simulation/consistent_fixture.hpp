// SPDX-License-Identifier: Apache-2.0
//
// The three nodes with their application in mode `consistent`; at every moment it serves on one of them at most.
#pragma once

#include "cluster/dist_ac.hpp"
#include "failover_fixture.hpp"
#include "otp/application_table.hpp"
#include "proc/core.hpp"

namespace pulpo::failover {

using cluster::kLease;

class Consistent : public Failover {
 protected:
  static KernelConfig consistent(const std::string& wait = "5000") {
    KernelConfig kernel = configuration("", wait);
    kernel.distributed.front().consistent = true;
    return kernel;
  }
  void begin(const std::string& wait = "5000") {
    start_all(consistent(wait));
    world.check_always("two serve", [this] { return serving() <= 1; });
  }
  static Lease::Right right(const SimulatedNode& node) {
    if (!node.is_up()) return Lease::Right::none;
    const auto lease = ApplicationTable::of(node.runtime()).lease_of(Atom(kDistro));
    return lease == nullptr ? Lease::Right::none : lease->right(node.runtime().core(0).loop().boot_time());
  }
  /// On how many nodes a request would be taken up at this moment.
  std::size_t serving() {
    const auto nodes_up = alive();
    return static_cast<std::size_t>(
        std::count_if(nodes_up.begin(), nodes_up.end(), [](const SimulatedNode* node) { return right(*node) == Lease::Right::to_all; }));
  }
  /// As which instance it says that it serves; and what its reply carries must be the same.
  std::uint64_t epoch_from(SimulatedNode& node) {
    return node.eval([] {
      std::uint64_t carried = 0;
      auto said = try_call(name_of(kDistro), WhichEpoch{}, {.timeout = 1s, .epoch = &carried});
      EXPECT_TRUE(said.has_value());
      EXPECT_EQ(said ? *said : 0, carried);
      return carried;
    });
  }
};

}  // namespace pulpo::failover
