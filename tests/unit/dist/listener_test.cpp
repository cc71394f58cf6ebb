// SPDX-License-Identifier: Apache-2.0
#include "dist/listener.hpp"

#include <gtest/gtest.h>

namespace pulpo::dist {
namespace {

TEST(ListenAddress, ANodeOnLocalhostListensOnLoopbackAndOthersEverywhere) {
  for (const char* const host : {"localhost", "127.0.0.1", "127.3.2.1", "::1"})
    EXPECT_TRUE(listen_address("", host)->is_loopback()) << host;
  EXPECT_FALSE(listen_address("", "altair")->is_loopback());
  EXPECT_EQ(listen_address("", "altair")->port(), 0);
}

TEST(ListenAddress, EachFormIsRead) {
  EXPECT_EQ(listen_address("10.0.0.1", "altair")->text(), "10.0.0.1:0");
  EXPECT_EQ(listen_address("10.0.0.1:9100", "altair")->text(), "10.0.0.1:9100");
  EXPECT_EQ(listen_address(":9100", "localhost")->text(), "127.0.0.1:9100");
  EXPECT_EQ(listen_address("[::1]:9100", "altair")->text(), "[::1]:9100");
  EXPECT_EQ(listen_address("[::1]", "altair")->text(), "[::1]:0");
  EXPECT_EQ(listen_address("fe80::1", "altair")->ip_text(), "fe80::1");
}

TEST(ListenAddress, AnInterfaceStandsForItsFirstIPv4Address) {
  const auto address = [](const char* ip) { return io::Address::parse(ip, 0).value(); };
  const std::vector<io::Interface> interfaces = {{.name = "lo", .number = 1, .address = address("127.0.0.1")},
                                                 {.name = "eth0", .number = 2, .address = address("2001:db8::1")},
                                                 {.name = "eth0", .number = 2, .address = address("192.0.2.1")},
                                                 {.name = "eth0", .number = 2, .address = address("192.0.2.2")},
                                                 {.name = "eth1", .number = 3, .address = address("2001:db8::2")}};
  EXPECT_EQ(listen_address("eth0", "altair", interfaces)->text(), "192.0.2.1:0");
  EXPECT_EQ(listen_address("eth0:9100", "altair", interfaces)->text(), "192.0.2.1:9100");
  EXPECT_EQ(listen_address("eth1", "altair", interfaces)->text(), "[2001:db8::2]:0");
  EXPECT_FALSE(listen_address("eth2", "altair", interfaces));
}

TEST(ListenAddress, WhatIsNoneIsSaidSo) {
  for (const char* const text : {"altair", "10.0.0.1:", "10.0.0.1:70000", ":x", "10.0.0.1:80:", "[::1"}) {
    const auto address = listen_address(text, "altair");
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Errc::bad_argument);
    EXPECT_NE(address.error().text().find("--listen"), std::string::npos);
  }
}

}  // namespace
}  // namespace pulpo::dist
