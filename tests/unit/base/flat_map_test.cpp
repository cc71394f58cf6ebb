// SPDX-License-Identifier: Apache-2.0
#include "base/flat_map.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <unordered_map>
#include <vector>

namespace pulpo {
namespace {

using Map = FlatMap<std::uint32_t, int>;

std::vector<std::uint32_t> keys(const Map& map) {
  std::vector<std::uint32_t> all;
  map.for_each([&](std::uint32_t key, int) { all.push_back(key); });
  return all;
}

TEST(FlatMap, FindsWhatWasPutInAndNothingElse) {
  Map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_TRUE(map.try_emplace(1, 10).second);
  ASSERT_NE(map.find(1), nullptr);
  EXPECT_EQ(*map.find(1), 10);
  EXPECT_EQ(map.find(2), nullptr);
}

TEST(FlatMap, KeepsTheValueOfAKeyThatIsThere) {
  Map map;
  map.try_emplace(1, 10);
  const auto [value, made] = map.try_emplace(1, 20);
  EXPECT_FALSE(made);
  EXPECT_EQ(*value, 10);
  EXPECT_EQ(map.size(), 1u);
}

TEST(FlatMap, SaysWhetherThereWasSomethingToErase) {
  Map map;
  EXPECT_FALSE(map.erase(1));
  map.try_emplace(1, 10);
  EXPECT_TRUE(map.erase(1));
  EXPECT_FALSE(map.erase(1));
  EXPECT_TRUE(map.empty());
}

TEST(FlatMap, VisitsInTheOrderOfInsertionWhileItIsSmall) {
  Map map;
  for (const std::uint32_t key : {5u, 3u, 9u, 1u}) map.try_emplace(key, 0);
  map.erase(3);
  EXPECT_EQ(keys(map), (std::vector<std::uint32_t>{5, 9, 1}));
}

TEST(FlatMap, AgreesWithAnotherMapThroughARandomLife) {
  // Goal:   the array, the table, the way between them, and the gaps that removals leave.
  // Method: the same random insertions and removals on a std::unordered_map; keys that crowd into few homes.
  std::mt19937 random(7);
  Map map;
  std::unordered_map<std::uint32_t, int> judge;
  for (int step = 0; step < 200'000; ++step) {
    const std::uint32_t key = random() % 600 * 4096;
    // The population drifts from none to many and back, so that every size is met.
    const bool grow = random() % 100 < (step / 20'000 % 2 == 0 ? 70u : 30u);
    if (grow) {
      EXPECT_EQ(map.try_emplace(key, step).second, judge.try_emplace(key, step).second);
    } else {
      EXPECT_EQ(map.erase(key), judge.erase(key) == 1);
    }
    ASSERT_EQ(map.size(), judge.size());
    const auto probe = judge.find(key);
    const int* const found = map.find(key);
    ASSERT_EQ(found != nullptr, probe != judge.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, probe->second);
    }
  }
  std::size_t visited = 0;
  map.for_each([&](std::uint32_t key, int value) {
    ++visited;
    ASSERT_EQ(judge.at(key), value);
  });
  EXPECT_EQ(visited, judge.size());
}

TEST(FlatMap, ErasesAllThatAreUnwanted) {
  Map map;
  for (std::uint32_t key = 0; key < 100; ++key) map.try_emplace(key, static_cast<int>(key));
  map.erase_if([](std::uint32_t key, int) { return key % 2 == 0; });
  EXPECT_EQ(map.size(), 50u);
  for (std::uint32_t key = 0; key < 100; ++key) EXPECT_EQ(map.find(key) != nullptr, key % 2 == 1);
}

}  // namespace
}  // namespace pulpo
