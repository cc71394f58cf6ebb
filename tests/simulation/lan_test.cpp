// SPDX-License-Identifier: Apache-2.0
//
// Boards that find each other by beacons, through power losses and cut cables.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <pulpo/testing.hpp>
#include <vector>

namespace {

using namespace pulpo;
using pulpo::testing::World;

class Lan : public ::testing::Test {
 protected:
  static constexpr unsigned kSeeds = 30;

  void build(std::uint64_t seed, unsigned boards) {
    nodes_.clear();
    world_.emplace(pulpo::testing::WorldOptions{.seed = seed});
    for (unsigned i = 0; i < boards; ++i) {
      nodes_.push_back(
          &world_->start({.name = fmt::format("board{}", i), .configure = [](NodeOptions& options) { options.join = {"lan"}; }}));
    }
  }
  /// Everybody who is up is connected with everybody else who is.
  [[nodiscard]] bool all_meet() const {
    std::size_t up = 0;
    for (const auto* node : nodes_) up += node->is_up() ? 1 : 0;
    for (auto* node : nodes_) {
      if (node->is_up() && node->eval([] { return pulpo::nodes().size(); }) != up - 1) return false;
    }
    return true;
  }
  std::optional<World> world_;
  std::vector<pulpo::testing::Node*> nodes_;
};

TEST_F(Lan, FiveBoardsMeetWithinTwoSeconds) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    build(seed, 5);
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
  }
}

TEST_F(Lan, ABoardThatComesLaterAndAgainIsMetWithinTwoSeconds) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    build(seed, 3);
    ASSERT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
    world_->run_for(1min);
    nodes_.push_back(&world_->start({.name = "late", .configure = [](NodeOptions& options) { options.join = {"lan"}; }}));
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
    nodes_.back()->crash();
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 2s)) << "the others have noticed";
    nodes_.back()->restart();
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
  }
}

TEST_F(Lan, LinksThatAreLostAreMadeAgain) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    build(seed, 3);
    ASSERT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
    world_->drop_connections(*nodes_[0], *nodes_[1]);
    world_->run_for(50ms);
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 5s));
    // For so long that everybody tries every half minute only; then within one such pause, and the beacon that shortens it.
    world_->partition({*nodes_[0]}, {*nodes_[1], *nodes_[2]});
    world_->drop_connections(*nodes_[0], *nodes_[1]);
    world_->drop_connections(*nodes_[0], *nodes_[2]);
    world_->run_for(10min);
    EXPECT_FALSE(all_meet());
    world_->heal();
    EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 40s));
  }
}

TEST_F(Lan, ADisconnectOfOnesOwnIsNoGoodbyeForEver) {
  build(1, 2);
  ASSERT_TRUE(world_->run_until([&] { return all_meet(); }, 2s));
  nodes_[0]->run([&] { EXPECT_TRUE(disconnect_node(nodes_[1]->atom())); });
  nodes_[1]->crash();
  nodes_[1]->restart();
  EXPECT_TRUE(world_->run_until([&] { return all_meet(); }, 5s));
}

TEST_F(Lan, ALinkIsNotLostToTheMeetingItself) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    build(seed, 4);
    // From the moment on that two have met, they stay connected.
    std::vector<std::pair<pulpo::testing::Node*, Atom>> met;
    const auto look = [&] {
      for (auto* node : nodes_) {
        for (const Atom name : node->eval([] { return pulpo::nodes(); })) {
          if (std::find(met.begin(), met.end(), std::pair(node, name)) == met.end()) met.emplace_back(node, name);
        }
      }
      for (const auto& [node, name] : met) {
        const auto have = node->eval([] { return pulpo::nodes(); });
        if (std::find(have.begin(), have.end(), name) == have.end()) ADD_FAILURE() << node->name() << " has lost " << name.text();
      }
    };
    for (int i = 0; i < 200; ++i) {
      world_->run_for(10ms);
      look();
    }
    EXPECT_TRUE(all_meet());
  }
}

}  // namespace
