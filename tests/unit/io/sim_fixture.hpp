// SPDX-License-Identifier: Apache-2.0
//
// SimWorld: a few simulated hosts with a loop each, driven until something holds.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/sim_network.hpp"
#include "unit/io/loop_fixture.hpp"

namespace pulpo::io::testing_support {

class SimWorld {
 public:
  explicit SimWorld(std::uint32_t hosts = 2, const SimOptions& options = {}) : network(options) {
    for (std::uint32_t host = 0; host < hosts; ++host) {
      network.add_host();
      loops.push_back(network.make_loop(host));
    }
    end_of_world = [this] { end(); };
  }
  ~SimWorld() {
    end();
    end_of_world = nullptr;
  }
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  /// Kills every process; all that is pending ends.
  void end() {
    for (auto& loop : loops) {
      network.kill(*loop);
      while (loop->pending() > 0) loop->turn(Loop::Wait::no);
    }
  }

  SimLoop& operator[](std::size_t at) { return *loops[at]; }

  /// Turns whoever has work; then lets the next thing happen, unless that is later than `limit`.
  bool step(TimePoint limit = kNever) {
    bool worked = false;
    TimePoint next = network.next_event();
    for (auto& loop : loops) {
      while (loop->has_work()) {
        loop->turn(Loop::Wait::yes);
        worked = true;
      }
      next = std::min(next, loop->next_due());
    }
    if (worked) return true;
    if (next == kNever || next > limit) return false;
    network.advance(next);
    return true;
  }
  /// False when it does not come to hold within an hour of virtual time.
  bool until(const std::function<bool()>& holds) {
    const TimePoint limit = network.now() + 1h;
    while (!holds() && step(limit)) {
    }
    return holds();
  }
  void pass(Duration time) {
    const TimePoint limit = network.now() + time;
    while (step(limit)) {
    }
    network.advance(limit);
    while (step(limit)) {
    }
  }
  Duration since_start() const { return network.now() - SimWire::kStart; }

  struct Pair {
    Handle near = -1;  ///< Of loop `from`.
    Handle far = -1;   ///< Of loop `to`.
  };
  Pair connect(std::size_t from, std::size_t to) {
    const Handle listener = loops[to]->listen(Address::any_v4(0), {}).value();
    Address address = network.address_of(loops[to]->host(), loops[to]->local_address(listener)->port());
    Recorder accept, dial;
    loops[to]->accept(accept, listener);
    loops[from]->connect(dial, address);
    EXPECT_TRUE(until([&] { return dial.ended && !accept.results.empty(); }));
    loops[to]->close(listener);
    EXPECT_TRUE(until([&] { return accept.ended; }));
    return {.near = dial.last(), .far = accept.results.at(0)};
  }

  SimNetwork network;
  std::vector<std::unique_ptr<SimLoop>> loops;
};

}  // namespace pulpo::io::testing_support
