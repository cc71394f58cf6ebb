// SPDX-License-Identifier: Apache-2.0
//
// A socket of datagrams that looks after its own operations, and the interfaces that it may be bound to.
#include "io/datagram_socket.hpp"

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::LoopConformance;
using testing_support::Variant;

struct Ear final : DatagramSocket::Owner {
  void received(DatagramSocket&, ByteView bytes, const Address& from) override {
    heard += bytes;
    last = from;
    if (then) then();
  }
  std::string heard;
  Address last;
  std::function<void()> then;
};

class DatagramSockets : public LoopConformance {
 protected:
  [[nodiscard]] std::unique_ptr<DatagramSocket> open(Ear& ear) {
    auto opened = DatagramSocket::open(loop(), ear, Address::loopback_v4(0));
    EXPECT_TRUE(opened) << opened.error().text();
    return std::move(*opened);
  }
};

TEST_P(DatagramSockets, SendsManyAtOnceAndReceivesThemWithTheirSender) {
  Ear near_ear, far_ear;
  const auto near = open(near_ear), far = open(far_ear);
  const Address to = far->address().value();
  for (const char* const part : {"a", "b", "c", "d"}) near->send(part, to);
  ASSERT_TRUE(until([&] { return far_ear.heard.size() == 4; }));
  std::sort(far_ear.heard.begin(), far_ear.heard.end());  // a network may change their order
  EXPECT_EQ(far_ear.heard, "abcd");
  EXPECT_EQ(far_ear.last.text(), near->address()->text());
}

TEST_P(DatagramSockets, MayBeDestroyedWhileItReceives) {
  Ear near_ear, far_ear;
  const auto near = open(near_ear);
  auto far = open(far_ear);
  far_ear.then = [&] { far.reset(); };
  near->send("a", far->address().value());
  near->send("b", far->address().value());
  ASSERT_TRUE(until([&] { return far == nullptr; }));
  settle();
  EXPECT_EQ(far_ear.heard.size(), 1u);
}

TEST_P(DatagramSockets, MayBeDestroyedWithDatagramsUnsent) {
  Ear ear;
  auto socket = open(ear);
  for (std::size_t i = 0; i < DatagramSocket::kSendsMax + 5; ++i) socket->send("x", Address::loopback_v4(9));
  socket.reset();
  EXPECT_TRUE(until([&] { return loop().pending() == 0; }));
}

TEST_P(DatagramSockets, WhatCannotBeSentIsLostAndTheReasonKept) {
  Ear near_ear, far_ear;
  const auto near = open(near_ear), far = open(far_ear);
  near->send(std::string(70'000, 'x'), far->address().value());
  ASSERT_TRUE(until([&] { return near->send_error() != 0; }));
  EXPECT_EQ(near->send_error(), EMSGSIZE);
  near->send("good", far->address().value());
  ASSERT_TRUE(until([&] { return far_ear.heard == "good"; }));
  EXPECT_EQ(near->send_error(), 0);
}

TEST_P(DatagramSockets, EachInterfaceHasANameANumberAndAnAddress) {
  const auto found = loop().interfaces();
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_FALSE(found->empty());
  for (const Interface& one : *found) {
    EXPECT_FALSE(one.name.empty());
    EXPECT_NE(one.number, 0u);
    EXPECT_NE(one.address.family(), AF_UNSPEC);
    EXPECT_TRUE(one.is_loopback || !one.address.is_loopback()) << one.name;
  }
}

TEST_P(DatagramSockets, AWatchOfTheInterfacesIsQuietUntilOneChanges) {
  const auto watch = loop().watch_interfaces();
  ASSERT_TRUE(watch) << watch.error().text();
  testing_support::Recorder changes;
  loop().receive(changes, keep(*watch));
  if (sim_ == nullptr) return;  // the cluster tests change the kernel's, in a namespace of their own
  settle();
  EXPECT_TRUE(changes.results.empty());
  sim_->set_interfaces({});
  ASSERT_TRUE(until([&] { return changes.results.size() == 1; }));
  EXPECT_TRUE(loop().interfaces()->empty());
}

std::vector<Variant> every_loop() {
  std::vector<Variant> some = {Variant::epoll, Variant::sim};
  if (probe_uring().available) some.push_back(Variant::uring);
  return some;
}
INSTANTIATE_TEST_SUITE_P(EveryLoop, DatagramSockets, testing::ValuesIn(every_loop()), [](const auto& info) {
  return info.param == Variant::epoll ? "epoll" : info.param == Variant::sim ? "sim" : "uring";
});

}  // namespace
}  // namespace pulpo::io
