// SPDX-License-Identifier: Apache-2.0
#include "dist/host_names.hpp"

#include <gtest/gtest.h>

namespace pulpo::dist {
namespace {

TEST(HostNames, TheLinesOfAMapperAreRead) {  // EPMD-9
  const HostNames::List expected = {{"a", 4711}, {"b at port 1", 65535}, {"c", 1}};
  EXPECT_EQ(HostNames::read("name a at port 4711\nname b at port 1 at port 65535\nname c at port 1"), expected);
  EXPECT_TRUE(HostNames::read("").empty());
}

TEST(HostNames, WhatIsNoSuchLineIsPassedOver) {
  for (const char* const line : {"a at port 1", "name a", "name a at port ", "name a at port 70000", "name a at port 1x", "name at port 1",
                                 "\n\n", "name a at port -1"})
    EXPECT_TRUE(HostNames::read(line).empty()) << line;
}

}  // namespace
}  // namespace pulpo::dist
