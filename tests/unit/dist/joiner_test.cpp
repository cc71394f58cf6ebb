// SPDX-License-Identifier: Apache-2.0
//
// The joiner alone, on simulated hosts: which dials it asks for, and when; the test plays the connections.
#include "dist/joiner.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "mapper/client.hpp"
#include "mapper/mapper.hpp"
#include "unit/io/sim_fixture.hpp"

namespace pulpo::dist {
namespace {

using io::testing_support::SimWorld;

/// Knows hosts by their numbers: "h0", "h1", …
struct NumberedHosts final : host::Resolver {
  std::string own_name() const override { return "h0"; }
  Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const override {
    if (host.size() == 2 && host[0] == 'h') return std::vector{world->network.address_of(static_cast<unsigned>(host[1] - '0'), port)};
    return Fault{.code = Errc::not_found, .where = "host", .detail = "no such host"};
  }
  const SimWorld* world = nullptr;
};

class JoinerTest : public ::testing::Test, protected Joiner::Links {
 protected:
  struct Dial {
    Duration at;
    std::string address, target;
    std::uint64_t ticket;
  };
  JoinerTest() { hosts_.world = &world_; }
  ~JoinerTest() override { world_.end(); }

  void dial(const io::Address& address, const std::string& target, std::uint64_t ticket) override {
    dials_.push_back({world_.since_start(), address.text(), target, ticket});
  }
  bool is_connected(const std::string& name) const override { return connected_.contains(name) || name == "own@h0"; }

  void join(std::string_view list) {
    joiner_ = std::make_unique<Joiner>(
        world_[0], random_, hosts_, static_cast<Joiner::Links&>(*this),
        Joiner::Settings{
            .specs = parse_join(list).value(), .own = {"own", "h0"}, .listens_at = io::Address::any_v6(4000), .mapper_port = 4369});
  }
  void up(const Dial& dial, const std::string& name) {
    connected_.insert(name);
    joiner_->up(name, dial.ticket);
  }
  void up_from_there(const std::string& name) {
    connected_.insert(name);
    joiner_->up(name, 0);
  }
  void down(const std::string& name) {
    connected_.erase(name);
    joiner_->down(name);
  }
  void refuse(const Dial& dial, links::Cause cause, const std::string& name = "") {
    joiner_->ended(dial.ticket, name, {.cause = cause, .fault = {.code = Errc::nodedown, .detail = "as the test says"}});
  }
  /// Refuses each dial as soon as it comes, for so long.
  void pass_refusing(Duration time, links::Cause cause) {
    const TimePoint until = world_.network.now() + time;
    while (world_.network.now() < until) {
      world_.pass(5ms);
      for (; refused_ < dials_.size(); ++refused_) refuse(dials_[refused_], cause);
    }
  }
  /// A mapper on a host, and nodes that it knows.
  void start_mapper(std::size_t host, const std::vector<mapper::NodeRecord>& nodes) {
    auto& its = mappers_[host];
    its.daemon = std::make_unique<mapper::Mapper>(world_[host], random_, mapper::Options{.connections_max = 64});
    ASSERT_TRUE(its.daemon->start());
    for (const auto& node : nodes) {
      its.nodes.push_back(std::make_unique<mapper::Registration>(
          world_[host], random_, mapper::Registration::Settings{.mapper = io::Address::loopback_v4(4369), .node = node},
          [](const auto&) {}));
    }
    world_.pass(1s);
  }
  static mapper::NodeRecord node(std::string name, std::uint16_t port, std::string extra = std::string(mapper::kPulpoExtra)) {
    return {.port = port, .name = std::move(name), .extra = std::move(extra)};
  }
  void beacon(std::uint64_t id, std::uint16_t port, std::size_t host = 1) {
    if (!beacons_[host].socket) {
      beacons_[host].socket = io::DatagramSocket::open(world_[host], beacons_[host], io::Address::any_v4(0), {.broadcast = true}).value();
    }
    const auto to = io::Address::parse("10.77.255.255", discovery::kBeaconPort).value();
    beacons_[host].socket->send(discovery::encode_beacon({.is_answer = true, .port = port, .id = id}), to);
  }

