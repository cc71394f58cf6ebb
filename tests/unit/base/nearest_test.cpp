// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pulpo {
namespace {

TEST(Nearest, FindsSlipsOfTheHandAndNothingElse) {
  constexpr std::array<std::string_view, 4> kVerbs{"node", "names", "ping", "doctor"};
  EXPECT_EQ(nearest("nmaes", kVerbs), "names");
  EXPECT_EQ(nearest("pnig", kVerbs), "ping");
  EXPECT_EQ(nearest("docter", kVerbs), "doctor");
  EXPECT_EQ(nearest("xyz", kVerbs), "");
  EXPECT_EQ(nearest("", kVerbs), "");
  EXPECT_EQ(nearest(std::string(5000, 'n'), kVerbs), "");
}

}  // namespace
}  // namespace pulpo
