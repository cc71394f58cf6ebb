// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pulpo::cli {
namespace {

TEST(Json, KeysKeepTheOrderInWhichTheyWereAdded) {
  JsonObject object;
  object.add("b", 1).add("a", "text").add("c", true).add("d", 1.25, 1).add_raw("e", "[1,2]").add("f", JsonObject{}.add("g", -1));
  EXPECT_EQ(object.text(), R"({"b":1,"a":"text","c":true,"d":1.2,"e":[1,2],"f":{"g":-1}})");
}

TEST(Json, TextIsEscaped) { EXPECT_EQ(json_text("\"a\\b\"\n\x01é"), "\"\\\"a\\\\b\\\"\\n\\u0001é\""); }

TEST(Json, WhatIsNoNumberBecomesNull) {
  JsonObject object;
  object.add("a", std::numeric_limits<double>::quiet_NaN(), 1).add("b", std::numeric_limits<double>::infinity(), 1);
  EXPECT_EQ(object.text(), R"({"a":null,"b":null})");
}

}  // namespace
}  // namespace pulpo::cli