  SeededRandom random_{23};
  SimWorld world_{4};
  NumberedHosts hosts_;
  std::vector<Dial> dials_;
  std::size_t refused_ = 0;  ///< Of dials_, by pass_refusing().
  std::set<std::string> connected_;
  struct ItsMapper {
    std::unique_ptr<mapper::Mapper> daemon;
    std::vector<std::unique_ptr<mapper::Registration>> nodes;
  };
  std::map<std::size_t, ItsMapper> mappers_;
  struct Speaker final : io::DatagramSocket::Owner {
    void received(io::DatagramSocket&, ByteView, const io::Address&) override {}
    std::unique_ptr<io::DatagramSocket> socket;
  };
  std::map<std::size_t, Speaker> beacons_;
  std::unique_ptr<Joiner> joiner_;
};

// --- A list ----------------------------------------------------------------------------------------------------------

TEST_F(JoinerTest, APortOfAHostIsDialledWhoeverIsThere) {
  join("h1:4711");
  world_.pass(10ms);
  ASSERT_EQ(dials_.size(), 1u);
  EXPECT_EQ(dials_[0].address, world_.network.address_of(1, 4711).text());
  EXPECT_EQ(dials_[0].target, "");
  up(dials_[0], "b@h1");
  world_.pass(1h);
  EXPECT_EQ(dials_.size(), 1u);
}

TEST_F(JoinerTest, ANodeIsDialledByItsNameWhereItsMapperSays) {
  start_mapper(1, {node("b", 4711), node("c", 4712)});
  join("c@h1");
  world_.pass(1s);
  ASSERT_EQ(dials_.size(), 1u);
  EXPECT_EQ(dials_[0].address, world_.network.address_of(1, 4712).text());
  EXPECT_EQ(dials_[0].target, "c@h1");
}

TEST_F(JoinerTest, OfAHostAllNodesThatSpeakPulpoAreDialled) {
  start_mapper(1, {node("b", 4711), node("c", 4712), node("erl", 4713, "")});
  join("h1");
  world_.pass(1s);
  std::set<std::string> addresses;
  for (const Dial& dial : dials_) addresses.insert(dial.address);
  EXPECT_EQ(addresses, (std::set<std::string>{world_.network.address_of(1, 4711).text(), world_.network.address_of(1, 4712).text()}));
  up(dials_[0], "b@h1");
  up(dials_[1], "c@h1");
  world_.pass(1h);
  EXPECT_EQ(dials_.size(), 2u);
  down("b@h1");
  world_.pass(2s);
  EXPECT_EQ(dials_.size(), 3u) << "the one that was lost, and not the other";
}

TEST_F(JoinerTest, ItselfIsNotDialled) {
  start_mapper(0, {node("own", 4000), node("b", 4711)});
  join("h0,own@h0");
  world_.pass(1s);
  ASSERT_EQ(dials_.size(), 1u);
  EXPECT_EQ(dials_[0].address, world_.network.address_of(0, 4711).text());
}

TEST_F(JoinerTest, WhatFailsIsTriedAgainAfterPausesThatDoubleUpToHalfAMinute) {
  join("h1:4711");
  pass_refusing(10min, links::Cause::unreachable);
  ASSERT_GE(dials_.size(), 20u);
  Duration due = Joiner::kFirstPause;
  for (std::size_t i = 1; i < dials_.size(); ++i) {
    const Duration pause = dials_[i].at - dials_[i - 1].at;
    EXPECT_GE(pause, due * 3 / 4) << i;
    EXPECT_LE(pause, due * 5 / 4 + 10ms) << i;
    due = std::min<Duration>(2 * due, Joiner::kPauseMax);
  }
}

TEST_F(JoinerTest, ANodeThatWasLostIsMetAgainWhateverItTakes) {
  join("h1:4711");
  world_.pass(10ms);
  up(dials_[0], "b@h1");
  world_.pass(1h);
  const Duration lost = world_.since_start();
  down("b@h1");
  pass_refusing(1h, links::Cause::unreachable);
  EXPECT_LT(dials_[1].at - lost, 700ms);
  const std::size_t before = dials_.size();
  world_.pass(Joiner::kPauseMax * 5 / 4);
  ASSERT_EQ(dials_.size(), before + 1);
  up(dials_.back(), "b@h1");
  down("b@h1");
  world_.pass(700ms);
  EXPECT_EQ(dials_.size(), before + 2) << "the pause is short again";
}

TEST_F(JoinerTest, ANodeThatReachedUsItselfIsNotDialled) {
  start_mapper(1, {node("b", 4711)});
  connected_.insert("b@h1");
  join("b@h1");
  world_.pass(1min);
  EXPECT_TRUE(dials_.empty());
  down("b@h1");
  world_.pass(2s);
  EXPECT_EQ(dials_.size(), 1u);
}

TEST_F(JoinerTest, OneThatIsConnectedAlreadyIsNotDialledAgainOnceItSaysWhoItIs) {
  connected_.insert("b@h1");
  join("h1:4711");
  world_.pass(10ms);
  ASSERT_EQ(dials_.size(), 1u);
  refuse(dials_[0], links::Cause::already_connected, "b@h1");
  world_.pass(1h);
  EXPECT_EQ(dials_.size(), 1u);
  down("b@h1");
  world_.pass(2s);
  EXPECT_EQ(dials_.size(), 2u);
}

TEST_F(JoinerTest, AnotherCookieIsTriedSeldom) {
  join("h1:4711");
  pass_refusing(1h, links::Cause::cookie_refused);
  EXPECT_GE(dials_.size(), 10u);
  EXPECT_LE(dials_.size(), 17u);
}

TEST_F(JoinerTest, AHostThatIsUnknownOrHasNoMapperIsTriedAgain) {
  join("nowhere,h2");
  world_.pass(3s);
  EXPECT_TRUE(dials_.empty());
  start_mapper(2, {node("b", 4711)});
  world_.pass(20s);
  EXPECT_EQ(dials_.size(), 1u);
}

// --- Beacons -----------------------------------------------------------------------------------------------------------

TEST_F(JoinerTest, ANodeWhoseBeaconIsHeardIsDialled) {
  join("lan");
  world_.pass(10ms);
  beacon(7, 4711);
  world_.pass(1s);
  ASSERT_EQ(dials_.size(), 1u);
  EXPECT_EQ(dials_[0].address, world_.network.address_of(1, 4711).text());
  EXPECT_EQ(dials_[0].target, "");
  up(dials_[0], "b@h1");
  for (int i = 0; i < 100; ++i) {
    beacon(7, 4711);
    world_.pass(100ms);
  }
  EXPECT_EQ(dials_.size(), 1u);
  down("b@h1");
  world_.pass(2s);
  EXPECT_EQ(dials_.size(), 2u);
}

TEST_F(JoinerTest, TheNodeWithTheGreaterNumberHasTheFirstWord) {
  join("lan");
  world_.pass(10ms);
  const Duration began = world_.since_start();
  beacon(1, 4711);      // smaller than any that is drawn, as a rule
  beacon(~0ull, 4712);  // and greater
  world_.pass(100ms);
  ASSERT_EQ(dials_.size(), 1u);
  EXPECT_EQ(dials_[0].address, world_.network.address_of(1, 4711).text());
  world_.pass(1s);
  ASSERT_EQ(dials_.size(), 2u);
  EXPECT_GT(dials_[1].at - began, 400ms);
}

TEST_F(JoinerTest, ANodeThatDialsUsMeanwhileIsAskedOnceWhoItIsAndLeftAlone) {
  join("lan");
  world_.pass(10ms);
  beacon(~0ull, 4711);
  world_.pass(100ms);
  up_from_there("b@h1");
  world_.pass(1s);
  ASSERT_EQ(dials_.size(), 1u);
  refuse(dials_[0], links::Cause::already_connected, "b@h1");
  for (int i = 0; i < 60; ++i) {
    beacon(~0ull, 4711);
    world_.pass(10s);
  }
  EXPECT_EQ(dials_.size(), 1u);
}

TEST_F(JoinerTest, ForgedBeaconsOfNewLivesNeitherPutADialOffNorHurryIt) {
  join("lan");
  world_.pass(10ms);
  for (std::uint64_t life = 1; life <= 100; ++life) {
    beacon(life, 4711);
    world_.pass(100ms);
    for (; refused_ < dials_.size(); ++refused_) refuse(dials_[refused_], links::Cause::cookie_refused);
  }
  EXPECT_GE(dials_.size(), 1u);
  EXPECT_LE(dials_.size(), 2u);
}

TEST_F(JoinerTest, ANodeThatStartsAnewOnItsPortIsTheSameEntry) {
  join("lan");
  world_.pass(10ms);
  for (std::uint64_t life = 1; life <= 50; ++life) {
    beacon(life, 4711);
    world_.pass(2s);
    up(dials_.back(), "b@h1");
    down("b@h1");
  }
  EXPECT_EQ(joiner_->beacon_targets(), 1u);
}

TEST_F(JoinerTest, ANodeThatStartsAnewOnOtherPortsLeavesOneEntry) {
  join("lan");
  world_.pass(10ms);
  for (std::uint16_t life = 1; life <= 50; ++life) {
    beacon(life, static_cast<std::uint16_t>(4711 + life));
    const auto port = fmt::format(":{}", 4711 + life);
    for (bool was_met = false; !was_met;) {
      world_.pass(5ms);
      ASSERT_LT(world_.since_start(), 1h);
      for (; refused_ < dials_.size(); ++refused_) {
        const bool is_it = dials_[refused_].address.ends_with(port);
        if (is_it) {
          up(dials_[refused_], "b@h1");
        } else {
          refuse(dials_[refused_], links::Cause::unreachable);
        }
        was_met |= is_it;
      }
    }
    down("b@h1");
  }
  EXPECT_LE(joiner_->beacon_targets(), 2u) << "but for one that was being dialled";
}

TEST_F(JoinerTest, AFloodOfBeaconsIsDialledNoFasterThanTheLimitAndRememberedInBounds) {
  join("lan");
  world_.pass(10ms);
  const Duration began = world_.since_start();
  std::size_t refused = 0;
  for (std::uint64_t id = 1; id <= 5'000; ++id) {
    beacon(id << 20, static_cast<std::uint16_t>(1 + id % 60'000), 1 + id % 3);
    world_.pass(10ms);
    for (; refused < dials_.size(); ++refused) refuse(dials_[refused], links::Cause::unreachable);
    ASSERT_LE(joiner_->beacon_targets(), Joiner::kBeaconTargetsMax);
  }
  const auto seconds = std::chrono::duration<double>(world_.since_start() - began).count();
  EXPECT_GE(dials_.size(), 100u);
  EXPECT_LE(static_cast<double>(dials_.size()), 16 + 8 * seconds + 1);
}

TEST_F(JoinerTest, DialsThatNobodyAnswersAreSixteenAtMost) {
  join("lan");
  world_.pass(10ms);
  for (std::uint64_t id = 1; id <= 200; ++id) {
    beacon(id, static_cast<std::uint16_t>(id));
    world_.pass(100ms);
  }
  EXPECT_EQ(dials_.size(), Joiner::kBeaconDialsMax);
}

TEST_F(JoinerTest, AFloodDoesNotPushOutWhoWasMet) {
  join("lan");
  world_.pass(10ms);
  beacon(7, 4711);
  world_.pass(1s);
  up(dials_.at(0), "b@h1");
  for (std::uint64_t id = 1; id <= 2'000; ++id) {
    beacon(id << 20, static_cast<std::uint16_t>(5000 + id), 2);
    world_.pass(50ms);
    while (dials_.size() > 1) {
      // Each says that it is somebody who is connected.
      refuse(dials_.back(), links::Cause::already_connected, "b@h1");
      dials_.pop_back();
    }
  }
  const Duration lost = world_.since_start();
  down("b@h1");
  bool was_dialled = false;
  while (world_.since_start() - lost < 5min && !was_dialled) {
    world_.pass(100ms);
    for (; dials_.size() > 1; dials_.pop_back()) {
      was_dialled |= dials_.back().address == world_.network.address_of(1, 4711).text();
      refuse(dials_.back(), links::Cause::unreachable);
    }
  }
  EXPECT_TRUE(was_dialled);
}

TEST_F(JoinerTest, AStrangerThatIsNotHeardAnyMoreIsForgotten) {
  join("lan");
  world_.pass(10ms);
  beacon(7, 4711);
  pass_refusing(3min, links::Cause::unreachable);
  EXPECT_EQ(joiner_->beacon_targets(), 0u);
  const auto before = dials_.size();
  world_.pass(1h);
  EXPECT_EQ(dials_.size(), before);
}

}  // namespace
}  // namespace pulpo::dist
