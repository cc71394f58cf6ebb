// SPDX-License-Identifier: Apache-2.0
#include "proc/registry.hpp"

#include <gtest/gtest.h>

namespace pulpo {
namespace {

TEST(Registry, ANameBelongsToWhoTookItUntilHeLeavesIt) {
  Registry registry;
  const Atom name("registry_test_name");
  const Pid one{kOwnNode, 1, 1};
  const Pid two{kOwnNode, 2, 1};
  EXPECT_FALSE(registry.find(name));
  EXPECT_TRUE(registry.add(name, one));
  EXPECT_FALSE(registry.add(name, two));
  EXPECT_EQ(registry.find(name), one);
  EXPECT_FALSE(registry.remove(name, two));
  EXPECT_TRUE(registry.remove(name, one));
  EXPECT_FALSE(registry.find(name));
  EXPECT_TRUE(registry.add(name, two));
}

}  // namespace
}  // namespace pulpo
