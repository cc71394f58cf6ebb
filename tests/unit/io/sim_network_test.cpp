// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong between simulated hosts, and that a seed says exactly how.
#include <gtest/gtest.h>

#include <cerrno>

#include "unit/io/sim_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::pattern;
using testing_support::Recorder;
using testing_support::SimWorld;

// --- Ways that are cut -----------------------------------------------------------------------------

TEST(SimNetwork, HostsHaveAddressesAndReachEachOther) {
  SimWorld world(2);
  EXPECT_EQ(world.network.address_of(0, 4369).text(), "10.77.0.1:4369");
  EXPECT_EQ(world.network.address_of(1).ip_text(), "10.77.0.2");
  const auto [near, far] = world.connect(0, 1);
  EXPECT_EQ(world[0].peer_address(near)->ip_text(), "10.77.0.2");
  EXPECT_EQ(world[1].peer_address(far)->ip_text(), "10.77.0.1");
  Recorder sent, heard;
  world[0].send(sent, near, "over the wire");
  world[1].receive(heard, far);
  EXPECT_TRUE(world.until([&] { return heard.bytes == "over the wire"; }));
  world[1].cancel(heard);
  EXPECT_TRUE(world.until([&] { return heard.ended && sent.ended; }));
}

TEST(SimNetwork, LoopbackMeansTheHostItself) {
  SimWorld world(2);
  const Handle listener = world[1].listen(Address::loopback_v4(4369), {}).value();
  Recorder accept, from_afar;
  world[1].accept(accept, listener);
  world[0].connect(from_afar, Address::loopback_v4(4369));
  EXPECT_TRUE(world.until([&] { return from_afar.ended; }));
  EXPECT_EQ(from_afar.last(), -ECONNREFUSED);
  Recorder by_name;
  world[0].connect(by_name, world.network.address_of(1, 4369));
  EXPECT_TRUE(world.until([&] { return by_name.ended; }));
  EXPECT_EQ(by_name.last(), -ECONNREFUSED) << "who listens on loopback does not listen to others";
  world[1].close(listener);
  EXPECT_TRUE(world.until([&] { return accept.ended; }));
}

TEST(SimNetwork, AConnectIntoNothingTimesOutAsLinuxDoes) {
  SimWorld world(2);
  world.network.cut(0, 1);
  Recorder cut, nowhere;
  world[0].connect(cut, world.network.address_of(1, 4369));
  world[0].connect(nowhere, Address::parse("192.0.2.1", 4369).value());
  EXPECT_TRUE(world.until([&] { return cut.ended && nowhere.ended; }));
  EXPECT_EQ(cut.last(), -ETIMEDOUT);
  EXPECT_EQ(nowhere.last(), -ETIMEDOUT);
  EXPECT_EQ(world.since_start() / 1s, 127);
}

TEST(SimNetwork, AConnectWhoseAnswersAreCutSucceedsOnceTheyPass) {
  SimWorld world(2);
  const Handle listener = world[1].listen(Address::any_v4(7000), {}).value();
  Recorder accept, dial;
  world[1].accept(accept, listener);
  world.network.cut(1, 0);
  world[0].connect(dial, world.network.address_of(1, 7000));
  world.pass(5s);
  EXPECT_FALSE(dial.ended);
  EXPECT_TRUE(accept.results.empty()) << "a connection that nobody has confirmed is not accepted";
  world.network.heal(1, 0);
  EXPECT_TRUE(world.until([&] { return dial.ended && !accept.results.empty(); }));
  EXPECT_GE(dial.last(), 0);
  EXPECT_EQ(world.since_start() / 1s, 7) << "the SYN of the seventh second is answered";
  world[1].close(listener);
  EXPECT_TRUE(world.until([&] { return accept.ended; }));
}

