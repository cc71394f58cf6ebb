// SPDX-License-Identifier: Apache-2.0
#include "host/resolv_conf.hpp"

#include <gtest/gtest.h>

namespace pulpo::host {
namespace {

using Names = std::vector<std::string>;

TEST(ResolvConfs, ServersDomainsAndDotsAreRead) {
  const auto conf = read_resolv_conf(
      "# of the router\n; too\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 # first\nnameserver nonsense\nsearch lan "
      "example.org.\r\noptions "
      "timeout:1 ndots:2 rotate\n");
  ASSERT_EQ(conf.servers.size(), 2u);
  EXPECT_EQ(conf.servers[0].text(), "192.0.2.1:53");
  EXPECT_EQ(conf.servers[1].text(), "[2001:db8::1]:53");
  EXPECT_EQ(conf.domains, (Names{"lan", "example.org"}));
  EXPECT_EQ(conf.dots, 2u);
}

TEST(ResolvConfs, OfManyServersAndDomainsTheFirstOnesCount) {
  std::string text, search = "search";
  for (int i = 1; i < 10; ++i) {
    text += "nameserver 192.0.2." + std::to_string(i) + "\n";
    search += " d" + std::to_string(i);
  }
  const auto conf = read_resolv_conf(text + search);
  EXPECT_EQ(conf.servers.size(), 3u);
  EXPECT_EQ(conf.domains.size(), 6u);
}

TEST(ResolvConfs, TheLastOfDomainAndSearchCounts) { EXPECT_EQ(read_resolv_conf("search a b\ndomain c\n").domains, Names{"c"}); }

TEST(ResolvConfs, NonsenseIsPassedOver) {
  const auto conf = read_resolv_conf("options ndots:x ndots:99999999999\nnameserver\nsearch\n\n\0\xff");
  EXPECT_TRUE(conf.servers.empty());
  EXPECT_TRUE(conf.domains.empty());
  EXPECT_EQ(conf.dots, 1u);
  EXPECT_EQ(read_resolv_conf("options ndots:40").dots, 15u);
}

TEST(ResolvConfs, ANameWithFewDotsIsCompletedFirst) {
  const ResolvConf conf{.domains = {"lan", "example.org"}};
  EXPECT_EQ(conf.candidates("altair", false), (Names{"altair.lan", "altair.example.org", "altair"}));
  EXPECT_EQ(conf.candidates("altair.lab", false), (Names{"altair.lab", "altair.lab.lan", "altair.lab.example.org"}));
  EXPECT_EQ(conf.candidates("altair", true), Names{"altair"});
  EXPECT_EQ(ResolvConf{}.candidates("altair", false), Names{"altair"});
  EXPECT_EQ(conf.candidates(std::string(250, 'x'), false), Names{std::string(250, 'x')}) << "too long with a domain";
}

}  // namespace
}  // namespace pulpo::host
