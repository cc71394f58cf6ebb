// SPDX-License-Identifier: Apache-2.0
#include "pulpo/endpoint.hpp"

#include <gtest/gtest.h>

namespace pulpo {
namespace {

TEST(Endpoint, IsReadAndPrintedTheSameWay) {
  for (const char* const text : {"127.0.0.1:80", "192.168.1.7:65535", "0.0.0.0:0", "[::1]:4369", "[2001:db8::7]:1"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->text(), text);
    EXPECT_EQ(*endpoint, Endpoint::parse(endpoint->text()).value());
  }
  const Endpoint v6 = Endpoint::parse("[::1]:4369").value();
  EXPECT_TRUE(v6.is_v6());
  EXPECT_EQ(v6.ip(), "::1");
  EXPECT_EQ(v6.port(), 4369);
  EXPECT_EQ(Endpoint::make("127.0.0.1", 80).value(), Endpoint::loopback(80));
  EXPECT_NE(Endpoint::loopback(80), Endpoint::loopback(81));
}

TEST(Endpoint, AnIPv4AddressInIPv6ClothesIsTheSamePlace) {
  EXPECT_EQ(Endpoint::make("::ffff:192.168.1.7", 80).value(), Endpoint::make("192.168.1.7", 80).value());
}

TEST(Endpoint, WhatIsNoneSaysWhatIsWrong) {
  const auto why = [](const char* text) {
    const auto endpoint = Endpoint::parse(text);
    EXPECT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().code, Errc::bad_argument);
    return endpoint.error().text();
  };
  EXPECT_NE(why("board.local:80").find("names of hosts are not looked up here"), std::string::npos);
  EXPECT_NE(why("127.0.0.1").find("has no port"), std::string::npos);
  EXPECT_NE(why("127.0.0.1:").find("no port from 0 to 65535"), std::string::npos);
  EXPECT_NE(why("127.0.0.1:65536").find("no port from 0 to 65535"), std::string::npos);
  EXPECT_NE(why("::1:80").find("[::1]:80"), std::string::npos);
  EXPECT_FALSE(Endpoint::make("300.0.0.1", 80));
  EXPECT_TRUE(Endpoint().is_none());
  EXPECT_EQ(Endpoint().text(), "none");
}

}  // namespace
}  // namespace pulpo
