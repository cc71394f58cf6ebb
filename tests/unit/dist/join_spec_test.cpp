// SPDX-License-Identifier: Apache-2.0
#include "dist/join_spec.hpp"

#include <gtest/gtest.h>

namespace pulpo::dist {
namespace {

using Kind = JoinSpec::Kind;

TEST(JoinSpecs, EachFormIsRead) {
  const auto specs = parse_join("lan,lan:lab-2,altair,altair:4711,192.0.2.1,[2001:db8::1]:9,2001:db8::1,c@altair,lan");
  ASSERT_TRUE(specs) << specs.error().text();
  const std::vector<JoinSpec> expected = {{.kind = Kind::lan},
                                          {.kind = Kind::lan, .label = "lab-2"},
                                          {.kind = Kind::host, .host = "altair"},
                                          {.kind = Kind::port, .host = "altair", .port = 4711},
                                          {.kind = Kind::host, .host = "192.0.2.1"},
                                          {.kind = Kind::port, .host = "2001:db8::1", .port = 9},
                                          {.kind = Kind::host, .host = "2001:db8::1"},
                                          {.kind = Kind::node, .host = "altair", .name = "c@altair"}};
  EXPECT_EQ(*specs, expected);
}

TEST(JoinSpecs, AreWrittenAsTheyAreRead) {
  for (const char* const text : {"lan", "lan:lab", "altair", "altair:4711", "[2001:db8::1]:9", "2001:db8::1", "c@altair"})
    EXPECT_EQ(parse_join(text)->front().text(), text);
}

TEST(JoinSpecs, WhatIsNoneIsSaidSo) {
  for (const auto& [text, part] : std::vector<std::pair<std::string, std::string>>{{"", "empty place"},
                                                                                   {"lan,", "empty place"},
                                                                                   {",lan", "empty place"},
                                                                                   {"lan:", "no label"},
                                                                                   {"lan:a b", "no label"},
                                                                                   {"lan:" + std::string(33, 'x'), "no label"},
                                                                                   {"altair:", "no port"},
                                                                                   {"altair:0", "no port"},
                                                                                   {"altair:70000", "no port"},
                                                                                   {"altair:x", "no port"},
                                                                                   {"a b", "no host"},
                                                                                   {"[::1", "no host"},
                                                                                   {"@altair", "before the @"},
                                                                                   {"c@", "after the @"},
                                                                                   {"c@d@e", "more than one @"},
                                                                                   {"c!@altair", "is none"}}) {
    const auto specs = parse_join(text);
    ASSERT_FALSE(specs) << text;
    EXPECT_EQ(specs.error().code, Errc::bad_argument);
    EXPECT_NE(specs.error().text().find("--join"), std::string::npos) << specs.error().text();
    EXPECT_NE(specs.error().text().find(part), std::string::npos) << text << ": " << specs.error().text();
  }
}

}  // namespace
}  // namespace pulpo::dist