TEST(SimNetwork, BytesWaitOutACutAndArriveInOrderAndOnce) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  const std::string bytes = pattern(3 << 20, 5);
  Recorder sent, heard, back, answered;
  world[0].send(sent, near, bytes);
  world[1].receive(heard, far);
  world[0].receive(back, near);
  world[1].send(answered, far, "the other way");
  EXPECT_TRUE(world.until([&] { return heard.bytes.size() > 100'000; }));
  world.network.cut(0, 1);
  const std::size_t before = heard.bytes.size();
  world.pass(40s);
  EXPECT_EQ(heard.bytes.size(), before) << "nothing arrives, not even what was under way";
  EXPECT_EQ(back.bytes, "the other way") << "the other direction is as it was";
  world.network.heal(0, 1);
  EXPECT_TRUE(world.until([&] { return heard.bytes.size() == bytes.size() && sent.ended; }));
  EXPECT_TRUE(heard.bytes == bytes);
  EXPECT_GT(world.since_start(), 51s) << "tried again at 0.2 s, 0.6 s ... 25.4 s, 51 s after the loss";
  EXPECT_LT(world.since_start(), 55s);
  for (const auto& [loop, handle] : {std::pair{0, near}, {1, far}}) world[static_cast<std::size_t>(loop)].close(handle);
  EXPECT_TRUE(world.until([&] { return heard.ended && back.ended; }));
}

TEST(SimNetwork, TheReceiversWordIsCutToo) {
  // Bytes pass, but nobody hears that they were read: the sender fills a window and waits.
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  const std::string bytes = pattern(1 << 20, 6);
  Recorder sent, heard;
  world.network.cut(1, 0);
  world[0].send(sent, near, bytes);
  world[1].receive(heard, far);
  world.pass(10s);
  EXPECT_EQ(heard.bytes.size(), SimOptions{}.window_bytes);
  EXPECT_FALSE(sent.ended);
  world.network.heal(1, 0);
  EXPECT_TRUE(world.until([&] { return sent.ended && heard.bytes.size() == bytes.size(); }));
  EXPECT_TRUE(heard.bytes == bytes);
  world[1].close(far);
  EXPECT_TRUE(world.until([&] { return heard.ended; }));
}

TEST(SimNetwork, ASenderThatIsNeverHeardGivesUpAfterAQuarterOfAnHour) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  (void)far;
  Recorder sent, heard;
  world[0].receive(heard, near);
  world.network.cut(0, 1);
  world[0].send(sent, near, "hello?");
  EXPECT_TRUE(world.until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), -ETIMEDOUT);
  EXPECT_EQ(world.since_start() / 1s, 924);
}

TEST(SimNetwork, TheEndOfAStreamWaitsOutACut) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  Recorder heard;
  world[1].receive(heard, far);
  world.network.cut(0, 1);
  world[0].close(near);
  world.pass(10s);
  EXPECT_FALSE(heard.ended);
  world.network.heal(0, 1);
  EXPECT_TRUE(world.until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), 0);
}

// --- Ends that go ----------------------------------------------------------------------------------

TEST(SimNetwork, AResetIsSeenByBothEndsEachInItsTime) {
  SimWorld world(3);
  const auto [near, far] = world.connect(0, 1);
  const auto [other_near, other_far] = world.connect(0, 2);
  Recorder one, two, unharmed;
  TimePoint first{}, second{};
  one.then = [&](const Completion&) { first = world.network.now(); };
  two.then = [&](const Completion&) { second = world.network.now(); };
  world[0].receive(one, near);
  world[1].receive(two, far);
  world[2].receive(unharmed, other_far);
  world.network.reset_connections(0, 1);
  EXPECT_TRUE(world.until([&] { return one.ended && two.ended; }));
  EXPECT_EQ(one.last(), -ECONNRESET);
  EXPECT_EQ(two.last(), -ECONNRESET);
  EXPECT_NE(first, second);
  world.pass(1s);
  EXPECT_FALSE(unharmed.ended);
  world[0].close(other_near);
  EXPECT_TRUE(world.until([&] { return unharmed.ended; }));
}

TEST(SimNetwork, AKilledProcessLeavesItsPeersTheEndAndItsPortsToOthers) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  const Handle listener = world[1].listen(Address::any_v4(7001), {}).value();
  Recorder accept, inside, peer, late;
  Alarm alarm;
  world[1].accept(accept, listener);
  world[1].receive(inside, far);
  world[0].receive(peer, near);
  world.network.kill(world[1]);
  EXPECT_TRUE(world[1].is_dead());
  auto successor = world.network.make_loop(1);
  const auto again = successor->listen(Address::any_v4(7001), {});
  EXPECT_TRUE(again.has_value());
  world[1].connect(late, world.network.address_of(0, 1));
  EXPECT_TRUE(world.until([&] { return accept.ended && inside.ended && peer.ended && late.ended; }));
  EXPECT_EQ(accept.last(), -ECANCELED);
  EXPECT_EQ(inside.last(), -ECANCELED);
  EXPECT_EQ(late.last(), -ECANCELED);
  EXPECT_EQ(peer.last(), 0);
  EXPECT_FALSE(world[1].listen(Address::any_v4(0), {}).has_value());
}

TEST(SimNetwork, AProcessThatIsKilledOverUnreadBytesResetsItsPeer) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  (void)far;
  Recorder sent, peer;
  world[0].send(sent, near, "never read");
  world[0].receive(peer, near);
  world.pass(1s);
  world.network.kill(world[1]);
  EXPECT_TRUE(world.until([&] { return peer.ended; }));
  EXPECT_EQ(peer.last(), -ECONNRESET);
}

