// SPDX-License-Identifier: Apache-2.0
#include "base/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pulpo {
namespace {

struct Element : ListHook<> {
  explicit Element(int n) : number(n) {}
  int number;
};

std::vector<int> numbers(IntrusiveList<Element>& list) {
  std::vector<int> all;
  list.for_each([&](Element& element) { all.push_back(element.number); });
  return all;
}

TEST(IntrusiveList, KeepsTheOrderOfPushing) {
  IntrusiveList<Element> list;
  Element one(1), two(2), three(3);
  list.push_back(one);
  list.push_back(two);
  list.push_back(three);
  EXPECT_EQ(numbers(list), (std::vector{1, 2, 3}));
  two.unlink();
  EXPECT_EQ(numbers(list), (std::vector{1, 3}));
  EXPECT_EQ(list.pop_front(), &one);
  EXPECT_EQ(list.pop_front(), &three);
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(IntrusiveList, TheVisitorMayUnlinkWhatItVisits) {
  IntrusiveList<Element> list;
  Element one(1), two(2);
  list.push_back(one);
  list.push_back(two);
  list.for_each([](Element& element) { element.unlink(); });
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveListDeathTest, AnElementThatDiesOnAListStopsTheNode) {
  EXPECT_DEATH(
      {
        IntrusiveList<Element> list;
        Element one(1);
        list.push_back(one);
      },
      "assertion failed");
}

}  // namespace
}  // namespace pulpo
