// SPDX-License-Identifier: Apache-2.0
//
// Nodes of one host that hear each other's beacons, on every loop. Those of several hosts are in lan_test.cpp.
#include "discovery/discovery.hpp"

#include "unit/io/loop_fixture.hpp"

namespace pulpo::discovery {
namespace {

using io::testing_support::LoopConformance;
using io::testing_support::Variant;

/// Ports that other tests on this machine do not use at the same time, as a rule; labels keep the rest apart.
std::uint16_t some_port() {
  static SystemRandom random;
  return static_cast<std::uint16_t>(20'000 + random.u32() % 10'000);
}

struct Hearer {
  std::vector<Heard> heard;
  [[nodiscard]] bool has_heard(std::uint64_t id) const {
    return std::any_of(heard.begin(), heard.end(), [&](const Heard& one) { return one.id == id; });
  }
};

class Discoveries : public LoopConformance {
 protected:
  Settings settings(std::uint16_t node_port, std::string label = "test") const {
    Settings its{.node_port = node_port, .label = std::move(label), .port = port_};
    // On a machine that has a network it is not spoken to.
    if (GetParam() != Variant::sim) its.listens_at = io::Address::loopback_v4(node_port);
    return its;
  }
  std::unique_ptr<Discovery> start(Hearer& hearer, const Settings& its) {
    return std::make_unique<Discovery>(loop(), random_, its, [&hearer](const Heard& heard) { hearer.heard.push_back(heard); });
  }
  /// Speaks as a node that is none.
  struct Stranger final : io::DatagramSocket::Owner {
    void received(io::DatagramSocket&, ByteView, const io::Address&) override {}
    std::unique_ptr<io::DatagramSocket> socket;
  };
  std::unique_ptr<Stranger> stranger() {
    auto one = std::make_unique<Stranger>();
    one->socket = io::DatagramSocket::open(loop(), *one, io::Address::loopback_v4(0)).value();
    return one;
  }
  void say(Stranger& who, const std::string& bytes) { who.socket->send(bytes, io::Address::loopback_v4(port_)); }
  /// Until so much time has passed; in a simulation at once.
  void pass(Duration time) {
    io::testing_support::Alarm alarm;
    loop().timers().arm(alarm, loop().refresh() + time);
    EXPECT_TRUE(until([&] { return alarm.times > 0; }));
  }

  const std::uint16_t port_ = some_port();
  SeededRandom random_{11};
};

TEST_P(Discoveries, TwoNodesOfOneHostHearEachOther) {
  Hearer one_hears, other_hears;
  const auto one = start(one_hears, settings(4711));
  const auto other = start(other_hears, settings(4712));
  ASSERT_TRUE(until([&] { return one_hears.has_heard(other->id()) && other_hears.has_heard(one->id()); }));
  EXPECT_EQ(one_hears.heard[0].address.port(), 4712);
  EXPECT_EQ(other_hears.heard[0].address.port(), 4711);
}

TEST_P(Discoveries, OneThatStartsLaterIsAnsweredBeforeItsSecondBeacon) {
  Hearer one_hears, late_hears;
  const auto one = start(one_hears, settings(4711));
  pass(sim_ != nullptr ? 3s : 50ms);  // its first beacons are over, at least the very first
  const TimePoint began = loop().refresh();
  const auto late = start(late_hears, settings(4712));
  ASSERT_TRUE(until([&] { return late_hears.has_heard(one->id()); }));
  // In real time the machine may be slow; in virtual time it is exact.
  EXPECT_LT(loop().refresh() - began, sim_ != nullptr ? Duration(200ms) : Duration(5s));
}

TEST_P(Discoveries, ItsOwnBeaconIsNotHeard) {
  Hearer hears, other_hears;
  const auto one = start(hears, settings(4711));
  const auto other = start(other_hears, settings(4712));
  ASSERT_TRUE(until([&] { return other_hears.has_heard(one->id()); }));  // so it was sent, and came
  pass(300ms);
  EXPECT_FALSE(hears.has_heard(one->id()));
}

TEST_P(Discoveries, OtherLabelsAreNotHeard) {
  Hearer one_hears, other_hears, third_hears;
  const auto one = start(one_hears, settings(4711, "kitchen"));
  const auto other = start(other_hears, settings(4712, "garden"));
  const auto third = start(third_hears, settings(4713, "kitchen"));
  ASSERT_TRUE(until([&] { return one_hears.has_heard(third->id()) && third_hears.has_heard(one->id()); }));
  pass(300ms);
  EXPECT_FALSE(one_hears.has_heard(other->id()));
  EXPECT_TRUE(other_hears.heard.empty());
}

TEST_P(Discoveries, NoiseIsPassedOver) {
  Hearer hears;
  const auto one = start(hears, settings(4711));
  const auto noisy = stranger();
  SeededRandom noise(3);
  pass(50ms);  // it listens
  for (std::size_t size = 0; size < 30; ++size) {
    std::string bytes(size * 40, 'x');
    noise.fill(bytes.data(), bytes.size());
    say(*noisy, bytes);
    pass(1ms);
  }
  say(*noisy, encode_beacon({.port = 9, .id = 77, .label = "test"}));
  ASSERT_TRUE(until([&] { return hears.has_heard(77); }));
  EXPECT_EQ(hears.heard.size(), 1u);
}

TEST_P(Discoveries, AFloodOfNewNodesIsHeardNoFasterThanTheLimit) {
  Hearer hears;
  const auto one = start(hears, settings(4711));
  const auto flooder = stranger();
  pass(50ms);
  const TimePoint began = loop().refresh();
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    say(*flooder, encode_beacon({.port = 9, .id = id << 32, .label = "test"}));
    if (id % 20 == 0) pass(1ms);
  }
  pass(50ms);
  const auto seconds = std::chrono::duration<double>(loop().refresh() - began).count();
  EXPECT_GE(hears.heard.size(), 64u);
  EXPECT_LE(static_cast<double>(hears.heard.size()), 64 + 20 * seconds + 1);
}

std::vector<Variant> every_loop() {
  std::vector<Variant> some = {Variant::epoll, Variant::sim};
  if (io::probe_uring().available) some.push_back(Variant::uring);
  return some;
}
INSTANTIATE_TEST_SUITE_P(EveryLoop, Discoveries, testing::ValuesIn(every_loop()), [](const auto& info) {
  return info.param == Variant::epoll ? "epoll" : info.param == Variant::sim ? "sim" : "uring";
});

}  // namespace
}  // namespace pulpo::discovery
