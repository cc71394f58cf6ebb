// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do with datagrams.
#include <poll.h>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;

class Datagrams : public LoopConformance {
 protected:
  struct Bound {
    Handle handle = -1;
    Address address;
  };
  Bound bind(const Address& address = Address::loopback_v4(0), const DatagramOptions& options = {}) {
    auto handle = loop().bind(address, options);
    EXPECT_TRUE(handle.has_value()) << handle.error().text();
    if (!handle) return {};
    return {.handle = keep(*handle), .address = loop().local_address(*handle).value()};
  }
  std::int32_t send(Handle from, ByteView bytes, const Address& to) {
    Recorder sent;
    loop().send_to(sent, from, bytes, to);
    EXPECT_TRUE(sent.results.empty()) << "never inside the submitting call";
    EXPECT_TRUE(until([&] { return sent.ended; }));
    return sent.last();
  }
};

TEST_P(Datagrams, ArriveWholeWithTheAddressOfTheirSender) {
  const Bound near = bind(), far = bind();
  Recorder received;
  std::vector<std::string> from;
  std::vector<std::size_t> sizes;
  received.then = [&](const Completion& completion) {
    if (completion.from == nullptr) return;
    from.push_back(completion.from->text());
    sizes.push_back(completion.data.size());
  };
  loop().receive(received, far.handle);
  const std::string large = pattern(65'507, 5);
  for (const std::string_view bytes : {std::string_view("one"), std::string_view(), std::string_view(large)}) {
    const std::size_t before = sizes.size();
    EXPECT_EQ(send(near.handle, bytes, far.address), static_cast<std::int32_t>(bytes.size()));
    ASSERT_TRUE(until([&] { return sizes.size() > before; }));
    EXPECT_EQ(sizes.back(), bytes.size());
    EXPECT_EQ(from.back(), near.address.text());
  }
  EXPECT_TRUE(received.bytes == "one" + large);
  EXPECT_FALSE(received.ended);
  loop().cancel(received);
  ASSERT_TRUE(until([&] { return received.ended; }));
  EXPECT_EQ(received.last(), -ECANCELED);
}

TEST_P(Datagrams, WaitForWhoeverReceivesNext) {
  const Bound near = bind(), far = bind();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(send(near.handle, std::string(1, static_cast<char>('a' + i % 26)), far.address), 1);
  std::size_t got = 0;
  Recorder received;
  received.then = [&](const Completion& completion) {
    got += completion.from != nullptr ? 1 : 0;
    if (got == 20) loop().cancel(received);
  };
  loop().receive(received, far.handle);
  ASSERT_TRUE(until([&] { return received.ended; }));
  loop().receive(received.again(), far.handle);
  EXPECT_TRUE(until([&] { return got == 40; }));
}

TEST_P(Datagrams, OneThatIsTooLargeOrGoesNowhereIsAnError) {
  const Bound near = bind();
  EXPECT_EQ(send(near.handle, pattern(65'508, 5), near.address), -EMSGSIZE);
  EXPECT_EQ(send(near.handle, "x", Address::parse("255.255.255.255", 9).value()), -EACCES);
  EXPECT_EQ(send(12'345, "x", near.address), -EBADF);
  const Listener listener = listen();
  EXPECT_EQ(send(listener.handle, "x", near.address), -EISCONN);
  Recorder no_address;
  loop().send(no_address, near.handle, "x");
  ASSERT_TRUE(until([&] { return no_address.ended; }));
  EXPECT_EQ(no_address.last(), -EDESTADDRREQ);
}

TEST_P(Datagrams, APortIsOnesOwnUnlessSharedAndIsFreeOnceClosed) {
  const Bound first = bind();
  const auto second = loop().bind(first.address, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().sys, EADDRINUSE);
  EXPECT_NE(second.error().text().find("is in use"), std::string::npos) << second.error().text();
  Recorder received;
  loop().receive(received, first.handle);
  close(first.handle);
  ASSERT_TRUE(until([&] { return received.ended; }));
  bind(first.address, {.reuse_address = true});
  bind(first.address, {.reuse_address = true});
  EXPECT_EQ(loop().bind(Address::parse("192.0.2.1", 0).value(), {}).error().sys, EADDRNOTAVAIL);
}

TEST_P(Datagrams, AllWhoShareAPortGetWhatIsForAll) {
  const Address group = Address::parse("239.7.7.7", 0).value();
  const Address lo = Address::loopback_v4(0);
  const Bound first = bind(Address::any_v4(0), {.reuse_address = true});
  const Bound second = bind(first.address, {.reuse_address = true});
  const Bound outside = bind(first.address, {.reuse_address = true});
  for (const Handle member : {first.handle, second.handle}) {
    const auto joined = loop().join(member, group, lo);
    if (!joined && joined.error().sys == ENOPROTOOPT) GTEST_SKIP() << "an emulator that does not know IP_MULTICAST_IF";
    ASSERT_TRUE(joined);
  }
  Recorder at_first, at_second, at_outside;
  loop().receive(at_first, first.handle);
  loop().receive(at_second, second.handle);
  loop().receive(at_outside, outside.handle);
  const Bound sender = bind(Address::any_v4(0), {.broadcast = true});
  ASSERT_TRUE(loop().join(sender.handle, group, lo));  // leaves by that interface
  Address to = group;
  to.set_port(first.address.port());
  EXPECT_EQ(send(sender.handle, "members", to), 7);
  EXPECT_TRUE(until([&] { return at_first.bytes == "members" && at_second.bytes == "members"; }));
  settle();
  EXPECT_EQ(at_outside.bytes, "");

  const auto not_a_group = loop().join(sender.handle, Address::parse("10.0.0.1", 0).value(), lo);
  ASSERT_FALSE(not_a_group.has_value());
  EXPECT_NE(not_a_group.error().text().find("is no multicast address"), std::string::npos) << not_a_group.error().text();
  EXPECT_NE(loop().join(first.handle, group, lo).error().text().find("is joined already"), std::string::npos);
}

TEST_P(Datagrams, ABroadcastReachesAll) {
  const Bound first = bind(Address::any_v4(0), {.reuse_address = true});
  const Bound second = bind(first.address, {.reuse_address = true});
  const Bound sender = bind(Address::any_v4(0), {.broadcast = true});
  Recorder at_first, at_second;
  loop().receive(at_first, first.handle);
  loop().receive(at_second, second.handle);
  // The kernel's loopback has a broadcast address; the simulated network one of its own.
  const Address to =
      Address::parse(GetParam() == testing_support::Variant::sim ? "10.77.255.255" : "127.255.255.255", first.address.port()).value();
  EXPECT_EQ(send(sender.handle, "all", to), 3);
  EXPECT_TRUE(until([&] { return at_first.bytes == "all" && at_second.bytes == "all"; }));
}

TEST_P(Datagrams, GoOverIPv6AndToBothFamilies) {
  const auto v6 = loop().bind(Address::any_v6(0), {});
  if (!v6 && v6.error().sys == EAFNOSUPPORT) GTEST_SKIP() << "this kernel has no IPv6";
  keep(v6.value());
  const std::uint16_t port = loop().local_address(*v6)->port();
  Recorder received;
  loop().receive(received, *v6);
  const Bound v4_sender = bind();
  EXPECT_EQ(send(v4_sender.handle, "4", Address::loopback_v4(port)), 1);
  ASSERT_TRUE(until([&] { return received.bytes == "4"; }));
  const auto v6_sender = loop().bind(Address::parse("::1", 0).value(), {});
  if (!v6_sender && v6_sender.error().sys == EADDRNOTAVAIL) GTEST_SKIP() << "no interface here has an IPv6 address";
  keep(v6_sender.value());
  EXPECT_EQ(send(*v6_sender, "6", Address::parse("::1", port).value()), 1);
  EXPECT_TRUE(until([&] { return received.bytes == "46"; }));
}

TEST_P(Datagrams, PollSaysWhenOneIsThere) {
  const Bound near = bind(), far = bind();
  Recorder seen;
  loop().poll(seen, far.handle, POLLIN);
  settle();
  EXPECT_TRUE(seen.results.empty());
  EXPECT_EQ(send(near.handle, "x", far.address), 1);
  ASSERT_TRUE(until([&] { return seen.ended; }));
  EXPECT_EQ(seen.last(), POLLIN);
}

std::vector<testing_support::Variant> loops() {
  using testing_support::Variant;
  std::vector<Variant> some = {Variant::epoll, Variant::sim};
  if (probe_uring().available) some.push_back(Variant::uring);
  return some;
}
INSTANTIATE_TEST_SUITE_P(EveryLoop, Datagrams, testing::ValuesIn(loops()), [](const auto& info) {
  using testing_support::Variant;
  return info.param == Variant::epoll ? "epoll" : info.param == Variant::sim ? "sim" : "uring";
});

}  // namespace
}  // namespace pulpo::io
