// SPDX-License-Identifier: Apache-2.0
#include "pulpo/udp.hpp"

#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::eventually;
using testing::Footprint;

class UdpTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(UdpTest);

TEST_P(UdpTest, AnAnswerFindsItsWayBack) {
  run([] {
    auto server = UdpSocket::bind(Endpoint::loopback(0)).value();
    const Endpoint at = server.local_endpoint().value();
    spawn_link([server = std::move(server)]() mutable {
      for (;;) {
        const Datagram question = server.receive_from().value();
        (void)server.send_to(question.from, "you said " + question.bytes);
      }
    });
    auto client = UdpSocket::bind(Endpoint::loopback(0)).value();
    for (const char* const text : {"one", "", "three"}) {
      ASSERT_TRUE(client.send_to(at, text));
      const Datagram answer = client.receive_from(5s).value();
      EXPECT_EQ(answer.bytes, std::string("you said ") + text);
      EXPECT_EQ(answer.from, at);
    }
  });
}

TEST_P(UdpTest, WaitingEndsAtItsDeadline) {
  run([] {
    auto socket = UdpSocket::bind(Endpoint::loopback(0)).value();
    const TimePoint begin = now();
    EXPECT_EQ(socket.receive_from(20ms).error().code, Errc::timeout);
    EXPECT_GE(now() - begin, 20ms);
    ASSERT_TRUE(socket.send_to(socket.local_endpoint().value(), "to myself", 1s));
    EXPECT_EQ(socket.receive_from(5s)->bytes, "to myself");
  });
}

TEST_P(UdpTest, WhatCannotBeSentSaysWhy) {
  run([] {
    auto socket = UdpSocket::bind(Endpoint::loopback(0)).value();
    const auto large = socket.send_to(Endpoint::loopback(9), std::string(70'000, 'x'));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, Errc::bad_argument);
    EXPECT_NE(large.error().text().find("70000 bytes is too large"), std::string::npos) << large.error().text();
    const auto to_all = socket.send_to(Endpoint::make("255.255.255.255", 9).value(), "x");
    ASSERT_FALSE(to_all);
    EXPECT_EQ(to_all.error().code, Errc::not_allowed);
    EXPECT_NE(to_all.error().text().find(".broadcast = true"), std::string::npos) << to_all.error().text();
    EXPECT_EQ(socket.send_to(Endpoint(), "x").error().code, Errc::bad_argument);
    EXPECT_EQ(socket.join("10.0.0.1").error().code, Errc::bad_argument);
    EXPECT_EQ(socket.join("all-hosts").error().code, Errc::bad_argument);
  });
}

TEST_P(UdpTest, MembersOfAGroupHearIt) {
  run([] {
    const UdpOptions shared{.reuse_address = true};
    auto first = UdpSocket::bind(Endpoint::any_v4(0), shared).value();
    const std::uint16_t port = first.local_endpoint()->port();
    auto second = UdpSocket::bind(Endpoint::any_v4(port), shared).value();
    const auto joined = first.join("239.7.7.7", "127.0.0.1");
    if (!joined && joined.error().reason.is_atom("enoprotoopt"_atom)) GTEST_SKIP() << "an emulator that does not know IP_MULTICAST_IF";
    ASSERT_TRUE(joined);
    ASSERT_TRUE(second.join("239.7.7.7", "127.0.0.1"));
    ASSERT_TRUE(first.send_to(Endpoint::make("239.7.7.7", port).value(), "here I am"));
    EXPECT_EQ(first.receive_from(5s)->bytes, "here I am");
    EXPECT_EQ(second.receive_from(5s)->bytes, "here I am");
  });
}

TEST_P(UdpTest, APortThatIsTakenIsNamedAndOneJustLeftIsHadAgain) {
  run([] {
    auto first = UdpSocket::bind(Endpoint::loopback(0)).value();
    const Endpoint at = first.local_endpoint().value();
    EXPECT_EQ(UdpSocket::bind(at).error().code, Errc::already_exists);
    EXPECT_EQ(first.receive_from(0s).error().code, Errc::timeout);  // its loop receives from here on
    first.close();
    EXPECT_FALSE(first.is_open());
    EXPECT_TRUE(UdpSocket::bind(at));
  });
}

TEST_P(UdpTest, ABurstThatNobodyTakesIsKeptToABoundAndDroppedBeyond) {
  run([] {
    auto far = UdpSocket::bind(Endpoint::loopback(0)).value();
    auto near = UdpSocket::bind(Endpoint::loopback(0)).value();
    const Endpoint to = far.local_endpoint().value();
    EXPECT_EQ(far.receive_from(0s).error().code, Errc::timeout);
    for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(near.send_to(to, std::string(1'000, 'x')));
    sleep(5ms);
    int got = 0;
    while (far.receive_from(20ms)) ++got;
    EXPECT_GE(got, 64);
    EXPECT_LT(got, 2'000);
    ASSERT_TRUE(near.send_to(to, "after it"));  // and it goes on
    EXPECT_EQ(far.receive_from(5s)->bytes, "after it");
  });
}

TEST_P(UdpTest, OneProcessReceivesAtATimeAndClosingEndsIt) {
  run([] {
    const Footprint before;
    auto socket = UdpSocket::bind(Endpoint::loopback(0)).value();
    std::optional<Errc> seen;
    spawn([&] { seen = socket.receive_from().error().code; });
    yield();
    EXPECT_EQ(socket.receive_from(5s).error().code, Errc::busy);
    socket.close();
    EXPECT_TRUE(eventually([&] { return seen.has_value(); }));
    EXPECT_EQ(seen, Errc::closed);
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
  });
}

}  // namespace
}  // namespace pulpo
