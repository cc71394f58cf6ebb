// SPDX-License-Identifier: Apache-2.0
//
// A mapper on a port of its own, and nodes that know each other through it, all in this program: on the kernel's loops with threads, on
// the simulated one in virtual time.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "mapper/mapper.hpp"
#include "pulpo/net/node.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo::testing {

/// A mapper on a free port of loopback, turned by a thread of its own.
class MapperThread {
 public:
  MapperThread() {
    std::promise<std::uint16_t> port;
    thread_ = std::thread([this, &port] {
      auto loop = io::make_loop(io::LoopKind::epoll);
      ASSERT_TRUE(loop);
      SystemRandom random;
      loop_ = std::move(*loop);
      mapper::Mapper mapper(*loop_, random, {.port = 0, .addresses = {io::Address::loopback_v4(0)}});
      ASSERT_TRUE(mapper.start());
      port.set_value(mapper.port());
      while (!stopping_) loop_->turn(io::Loop::Wait::yes);
      mapper.stop();
      while (loop_->pending() > 0) loop_->turn(io::Loop::Wait::yes);
    });
    port_ = port.get_future().get();
  }
  ~MapperThread() {
    stopping_ = true;
    loop_->wake();
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::unique_ptr<io::Loop> loop_;  ///< Outlives the thread, which may end while it is still being woken.
  std::uint16_t port_ = 0;
};

/// The same as a process of its own on a simulated host.
class SimulatedMapper {
 public:
  explicit SimulatedMapper(Simulation& simulation) : seat_(simulation.stepper, simulation.host) { EXPECT_TRUE(mapper_->start()); }
  ~SimulatedMapper() {
    seat_.kill();
    mapper_.reset();
    EXPECT_TRUE(seat_.run_until([this] { return loop_.pending() == 0; }));
  }
  [[nodiscard]] std::uint16_t port() const noexcept { return mapper_->port(); }

 private:
  Stepper::Seat seat_;
  io::SimLoop& loop_ = seat_.add_loop();
  SeededRandom random_{1};
  std::unique_ptr<mapper::Mapper> mapper_ = std::make_unique<mapper::Mapper>(loop_, random_, mapper::Options{});
};

/// Once on each loop; where there is no io_uring the uring instances run on what `automatic` gives.
class NodesTest : public ::testing::TestWithParam<OnLoop> {
 protected:
  NodesTest() {
    if (is_simulated()) {
      simulation_ = std::make_unique<Simulation>();
      simulated_mapper_ = std::make_unique<SimulatedMapper>(*simulation_);
    } else {
      mapper_thread_ = std::make_unique<MapperThread>();
    }
  }
  [[nodiscard]] bool is_simulated() const { return GetParam() == OnLoop::sim; }
  [[nodiscard]] std::uint16_t mapper_port() const { return is_simulated() ? simulated_mapper_->port() : mapper_thread_->port(); }
  [[nodiscard]] NodeOptions options(const std::string& name) {
    NodeOptions options;
    options.kind = NameKind::short_name;
    options.name = name + "@localhost";
    options.cookie = "secret_token";
    options.mapper_port = mapper_port();
    options.start_mapper = false;
    options.runtime = runtime_options();
    return options;
  }
  /// What makes a runtime run on this test's loop.
  [[nodiscard]] RuntimeOptions runtime_options() {
    RuntimeOptions options;
    options.loop = GetParam() == OnLoop::epoll ? LoopChoice::epoll : LoopChoice::automatic;
    if (is_simulated()) {
      seats_.push_back(std::make_unique<Stepper::Seat>(simulation_->stepper, simulation_->host));
      options.driver = seats_.back().get();
    }
    return options;
  }
  /// Starts a node; the test has failed when it does not start.
  [[nodiscard]] std::unique_ptr<Node> start(const NodeOptions& options) const {
    auto node = std::make_unique<Node>(options);
    const auto started = node->start();
    EXPECT_TRUE(started) << started.error().text();
    return node;
  }
  [[nodiscard]] std::unique_ptr<Node> start(const std::string& name) { return start(options(name)); }
  /// Waits for what a process promised; in virtual time that is what makes it happen.
  template <class T>
  T await(std::promise<T>& promise) {
    auto future = promise.get_future();
    if (is_simulated()) {
      const auto is_kept = [&] { return future.wait_for(0s) == std::future_status::ready; };
      EXPECT_TRUE(simulation_->stepper.run_until(is_kept, simulation_->network.now() + 60s));
    }
    return future.get();
  }

 private:
  std::unique_ptr<Simulation> simulation_;
  std::unique_ptr<SimulatedMapper> simulated_mapper_;
  std::unique_ptr<MapperThread> mapper_thread_;
  std::deque<std::unique_ptr<Stepper::Seat>> seats_;  ///< A driver for each runtime.
};

/// Runs `test` as a process of `node`.
inline void run_on(Node& node, std::function<void()> test) {
  EXPECT_TRUE(node.runtime().run(std::move(test))) << "the test's process was ended";
}

inline Atom node_atom(const std::string& name) { return Atom(name + "@localhost"); }

}  // namespace pulpo::testing