TEST(SimNetwork, AHostWithoutPowerSaysNothingAndAnswersWithAResetOnceItIsBack) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  Recorder inside, peer, sent, dial;
  world[1].receive(inside, far);
  world[0].receive(peer, near);
  world.network.power_loss(1);
  world.pass(100s);
  EXPECT_EQ(inside.last(), -ECANCELED);
  EXPECT_FALSE(peer.ended) << "no word";
  world[0].send(sent, near, "are you there?");
  world[0].connect(dial, world.network.address_of(1, 7002));
  world.pass(2s);
  EXPECT_TRUE(sent.ended);
  EXPECT_FALSE(peer.ended || dial.ended);
  world.network.restore(1);
  EXPECT_TRUE(world.until([&] { return peer.ended && dial.ended; }));
  EXPECT_EQ(peer.last(), -ECONNRESET);
  EXPECT_EQ(dial.last(), -ECONNREFUSED);
}

TEST(SimNetwork, AStalledProcessHearsLateAndFiresItsTimersLate) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  Recorder heard, sent;
  Alarm alarm;
  TimePoint fired{}, told{};
  alarm.then = [&] { fired = world[1].now(); };
  heard.then = [&](const Completion&) { told = world[1].now(); };
  world[1].receive(heard, far);
  world[1].timers().arm(alarm, world.network.now() + 1s);
  const TimePoint end = world.network.now() + 10s;
  world.network.stall(world[1], end);
  world[0].send(sent, near, "into its buffer");
  EXPECT_TRUE(world.until([&] { return sent.ended; }));
  world.pass(5s);
  EXPECT_FALSE(world[1].has_work());
  EXPECT_EQ(world[1].turn(Loop::Wait::yes), 0u);
  EXPECT_EQ(alarm.times, 0);
  EXPECT_EQ(heard.bytes, "");
  EXPECT_TRUE(world.until([&] { return alarm.times == 1 && !heard.bytes.empty(); }));
  EXPECT_EQ(fired, end);
  EXPECT_EQ(told, end);
  world[0].close(near);
  EXPECT_TRUE(world.until([&] { return heard.ended; }));
}

// --- Files and devices -----------------------------------------------------------------------------

TEST(SimNetwork, FilesOutliveTheProcessesThatWroteThem) {
  SimWorld world(2);
  world.network.write_file(0, "/etc/one.config", "[].");
  const Handle config = world[0].open("/etc/one.config", {}).value();
  const Handle state = world[0].open("/var/state", {.write = true, .create = true}).value();
  std::string room(10, '\0');
  Recorder read, wrote;
  world[0].read(read, config, room, 0);
  world[0].write(wrote, state, "kept", 0);
  EXPECT_TRUE(world.until([&] { return read.ended && wrote.ended; }));
  EXPECT_EQ(room.substr(0, 3), "[].");
  EXPECT_FALSE(world[1].open("/etc/one.config", {}).has_value()) << "each host has its own";
  world.network.power_loss(0);
  EXPECT_TRUE(world.network.has_file(0, "/var/state"));
  EXPECT_EQ(world.network.read_file(0, "/var/state"), "kept");
  EXPECT_FALSE(world.network.has_file(1, "/var/state"));
}

TEST(SimNetwork, ADeviceSpeaksWhenItsScriptSaysAndComesBackAfterItWasUnplugged) {
  SimWorld world(1);
  SimDevice& sensor = world.network.add_device(0, "/dev/ttyUSB0");
  sensor.say("before anybody listened");
  const Handle handle = world[0].open("/dev/ttyUSB0", {.write = true, .device = true}).value();
  Recorder heard, sent, heard_again;
  std::vector<Duration> times;
  heard.then = [&](const Completion&) { times.push_back(world.since_start()); };
  world[0].receive(heard, handle);
  world[0].send(sent, handle, "M1");
  sensor.say_at(world.network.now() + 2s, "21.5");
  sensor.say_at(world.network.now() + 1s, "21.4 ");
  world.pass(5s);
  EXPECT_EQ(heard.bytes, "21.4 21.5");
  EXPECT_EQ(times, (std::vector<Duration>{1s, 2s}));
  EXPECT_EQ(sensor.heard(), "M1");
  sensor.hang_up();
  EXPECT_TRUE(world.until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), 0);
  EXPECT_EQ(world[0].open("/dev/ttyUSB0", {.device = true}).error().sys, ENXIO);
  sensor.plug_in();
  const Handle again = world[0].open("/dev/ttyUSB0", {.device = true}).value();
  world[0].receive(heard_again, again);
  sensor.say("back");
  EXPECT_TRUE(world.until([&] { return heard_again.bytes == "back"; }));
}

// --- Seeds -----------------------------------------------------------------------------------------

