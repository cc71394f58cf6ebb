// SPDX-License-Identifier: Apache-2.0
#include "link/admission.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace pulpo::links {
namespace {

constexpr TimePoint kStart{1'000'000s};
io::Address address(int host) { return io::Address::parse(fmt::format("10.0.{}.{}", host / 256, host % 256), 1000).value(); }

TEST(Admission, HalfOpenConnectionsAreLimitedInAllAndPerAddress) {
  Admission admission({.half_open_max = 5, .half_open_per_address_max = 3});
  std::vector<Admission::Slot> slots;
  for (int i = 0; i < 3; ++i) slots.push_back(admission.admit(address(1), kStart).value());
  const auto fourth = admission.admit(address(1), kStart);
  ASSERT_FALSE(fourth.has_value());
  EXPECT_EQ(fourth.error().code, Errc::busy);
  EXPECT_NE(fourth.error().detail.find("share"), std::string::npos) << fourth.error().detail;
  slots.push_back(admission.admit(address(2), kStart).value());
  slots.push_back(admission.admit(address(3), kStart).value());
  const auto sixth = admission.admit(address(4), kStart);
  ASSERT_FALSE(sixth.has_value());
  EXPECT_NE(sixth.error().detail.find("5 handshakes are under way"), std::string::npos) << sixth.error().detail;
  slots[0].release();
  slots[0].release();  // once is all it counts
  EXPECT_EQ(admission.half_open(), 4u);
  EXPECT_TRUE(admission.admit(address(1), kStart + 1s).has_value());
}

TEST(Admission, ASlotThatIsMovedCountsOnce) {
  Admission admission;
  {
    auto first = admission.admit(address(1), kStart).value();
    auto second = std::move(first);
    EXPECT_EQ(admission.half_open(), 1u);
    second = admission.admit(address(2), kStart).value();
    EXPECT_EQ(admission.half_open(), 1u);
  }
  EXPECT_EQ(admission.half_open(), 0u);
}

TEST(Admission, HandshakesASecondAreLimited) {
  Admission admission({.half_open_max = 10, .handshakes_per_second_max = 100});
  int admitted = 0;
  for (int i = 0; i < 50; ++i) admitted += admission.admit(address(i), kStart).has_value() ? 1 : 0;
  EXPECT_EQ(admitted, 10);
  admitted = 0;
  for (int i = 0; i < 50; ++i) admitted += admission.admit(address(i), kStart + 50ms).has_value() ? 1 : 0;
  EXPECT_EQ(admitted, 5);
}

TEST(Admission, WrongCookiesDelayTheirAddressMoreAndMoreAndNoOther) {
  Admission admission({.failures_free = 2, .delay_min = 100ms, .delay_max = 300ms});
  auto now = kStart;
  const auto guess = [&] { admission.admit(address(1), now).value().failed(now); };
  guess();
  guess();
  EXPECT_TRUE(admission.admit(address(1), now).has_value());
  guess();
  EXPECT_FALSE(admission.admit(address(1), now + 99ms).has_value());
  EXPECT_TRUE(admission.admit(address(2), now).has_value());
  now += 100ms;
  guess();
  EXPECT_FALSE(admission.admit(address(1), now + 199ms).has_value());
  now += 200ms;
  guess();
  EXPECT_FALSE(admission.admit(address(1), now + 299ms).has_value());
  EXPECT_TRUE(admission.admit(address(1), now + 300ms).has_value()) << "the longest delay";
}

TEST(Admission, ASuccessOrAQuietMinuteForgivesAnAddress) {
  Admission admission({.failures_free = 0, .delay_min = 1s, .failures_forgotten = 60s});
  admission.admit(address(1), kStart).value().failed(kStart);
  EXPECT_FALSE(admission.admit(address(1), kStart).has_value());
  auto later = admission.admit(address(1), kStart + 1s).value();
  later.succeeded();
  later.release();
  EXPECT_TRUE(admission.admit(address(1), kStart + 1s).has_value());
  admission.admit(address(1), kStart + 1s).value().failed(kStart + 1s);
  admission.admit(address(1), kStart + 62s).value().failed(kStart + 62s);
  EXPECT_FALSE(admission.admit(address(1), kStart + 62s + 999ms).has_value());
  EXPECT_TRUE(admission.admit(address(1), kStart + 63s).has_value()) << "the first failure again, not the second";
}

TEST(Admission, TheTableOfAddressesIsBoundedAndKeepsThoseThatAreOpen) {
  Admission admission({.half_open_max = 64, .handshakes_per_second_max = 1'000'000, .addresses_max = 16});
  auto held = admission.admit(address(999), kStart).value();
  for (int i = 0; i < 500; ++i) {
    admission.admit(address(i), kStart + i * 1ms).value().failed(kStart + i * 1ms);
    ASSERT_LE(admission.addresses(), 16u);
  }
  held.release();
  EXPECT_EQ(admission.half_open(), 0u);
}

TEST(Admission, AHostsWholeNetworkOfIpv6IsOneAddress) {
  Admission admission({.half_open_per_address_max = 1});
  const auto first = admission.admit(io::Address::parse("2001:db8::1", 1).value(), kStart);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(admission.admit(io::Address::parse("2001:db8::2", 2).value(), kStart).has_value());
  EXPECT_TRUE(admission.admit(io::Address::parse("2001:db8:0:1::1", 1).value(), kStart).has_value());
  const auto v4 = admission.admit(io::Address::parse("10.0.0.1", 1).value(), kStart);
  ASSERT_TRUE(v4.has_value());
  EXPECT_FALSE(admission.admit(io::Address::parse("::ffff:10.0.0.1", 2).value(), kStart).has_value());
  EXPECT_TRUE(admission.admit(io::Address::parse("::ffff:10.0.0.2", 2).value(), kStart).has_value());
}

TEST(Admission, LinesInTheLogAreLimitedOverAllAddresses) {
  Admission admission({.handshakes_per_second_max = 1'000'000});
  int lines = 0;
  for (int i = 0; i < 1000; ++i) lines += admission.admit(address(i), kStart + i * 1ms).value().may_log(kStart + i * 1ms) ? 1 : 0;
  EXPECT_EQ(lines, 10);
}

}  // namespace
}  // namespace pulpo::links
