// SPDX-License-Identifier: Apache-2.0
#include "cluster/global_table.hpp"

#include <gtest/gtest.h>

namespace pulpo {
namespace {

using Claim = GlobalTable::Claim;

const Term& name() {
  static const Term kName = Term::tuple({"weather"_atom, 7});
  return kName;
}
Pid pid(std::uint32_t id) { return {kOwnNode, id, 1}; }
Claim claim(std::uint32_t id, const char* node, Duration since, bool settled = true, std::uint64_t version = 1) {
  return {.pid = pid(id),
          .node = Atom(node),
          .version = version,
          .since = TimePoint(since),
          .method = "keep_longest"_atom,
          .application = "nil"_atom,
          .settled = settled};
}

TEST(GlobalTable, FindsWhatWasPutAndNoMoreOnceDropped) {
  GlobalTable table;
  EXPECT_FALSE(table.find(name()));
  table.put(name(), claim(1, "a@x", 1s));
  EXPECT_EQ(table.find(name()), pid(1));
  EXPECT_FALSE(table.drop(name(), pid(2)));
  EXPECT_TRUE(table.drop(name(), pid(1)));
  EXPECT_FALSE(table.find(name()));
  EXPECT_TRUE(table.names().empty());
}

TEST(GlobalTable, OfTwoClaimsTheOneSettledForLongestIsFound) {
  GlobalTable table;
  table.put(name(), claim(1, "a@x", 1s, false));
  table.put(name(), claim(2, "b@x", 5s));
  EXPECT_EQ(table.find(name()), pid(2)) << "the other is not decided yet";
  table.put(name(), claim(1, "a@x", 1s));
  EXPECT_EQ(table.find(name()), pid(1));
}

TEST(GlobalTable, ANodeTakesItsNamesWithIt) {  // GLOBAL-7
  GlobalTable table;
  table.put(name(), claim(1, "a@x", 1s));
  table.put(name(), claim(2, "b@x", 2s));
  table.put(Term("other"_atom), claim(1, "a@x", 1s));
  table.drop_node("a@x"_atom);
  EXPECT_EQ(table.find(name()), pid(2));
  EXPECT_EQ(table.names().size(), 1u);
}

TEST(GlobalTable, OfTwoThatReplaceANameAtOnceTheSameWinsInEitherOrder) {  // GLOBAL-6
  Claim first = claim(1, "a@x", 1s, true, 4), second = claim(2, "b@x", 1s, true, 4);
  first.forced = second.forced = true;
  for (const bool swapped : {false, true}) {
    GlobalTable table;
    table.replace(name(), swapped ? second : first);
    table.replace(name(), swapped ? first : second);
    EXPECT_EQ(table.find(name()), pid(2)) << swapped;
  }
}

TEST(GlobalTable, KnowsWhoseNamesAreStillToCome) {
  GlobalTable table;
  EXPECT_FALSE(table.is_merging());
  table.expect("a@x"_atom);
  table.expect("b@x"_atom);
  table.expect("a@x"_atom);
  table.merged("a@x"_atom);
  EXPECT_TRUE(table.is_merging());
  table.merged("b@x"_atom);
  EXPECT_FALSE(table.is_merging());
}

}  // namespace
}  // namespace pulpo
