// SPDX-License-Identifier: Apache-2.0
//
// The expected texts are iex's (Elixir 1.14) for the same values.
#include "lang/layout.hpp"

#include <gtest/gtest.h>

#include "pulpo/lang.hpp"

namespace pulpo::lang {
namespace {

TEST(Layout, WhatFitsStaysInOneLine) {
  EXPECT_EQ(laid_out(":ok"), ":ok");
  EXPECT_EQ(laid_out("{:ok, [1, 2, 3], %{a: \"b, c\"}}"), "{:ok, [1, 2, 3], %{a: \"b, c\"}}");
  EXPECT_EQ(laid_out("[]"), "[]");
}

TEST(Layout, ListsOfPlainValuesAreFilled) {
  std::string numbers;
  for (int i = 1; i <= 30; ++i) numbers += (i > 1 ? ", " : "") + std::to_string(i);
  EXPECT_EQ(laid_out("[" + numbers + "]"),
            "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,\n 23, 24, 25, 26, 27, 28, 29, 30]");
}

TEST(Layout, TuplesAreFilledAndKeywordsStacked) {
  const std::string long_text(50, 'x');
  EXPECT_EQ(laid_out("{:ok, \"" + long_text + "\", \"" + long_text + "\"}"), "{:ok, \"" + long_text + "\",\n \"" + long_text + "\"}");
  EXPECT_EQ(laid_out("[a: 1, b: \"" + long_text + "\", c: {:d, \"" + long_text + "\"}]"),
            "[\n  a: 1,\n  b: \"" + long_text + "\",\n  c: {:d, \"" + long_text + "\"}\n]");
}

TEST(Layout, MapsAndStructsAreStacked) {
  const std::string long_text(40, 'x');
  EXPECT_EQ(laid_out("%{a: \"" + long_text + "\", b: %{c: \"" + long_text + "\", d: \"" + long_text + "\"}}"),
            "%{\n  a: \"" + long_text + "\",\n  b: %{\n    c: \"" + long_text + "\",\n    d: \"" + long_text + "\"\n  }\n}");
  EXPECT_EQ(laid_out("%Task{mfa: {:erlang, :apply, 2}, owner: #PID<0.109.0>, pid: #PID<0.110.0>, ref: #Reference<0.1.2.3>}"),
            "%Task{\n  mfa: {:erlang, :apply, 2},\n  owner: #PID<0.109.0>,\n  pid: #PID<0.110.0>,\n  ref: #Reference<0.1.2.3>\n}");
}

TEST(Layout, QuotesAndBinariesHideBracketsAndCommas) {
  const std::string long_text(70, '[');
  EXPECT_EQ(laid_out("[\"" + long_text + "\", :\"a]b, c\", <<1, 2, 3>>]"), "[\n  \"" + long_text + "\",\n  :\"a]b, c\",\n  <<1, 2, 3>>\n]");
}

TEST(Layout, LongContainersAreCut) {
  std::string numbers;
  for (int i = 1; i <= 1000; ++i) numbers += (i > 1 ? ", " : "") + std::to_string(i);
  const std::string text = laid_out("[" + numbers + "]");
  EXPECT_TRUE(text.ends_with("49, 50, ...]")) << text;
}

TEST(Layout, CutAndDeepTextsAreKept) {
  const std::string cut = "[" + std::string(100, '1') + ", {2, \"no end";
  EXPECT_EQ(laid_out(cut), cut);
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  const std::string text = laid_out(deep);
  EXPECT_EQ(std::count(text.begin(), text.end(), '['), 5000);
  EXPECT_EQ(std::count(text.begin(), text.end(), ']'), 5000);
}

}  // namespace
}  // namespace pulpo::lang
