// SPDX-License-Identifier: Apache-2.0
//
// A mapper on a port of its own, and nodes that know each other through it, all in this program.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "mapper/mapper.hpp"
#include "pulpo/net/node.hpp"

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
      mapper::Mapper mapper(**loop, random, {.port = 0, .addresses = {io::Address::loopback_v4(0)}});
      ASSERT_TRUE(mapper.start());
      loop_ = loop->get();
      port.set_value(mapper.port());
      while (!stopping_) (*loop)->turn(io::Loop::Wait::yes);
      mapper.stop();
      while ((*loop)->pending() > 0) (*loop)->turn(io::Loop::Wait::yes);
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
  io::Loop* loop_ = nullptr;
  std::uint16_t port_ = 0;
};

/// Once on each loop; where there is no io_uring the uring instances run on what `automatic` gives.
class NodesTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  [[nodiscard]] NodeOptions options(const std::string& name) const {
    NodeOptions options;
    options.kind = NameKind::short_name;
    options.name = name + "@localhost";
    options.cookie = "secret_token";
    options.mapper_port = mapper_.port();
    options.start_mapper = false;
    options.runtime.loop = GetParam() == LoopChoice::uring ? LoopChoice::automatic : GetParam();
    return options;
  }
  /// Starts a node; the test has failed when it does not start.
  [[nodiscard]] std::unique_ptr<Node> start(const NodeOptions& options) const {
    auto node = std::make_unique<Node>(options);
    const auto started = node->start();
    EXPECT_TRUE(started) << started.error().text();
    return node;
  }
  [[nodiscard]] std::unique_ptr<Node> start(const std::string& name) const { return start(options(name)); }

  MapperThread mapper_;
};

/// Runs `test` as a process of `node`.
inline void run_on(Node& node, std::function<void()> test) {
  EXPECT_TRUE(node.runtime().run(std::move(test))) << "the test's process was ended";
}

inline Atom node_atom(const std::string& name) { return Atom(name + "@localhost"); }

}  // namespace pulpo::testing

#define PULPO_NODES_ON_EACH_LOOP(suite)                                                                         \
  INSTANTIATE_TEST_SUITE_P(Loops, suite, ::testing::Values(pulpo::LoopChoice::uring, pulpo::LoopChoice::epoll), \
                           [](const auto& info) { return info.param == pulpo::LoopChoice::uring ? "uring" : "epoll"; })
