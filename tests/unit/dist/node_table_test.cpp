// SPDX-License-Identifier: Apache-2.0
#include "dist/node_table.hpp"

#include <gtest/gtest.h>

namespace pulpo::dist {
namespace {

TEST(NodeTable, ANameAndACreationAreOneEntry) {
  NodeTable nodes;
  const auto a = nodes.find_or_make("a@altair", 7);
  ASSERT_TRUE(a);
  EXPECT_NE(*a, kOwnNode);
  EXPECT_EQ(nodes.find_or_make("a@altair", 7), a);
  EXPECT_NE(nodes.find_or_make("a@altair", 8), a) << "another life of that node (SIG-2)";
  EXPECT_NE(nodes.find_or_make("b@altair", 7), a);
  EXPECT_EQ(nodes.name(*a), "a@altair");
}

TEST(NodeTable, OurOwnNameInThisLifeIsTheOwnNode) {
  NodeTable nodes;
  nodes.set_own("me@altair", 5);
  EXPECT_EQ(nodes.find_or_make("me@altair", 5), kOwnNode);
  EXPECT_EQ(nodes.find_or_make("me@altair", 0), kOwnNode) << "whoever has the name: we do";
  EXPECT_NE(nodes.find_or_make("me@altair", 4), kOwnNode) << "our previous life";
}

TEST(NodeTable, ASlotThatIsUsedAgainHasAnotherNumber) {
  NodeTable nodes;
  const auto first = nodes.find_or_make("ping-1@altair", 7);
  nodes.release(*first);
  const auto second = nodes.find_or_make("ping-2@altair", 7);
  EXPECT_EQ(*first & kNodeSlotMask, *second & kNodeSlotMask);
  EXPECT_NE(first, second);
  EXPECT_EQ(nodes.name(*first), "") << "a pid of the old one names nobody";
  nodes.release(*first);  // twice, and of a number that is past: nothing happens
  EXPECT_EQ(nodes.name(*second), "ping-2@altair");
}

TEST(NodeTable, AnEntryThatIsReleasedTwiceIsGivenOutOnce) {
  NodeTable nodes;
  const auto gone = nodes.find_or_make("ping-1@altair", 7);
  nodes.release(*gone);
  EXPECT_EQ(nodes.name(*gone), "") << "nobody's at once, and not only when the slot is used again";
  nodes.release(*gone);
  const auto next = nodes.find_or_make("ping-2@altair", 7);
  const auto other = nodes.find_or_make("ping-3@altair", 7);
  EXPECT_EQ(nodes.name(*next), "ping-2@altair");
  EXPECT_EQ(nodes.name(*other), "ping-3@altair");
}

TEST(NodeTable, LookingForANameMakesNoEntry) {
  NodeTable nodes;
  const auto before = nodes.size();
  EXPECT_EQ(nodes.find("a@altair", 7), std::nullopt);
  EXPECT_EQ(nodes.size(), before);
  const auto made = nodes.find_or_make("a@altair", 7);
  EXPECT_EQ(nodes.find("a@altair", 7), made);
  EXPECT_EQ(nodes.size(), before + 1);
  nodes.release(*made);
  EXPECT_EQ(nodes.size(), before);
}

TEST(NodeTable, NamesOfCommandsBecomeNoAtoms) {
  NodeTable nodes;
  const auto before = Atom::count();
  for (int i = 0; i < 100; ++i) nodes.release(*nodes.find_or_make("ping-" + std::to_string(i) + "@altair", 7));
  EXPECT_EQ(Atom::count(), before);
}

TEST(NodeTable, AFullTableGivesNothingMore) {
  NodeTable nodes;
  std::uint32_t made = 0;
  while (nodes.find_or_make("a@altair", made + 1)) ++made;
  EXPECT_EQ(made, NodeTable::kEntriesMax - 1);
  EXPECT_TRUE(nodes.find_or_make("a@altair", 1)) << "those it has are still found";
}

}  // namespace
}  // namespace pulpo::dist
