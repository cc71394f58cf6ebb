// SPDX-License-Identifier: Apache-2.0
//
// Who is slow, greedy or floods the mapper disturbs nobody else, and costs a bounded amount of memory and time.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "unit/mapper/world.hpp"

namespace pulpo::mapper {
namespace {

constexpr int kSmallBuffer = 4096;
const std::string kNamesRequest = hex("00 01 6e");

class HostileTest : public World {
 protected:
  static constexpr int kLongNames = 200;

  /// A mapper whose connections have small buffers, and names of 1,020 bytes each: who does not read the answer leaves it here.
  void start_mapper_with_long_names(Options options) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const io::Address address = io::Address::loopback_v4(0);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kSmallBuffer, sizeof kSmallBuffer);  // what it accepts has the same
    ASSERT_EQ(::bind(socket, address.kernel(), address.kernel_size()), 0);
    ASSERT_EQ(::listen(socket, 128), 0);
    options.listeners = {socket};
    start_mapper(options);
    for (int i = 0; i < kLongNames; ++i) {
      std::string name;
      for (int character = 0; character < 251; ++character) name += "\xf0\x90\x8d\x88";
      holders.push_back(std::make_unique<RawClient>(mapper->port()));
      ASSERT_NE(register_on(*holders.back(), name + fmt::format("{:04}", i)), 0u);
    }
  }
  std::vector<std::unique_ptr<RawClient>> holders;
};

TEST_P(HostileTest, AByteNowAndThenBuysNoMoreTime) {  // EPMD-2; the reference daemon gives the whole time anew for each byte
  start_mapper({.port = 0, .packet_timeout = 200ms});
  const LogLines lines;
  RawClient slow(mapper->port());
  slow.send(hex("0b f1 7a"));  // 3,057 bytes are to come: at this pace in half a minute
  TimePoint next = loop->refresh();
  EXPECT_TRUE(until([&] {
    if (loop->now() >= next) {
      slow.send("x");
      next = loop->now() + 10ms;
    }
    return slow.is_closed();
  }));
  EXPECT_TRUE(lines.contain("sent no whole request in time")) << lines.text();
}

TEST_P(HostileTest, AFloodOfSilentConnectionsKeepsNobodyFromRegistering) {  // EPMD-15
  start_mapper({.port = 0, .connections_max = 50});
  RawClient first(mapper->port());
  ASSERT_NE(register_on(first, "first"), 0u);
  std::vector<RawClient> flood;
  flood.reserve(300);
  for (int i = 0; i < 300; ++i) {
    flood.emplace_back(mapper->port());
    if (i % 30 != 0) continue;
    RawClient node(mapper->port());
    ASSERT_NE(register_on(node, "second"), 0u);
    EXPECT_EQ(ask(kNamesRequest), encode_port_word(mapper->port()) + "name second at port 1\nname first at port 1\n");
  }
  EXPECT_LE(mapper->connections_size(), 50u);
  EXPECT_FALSE(first.is_closed());
}

TEST_P(HostileTest, OneWhoTakesNoAnswerGivesWayWhenConnectionsRunOut) {
  start_mapper_with_long_names({.connections_max = kLongNames + 4});
  const LogLines lines;
  std::vector<RawClient> greedy;
  greedy.reserve(4);
  for (int i = 0; i < 4; ++i) {
    greedy.emplace_back(mapper->port(), kSmallBuffer);
    greedy.back().send(kNamesRequest);
    ASSERT_TRUE(until([&] { return mapper->connections_size() == kLongNames + 1u + static_cast<unsigned>(i); }));
  }
  RawClient node(mapper->port());
  EXPECT_NE(register_on(node, "node"), 0u);
  EXPECT_TRUE(lines.contain("gives way to a newcomer: it does not take its answer")) << lines.text();
}

TEST_P(HostileTest, AnswersThatNobodyTakesAreBoundedTogether) {
  start_mapper_with_long_names({.answer_bytes_max = 500'000});  // two of the answers below
  const LogLines lines;
  std::vector<RawClient> greedy;
  greedy.reserve(10);
  for (int i = 0; i < 10; ++i) {
    greedy.emplace_back(mapper->port(), kSmallBuffer);
    greedy.back().send(kNamesRequest);
    const std::string names = ask(kNamesRequest);
    ASSERT_EQ(std::count(names.begin() + 4, names.end(), '\n'), kLongNames);
  }
  EXPECT_LE(mapper->connections_size(), kLongNames + 2u);
  EXPECT_TRUE(lines.contain("gives way to others who ask: it does not take its answer")) << lines.text();
}

TEST_P(HostileTest, OneWhoAsksAndGoesOnSendingIsClosed) {
  start_mapper_with_long_names({});
  const LogLines lines;
  RawClient flood(mapper->port(), kSmallBuffer);
  flood.send(kNamesRequest);
  const std::string bytes(1000, 'n');
  ASSERT_TRUE(until([&] { return mapper->connections_size() == kLongNames + 1; }));
  for (int turn = 0; turn < 3; ++turn) loop->turn(io::Loop::Wait::no);
  ASSERT_TRUE(until([&] {
    if (mapper->connections_size() > kLongNames) flood.send_only(bytes);
    return mapper->connections_size() == kLongNames;
  }));
  EXPECT_TRUE(lines.contain("goes on sending and does not take its answer")) << lines.text();
}

TEST_P(HostileTest, WhenDescriptorsRunOutTheOldestUnfinishedConnectionGivesWay) {  // EPMD-15
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);  // a ring keeps the limit that an accept began with
  start_mapper();
  const LogLines lines;
  std::vector<RawClient> silent;
  silent.reserve(3);
  for (int i = 0; i < 3; ++i) silent.emplace_back(mapper->port());
  ASSERT_TRUE(until([&] { return mapper->connections_size() == 3; }));
  RawClient newcomer(mapper->port());
  newcomer.send(kNamesRequest);
  std::vector<int> others;
  for (int descriptor = 0; (descriptor = ::dup(STDERR_FILENO)) >= 0;) others.push_back(descriptor);
  const bool answered = until([&] { return newcomer.is_closed(); });
  for (const int descriptor : others) ::close(descriptor);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(answered);
  EXPECT_EQ(newcomer.received(), encode_port_word(mapper->port())) << lines.text();
  EXPECT_TRUE(silent[0].is_closed());
  EXPECT_FALSE(silent[2].is_closed());
}

INSTANTIATE_TEST_SUITE_P(Loops, HostileTest, testing::ValuesIn(loop_kinds()), kind_name);

}  // namespace
}  // namespace pulpo::mapper
