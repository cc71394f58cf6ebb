// SPDX-License-Identifier: Apache-2.0
#include "link/node_name.hpp"

#include <gtest/gtest.h>

namespace pulpo::links {
namespace {

TEST(NodeName, IsAHeadAndAHostAroundExactlyOneAt) {  // NODE-1, NODE-34
  for (const auto* const name : {"a@altair", "a@127.0.0.1", "A-b_9@h", "x@fe80::1%eth0", "a@b"}) EXPECT_TRUE(is_node_name(name)) << name;
  for (const auto* const name : {"", "a", "@", "a@", "@b", "a@@b", "a@b@c", "a b@c", "a@b c", "a.b@c", "a@b\n", "\xc3\xa4@b", "a@\x7f"}) {
    EXPECT_FALSE(is_node_name(name)) << name;
  }
  EXPECT_FALSE(is_node_name("a@" + std::string(254, 'h')));
  EXPECT_TRUE(is_node_name("a@" + std::string(253, 'h')));
}

TEST(NodeName, IsPrintedAsElixirPrintsTheAtom) {
  EXPECT_EQ(node_name_text("c@altair"), ":c@altair");
  EXPECT_EQ(node_name_text("C_1@altair"), ":C_1@altair");
  EXPECT_EQ(node_name_text("b@127.0.0.1"), ":\"b@127.0.0.1\"");
  EXPECT_EQ(node_name_text("1@h"), ":\"1@h\"");
  EXPECT_EQ(node_name_text("a-b@h"), ":\"a-b@h\"");
  EXPECT_EQ(node_name_text("a@\"\\#{x}#"), ":\"a@\\\"\\\\\\#{x}#\"");
}

}  // namespace
}  // namespace pulpo::links
