// SPDX-License-Identifier: Apache-2.0
//
// What becomes of datagrams between simulated hosts, and that a seed says exactly what.
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/io/sim_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Recorder;
using testing_support::SimWorld;

/// A socket on each of `count` hosts, all of one port, with what each has received.
struct Lan {
  explicit Lan(SimWorld& world_, std::uint32_t count, std::uint16_t port = 5000) : world(world_), received(count) {
    for (std::uint32_t host = 0; host < count; ++host) {
      handles.push_back(world[host].bind(Address::any_v4(port), {.broadcast = true}).value());
      received[host].then = [this, host](const Completion& completion) {
        if (completion.from == nullptr) return;
        order[host].push_back(std::string(completion.data));
      };
      world[host].receive(received[host], handles[host]);
    }
    order.resize(count);
  }
  ~Lan() { world.end(); }
  void send(std::uint32_t from, const std::string& bytes, const Address& to) {
    Recorder sent;
    world[from].send_to(sent, handles[from], bytes, to);
    EXPECT_TRUE(world.until([&] { return sent.ended; }));
    EXPECT_EQ(sent.last(), static_cast<std::int32_t>(bytes.size()));
  }
  Address at(HostNumber host) const { return world.network.address_of(host, 5000); }

  SimWorld& world;
  std::vector<Handle> handles;
  std::vector<Recorder> received;
  std::vector<std::vector<std::string>> order;
};

TEST(SimUdp, OvertakeEachOther) {
  SimWorld world(2, {.seed = 3});
  Lan lan(world, 2);
  for (int i = 0; i < 100; ++i) lan.send(0, std::to_string(i), lan.at(1));
  world.pass(1s);
  ASSERT_EQ(lan.order[1].size(), 100u);
  EXPECT_FALSE(std::is_sorted(lan.order[1].begin(), lan.order[1].end(),
                              [](const std::string& a, const std::string& b) { return std::stoi(a) < std::stoi(b); }));
}

TEST(SimUdp, GetLostAndAreDoubledAsOftenAsTheOptionsSay) {
  SimWorld world(2, {.seed = 3, .datagram_loss_permille = 200, .datagram_twice_permille = 100});
  Lan lan(world, 2);
  for (int i = 0; i < 1000; ++i) {
    lan.send(0, "x", lan.at(1));
    world.pass(3ms);
  }
  EXPECT_NEAR(static_cast<double>(lan.order[1].size()), 1000 * 0.8 * 1.1, 80);
  lan.send(1, "to itself", lan.at(1));
  world.pass(1s);
  EXPECT_EQ(lan.order[1].back(), "to itself");
}

TEST(SimUdp, TheSameSeedLosesTheSame) {
  const auto trace_of = [](std::uint64_t seed) {
    std::string trace;
    SimWorld world(3, {.seed = seed, .datagram_loss_permille = 300, .datagram_twice_permille = 100});
    world.network.trace([&trace](std::string_view line) { (trace += line) += '\n'; });
    Lan lan(world, 3);
    for (int i = 0; i < 50; ++i) lan.send(0, std::to_string(i), Address::parse("255.255.255.255", 5000).value());
    world.pass(1s);
    return trace;
  };
  const std::string first = trace_of(7);
  EXPECT_NE(first.find("datagram-lost"), std::string::npos);
  EXPECT_EQ(first, trace_of(7));
  EXPECT_NE(first, trace_of(8));
}

TEST(SimUdp, ABroadcastReachesEveryHostThatListens) {
  SimWorld world(4);
  Lan lan(world, 3);
  lan.send(0, "hello", Address::parse("255.255.255.255", 5000).value());
  lan.send(1, "there", Address::parse("10.77.255.255", 5000).value());
  world.pass(1s);
  for (const auto& order : lan.order) EXPECT_EQ(order.size(), 2u);
}

TEST(SimUdp, AGroupReachesItsMembersAlone) {
  SimWorld world(3);
  Lan lan(world, 3);
  const Address group = Address::parse("239.1.2.3", 5000).value();
  ASSERT_TRUE(world[1].join(lan.handles[1], group, {}));
  lan.send(0, "members", group);
  world.pass(1s);
  EXPECT_EQ(lan.order[0].size() + lan.order[2].size(), 0u);
  EXPECT_EQ(lan.order[1].size(), 1u);
}

TEST(SimUdp, CutsAndLossOfPowerLoseThem) {
  SimWorld world(2);
  Lan lan(world, 2);
  world.network.cut(0, 1);
  lan.send(0, "cut", lan.at(1));
  lan.send(1, "the way back is open", lan.at(0));
  world.pass(1s);
  EXPECT_EQ(lan.order[1].size(), 0u);
  EXPECT_EQ(lan.order[0].size(), 1u);
  world.network.heal(0, 1);
  lan.send(0, "healed", lan.at(1));
  world.network.cut(0, 1);  // while it is under way
  world.pass(1s);
  EXPECT_EQ(lan.order[1].size(), 0u);
  world.network.heal(0, 1);
  world.pass(1s);
  EXPECT_EQ(lan.order[1].size(), 0u) << "nothing is sent again";
  world.network.power_loss(1);
  lan.send(0, "dark", lan.at(1));
  world.pass(1s);
  EXPECT_EQ(lan.order[1].size(), 0u);
}

TEST(SimUdp, ABufferThatNobodyReadsDropsWhatIsMore) {
  SimWorld world(2, {.datagram_buffer_bytes = 10'000});
  const Handle from = world[0].bind(Address::any_v4(5000), {}).value();
  const Handle to = world[1].bind(Address::any_v4(5000), {}).value();
  for (int i = 0; i < 20; ++i) {
    Recorder sent;
    world[0].send_to(sent, from, std::string(1000, 'x'), world.network.address_of(1, 5000));
    EXPECT_TRUE(world.until([&] { return sent.ended; }));
  }
  world.pass(1s);
  Recorder received;
  std::size_t count = 0;
  received.then = [&](const Completion& completion) { count += completion.from != nullptr ? 1 : 0; };
  world[1].receive(received, to);
  world.pass(1s);
  EXPECT_EQ(count, 6u);  // each takes 1,768 bytes of the 10,000, and the last one no more than its own
  world.end();
}

TEST(SimUdp, AProcessThatDiesFreesItsPort) {
  SimWorld world(1);
  Recorder received;
  const Handle handle = world[0].bind(Address::any_v4(5000), {}).value();
  world[0].receive(received, handle);
  world.network.kill(world[0]);
  EXPECT_TRUE(world.until([&] { return received.ended; }));
  auto other = world.network.make_loop(0);
  EXPECT_TRUE(other->bind(Address::any_v4(5000), {}));
}

}  // namespace
}  // namespace pulpo::io
