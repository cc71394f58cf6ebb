// SPDX-License-Identifier: Apache-2.0
#include "io/address.hpp"

#include <gtest/gtest.h>

namespace pulpo::io {
namespace {

Address parsed(std::string_view ip, std::uint16_t port = 0) {
  auto address = Address::parse(ip, port);
  EXPECT_TRUE(address.has_value()) << ip;
  return std::move(address).value_or(Address{});
}

TEST(Address, TextOfBothFamiliesIsReadAndPrintedAlike) {
  EXPECT_EQ(parsed("127.0.0.1", 4369).text(), "127.0.0.1:4369");
  EXPECT_EQ(parsed("::1", 4369).text(), "[::1]:4369");
  EXPECT_EQ(parsed("2001:db8:0:0:0:0:0:7").ip_text(), "2001:db8::7");
  EXPECT_EQ(parsed("255.255.255.255", 65535).text(), "255.255.255.255:65535");
}

TEST(Address, AnInterfaceIsTakenByNameAndByNumberAndPrintedByName) {
  EXPECT_EQ(parsed("fe80::1%lo").ip_text(), "fe80::1%lo");
  EXPECT_EQ(parsed("fe80::1%1").ip_text(), "fe80::1%lo") << "interface 1 is lo on Linux";
  EXPECT_EQ(parsed("fe80::1%4000000").ip_text(), "fe80::1%4000000");
  EXPECT_FALSE(parsed("fe80::1%lo").same_host(parsed("fe80::1")));
}

TEST(Address, WhatIsNoAddressIsRefusedWithItsText) {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4x", "::1::", "127.0.0.1%lo", "fe80::1%", "%lo",
                           "fe80::1%nosuchinterface0", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    const auto address = Address::parse(text, 1);
    ASSERT_FALSE(address.has_value()) << text;
    EXPECT_EQ(address.error().code, Errc::bad_argument);
    EXPECT_NE(address.error().text().find(text), std::string::npos) << address.error().text();
  }
}

TEST(Address, LoopbackIsKnownInEveryDisguise) {
  EXPECT_TRUE(parsed("127.0.0.1").is_loopback());
  EXPECT_TRUE(parsed("127.9.8.7").is_loopback());
  EXPECT_TRUE(parsed("::1").is_loopback());
  EXPECT_TRUE(parsed("::ffff:127.0.0.1").is_loopback());
  EXPECT_TRUE(Address::loopback_v4(1).is_loopback());
  EXPECT_FALSE(parsed("128.0.0.1").is_loopback());
  EXPECT_FALSE(parsed("::").is_loopback());
  EXPECT_FALSE(parsed("::ffff:10.0.0.1").is_loopback());
  EXPECT_FALSE(Address{}.is_loopback());
}

TEST(Address, OneHostIsTheSameOnEveryPortAndInBothFamilies) {
  EXPECT_TRUE(parsed("10.0.0.1", 1).same_host(parsed("10.0.0.1", 2)));
  EXPECT_TRUE(parsed("10.0.0.1").same_host(parsed("::ffff:10.0.0.1")));
  EXPECT_TRUE(parsed("2001:db8::1").same_host(parsed("2001:db8::1", 9)));
  EXPECT_FALSE(parsed("10.0.0.1").same_host(parsed("10.0.0.2")));
  EXPECT_FALSE(parsed("2001:db8::1").same_host(parsed("10.0.0.1")));
  EXPECT_FALSE(Address{}.same_host(Address{}));
}

TEST(Address, AnIpv4PeerOfAListenerOfBothFamiliesIsWrittenAsPeopleKnowIt) {
  EXPECT_EQ(parsed("::ffff:192.168.1.10", 4369).text(), "192.168.1.10:4369");
  EXPECT_EQ(parsed("::ffff:192.168.1.10").ip_text(), "192.168.1.10");
  EXPECT_EQ(parsed("::1", 4369).text(), "[::1]:4369");
}

TEST(Address, ThePortCanBeChangedAndNothingElse) {
  for (const char* text : {"10.1.2.3", "2001:db8::1"}) {
    Address address = parsed(text, 1);
    address.set_port(65000);
    EXPECT_EQ(address.port(), 65000);
    EXPECT_EQ(address.ip_text(), text);
  }
}

TEST(Address, WhatTheKernelGivesIsTakenByItsFamilyAndSize) {
  const Address v6 = parsed("2001:db8::1", 80);
  EXPECT_EQ(Address::from_kernel(v6.kernel(), v6.kernel_size()).text(), v6.text());
  const Address v4 = Address::any_v4(80);
  EXPECT_EQ(Address::from_kernel(v4.kernel(), v4.kernel_size()).text(), "0.0.0.0:80");
  EXPECT_EQ(Address::from_kernel(v6.kernel(), sizeof(sockaddr_in)).family(), AF_UNSPEC) << "cut short";
  EXPECT_EQ(Address::from_kernel(v4.kernel(), 0).family(), AF_UNSPEC) << "an unnamed peer";
}

TEST(Address, NoAddressSaysSo) {
  EXPECT_EQ(Address{}.family(), AF_UNSPEC);
  EXPECT_EQ(Address{}.kernel_size(), 0u);
  EXPECT_EQ(Address{}.port(), 0);
  EXPECT_EQ(Address{}.text(), "no address:0");
}

}  // namespace
}  // namespace pulpo::io