TEST(SimNetwork, WhateverIsCutAndStalledEveryByteArrivesOnceAndInOrder) {
  // Goal:   faults delay bytes and do nothing else to them.
  // Method: three hosts that send to each other while ways are cut and healed and processes stall, by seed; then all is healed.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SimWorld world(3, {.seed = seed});
    SeededRandom random(seed);
    struct Way {
      std::size_t from = 0, to = 0;
      Handle handle = -1;
      std::string said, saying;
      Recorder heard, sent;
    };
    std::vector<std::unique_ptr<Way>> ways;
    for (std::size_t at = 0; at < 3; ++at) {
      const std::size_t to = (at + 1) % 3;
      const auto [near, far] = world.connect(at, to);
      for (const bool back : {false, true}) {
        Way& way = *ways.emplace_back(std::make_unique<Way>());
        way.from = back ? to : at;
        way.to = back ? at : to;
        way.handle = back ? far : near;
        world[way.to].receive(way.heard, back ? near : far);
      }
    }
    for (int step = 0; step < 150; ++step) {
      const auto a = random.u32() % 3, b = random.u32() % 3;
      Way& way = *ways[random.u32() % ways.size()];
      switch (random.u32() % 8) {
        case 0:
          world.network.cut(a, b);
          break;
        case 1:
        case 2:
          world.network.heal(a, b);
          break;
        case 3:
          world.network.stall(world[a], world.network.now() + Duration(random.u32() % 2'000'000'000));
          break;
        default:
          if (way.sent.is_pending()) break;
          way.saying = pattern(random.u32() % 300'000, random.u64());
          way.said += way.saying;
          world[way.from].send(way.sent.again(), way.handle, way.saying);
      }
      world.pass(Duration(random.u32() % 1'000'000'000));
    }
    for (HostNumber a = 0; a < 3; ++a) {
      for (HostNumber b = 0; b < 3; ++b) world.network.heal(a, b);
    }
    EXPECT_TRUE(world.until([&] {
      return std::all_of(ways.begin(), ways.end(), [](const auto& way) { return way->heard.bytes.size() == way->said.size(); });
    }));
    for (const auto& way : ways) EXPECT_TRUE(way->heard.bytes == way->said);
  }
}

/// A few connections that say things to each other while ways are cut and hosts go; all of it drawn from the seed.
std::string story(std::uint64_t seed) {
  SimWorld world(3, {.seed = seed});
  std::string trace;
  world.network.trace([&](std::string_view line) { trace.append(line).append("\n"); });
  SeededRandom random(seed);
  struct Talk {
    Recorder heard[2], said[2];
    std::string bytes[2];
    SimWorld::Pair pair;
    std::size_t of[2] = {};
  };
  std::vector<std::unique_ptr<Talk>> talks;
  for (std::size_t at = 0; at < 6; ++at) {
    Talk& talk = *talks.emplace_back(std::make_unique<Talk>());
    talk.of[0] = at % 3;
    talk.of[1] = (at + 1) % 3;
    talk.pair = world.connect(talk.of[0], talk.of[1]);
    world[talk.of[0]].receive(talk.heard[0], talk.pair.near);
    world[talk.of[1]].receive(talk.heard[1], talk.pair.far);
  }
  for (int step = 0; step < 200; ++step) {
    Talk& talk = *talks[random.u32() % talks.size()];
    const std::size_t side = random.u32() % 2;
    const auto a = random.u32() % 3, b = random.u32() % 3;
    switch (random.u32() % 16) {
      case 0:
        world.network.cut(a, b);
        break;
      case 1:
      case 2:
        world.network.heal(a, b);
        break;
      case 3:
        if (random.u32() % 8 == 0) world.network.reset_connections(a, b);
        break;
      case 4:
        world.network.stall(world[a], world.network.now() + 50ms);
        break;
      default:
        if (talk.said[side].is_pending()) break;
        talk.bytes[side] = pattern(random.u32() % 50'000, random.u64());
        world[talk.of[side]].send(talk.said[side].again(), side == 0 ? talk.pair.near : talk.pair.far, talk.bytes[side]);
    }
    world.pass(Duration(random.u32() % 20'000'000));
  }
  for (auto& loop : world.loops) world.network.kill(*loop);
  EXPECT_TRUE(world.until(
      [&] { return std::all_of(world.loops.begin(), world.loops.end(), [](const auto& loop) { return loop->pending() == 0; }); }));
  return trace;
}

TEST(SimNetwork, TheSameSeedGivesTheSameTraceAndAnotherAnother) {
  const std::string first = story(42);
  EXPECT_GT(first.size(), 10'000u);
  const auto in_between = std::make_unique<char[]>(12345);  // So that the second run's objects lie elsewhere.
  EXPECT_TRUE(first == story(42));
  EXPECT_TRUE(first != story(43));
}

}  // namespace
}  // namespace pulpo::io
