// SPDX-License-Identifier: Apache-2.0
//
// Beacons between simulated hosts: how soon, how often, and what becomes of interfaces that come later.
#include "discovery/discovery.hpp"
#include "unit/io/sim_fixture.hpp"

namespace pulpo::discovery {
namespace {

using io::testing_support::SimWorld;

class Lan : public testing::Test {
 protected:
  struct Board {
    std::vector<std::pair<Duration, Heard>> heard;
    std::unique_ptr<Discovery> discovery;
    [[nodiscard]] bool has_heard(const Board& other) const {
      return std::any_of(heard.begin(), heard.end(), [&](const auto& one) { return one.second.id == other.discovery->id(); });
    }
  };
  void start(std::size_t host) {
    Board& board = boards_[host];
    board.discovery = std::make_unique<Discovery>(world_[host], random_, Settings{.node_port = 4711}, [this, &board](const Heard& heard) {
      board.heard.emplace_back(world_.since_start(), heard);
    });
  }
  ~Lan() override { world_.end(); }

  SeededRandom random_{5};
  SimWorld world_{3};
  std::array<Board, 3> boards_;
};

TEST_F(Lan, BoardsHearEachOtherWithinATenthOfASecondOfTheLaterStart) {
  start(0);
  start(1);
  world_.pass(100ms);
  EXPECT_TRUE(boards_[0].has_heard(boards_[1]) && boards_[1].has_heard(boards_[0]));
  EXPECT_EQ(boards_[1].heard[0].second.address.text(), world_.network.address_of(0, 4711).text());
  world_.pass(1min);
  start(2);
  world_.pass(200ms);
  EXPECT_TRUE(boards_[2].has_heard(boards_[0]) && boards_[2].has_heard(boards_[1]));
  EXPECT_TRUE(boards_[0].has_heard(boards_[2]) && boards_[1].has_heard(boards_[2]));
}

TEST_F(Lan, BeaconsComeQuicklyAtFirstAndThenEveryTenSeconds) {
  start(0);
  start(1);
  world_.pass(2s);
  const auto at_first = boards_[1].heard.size();  // each as a multicast and as a broadcast, and an answer
  EXPECT_GE(at_first, 10u);
  EXPECT_LE(at_first, 14u);
  world_.pass(100s);
  EXPECT_GE(boards_[1].heard.size(), at_first + 2 * 8);
  EXPECT_LE(boards_[1].heard.size(), at_first + 2 * 13);
}

TEST_F(Lan, AnInterfaceThatComesLaterIsSpokenToAtOnce) {
  const auto usual = world_[0].interfaces().value();
  world_[0].set_interfaces({});
  start(0);
  start(1);
  world_.pass(1min);
  EXPECT_TRUE(boards_[1].heard.empty());
  const Duration came = world_.since_start();
  world_[0].set_interfaces(usual);
  world_.pass(200ms);
  EXPECT_TRUE(boards_[1].has_heard(boards_[0]));
  // The same once more, after it has gone.
  world_[0].set_interfaces({});
  world_.pass(1min);
  const auto before = boards_[1].heard.size();
  world_.pass(1min);
  EXPECT_EQ(boards_[1].heard.size(), before);
  world_[0].set_interfaces(usual);
  world_.pass(200ms);
  EXPECT_GT(boards_[1].heard.size(), before);
  EXPECT_LT(boards_[1].heard[0].first - came, 100ms);
}

TEST_F(Lan, ABoardThatHearsAndIsNotHeardIsFoundOnceTheWayIsOpen) {
  world_.network.cut(1, 0);
  start(0);
  start(1);
  world_.pass(30s);
  EXPECT_TRUE(boards_[1].has_heard(boards_[0]));
  EXPECT_FALSE(boards_[0].has_heard(boards_[1]));
  world_.network.heal(1, 0);
  world_.pass(13s);
  EXPECT_TRUE(boards_[0].has_heard(boards_[1]));
}

TEST_F(Lan, AnInterfaceThatOnlyBroadcastsIsEnough) {
  for (std::size_t host : {0u, 1u}) {
    auto its = world_[host].interfaces().value();
    its[0].has_multicast = false;
    world_[host].set_interfaces(its);
    start(host);
  }
  world_.pass(200ms);
  EXPECT_TRUE(boards_[0].has_heard(boards_[1]) && boards_[1].has_heard(boards_[0]));
}

}  // namespace
}  // namespace pulpo::discovery
