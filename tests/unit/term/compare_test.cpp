// SPDX-License-Identifier: Apache-2.0
//
// Erlang's order of terms. The list below is in the order that lists:sort/1 of OTP 25 gives.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {
namespace {

Term erlang(std::string_view text) {
  auto read = read_erlang(text);
  EXPECT_TRUE(read.has_value()) << text << ": " << (read ? "" : read.error().text());
  return std::move(read).value();
}

int sign(std::weak_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

TEST(TermOrder, IsErlangs) {
  const char* const kAscending[] = {"-1.0e300",
                                    "-340282366920938463463374607431768211456",
                                    "-9223372036854775809",
                                    "-9223372036854775808",
                                    "-1.5",
                                    "-1",
                                    "0",
                                    "1.5",
                                    "2",
                                    "9007199254740993",
                                    "9007199254740994.0",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "340282366920938463463374607431768211455",
                                    "3.4028236692093847e38",
                                    "1.0e300",
                                    "''",
                                    "'Elixir.Foo'",
                                    "a",
                                    "ab",
                                    "b",
                                    "'\xc3\xa9'",
                                    "'\xe6\x8e\xa5'",
                                    "#Ref<0.1.2.3>",
                                    "fun lists:map/1",
                                    "fun lists:map/2",
                                    "fun lists:nth/1",
                                    "<0.1.0>",
                                    "<0.2.0>",
                                    "<0.1.1>",
                                    "{}",
                                    "{b}",
                                    "{a,a}",
                                    "{a,b}",
                                    "{b,a}",
                                    "#{}",
                                    "#{b => 1}",
                                    "#{a => 2, b => 1}",
                                    "#{a => 1, c => 1}",
                                    "[]",
                                    "[1|0]",
                                    "[1|a]",
                                    "[1]",
                                    "[1,0]",
                                    "[1,2]",
                                    "[1,2,3]",
                                    "[1,3]",
                                    "\"ab\"",
                                    "[a]",
                                    "[[]]",
                                    "[1|<<>>]",
                                    "<<>>",
                                    "<<0>>",
                                    "<<1>>",
                                    "<<1,0>>",
                                    "<<2>>",
                                    "<<\"a text longer than fourteen bytes\">>",
                                    "<<255>>"};
  std::vector<Term> terms;
  for (const char* text : kAscending) {
    if (std::string_view(text) != "[1|<<>>]") terms.push_back(erlang(text));
  }
  for (std::size_t i = 0; i < terms.size(); ++i) {
    for (std::size_t j = 0; j < terms.size(); ++j) {
      const int expected = i < j ? -1 : i > j ? 1 : 0;
      EXPECT_EQ(sign(Term::compare(terms[i], terms[j])), expected) << terms[i].erlang_text() << " and " << terms[j].erlang_text();
      EXPECT_EQ(terms[i] == terms[j], i == j);
    }
  }
  EXPECT_GT(sign(Term::compare(erlang("[1|<<>>]"), erlang("[1,2]"))), 0) << "a binary as tail is more than a list as tail";
}

TEST(TermOrder, OneAndOnePointZeroAreEqualButNotTheSame) {
  EXPECT_EQ(sign(Term::compare(1, 1.0)), 0);
  EXPECT_NE(Term(1), Term(1.0));
  EXPECT_TRUE(Term::compare_exactly(2, 1.0) < 0) << "in the order of keys integers come before floats";
  EXPECT_EQ(sign(Term::compare(erlang("{a,[1,{2}]}"), erlang("{a,[1.0,{2.0}]}"))), 0);
  EXPECT_NE(erlang("{a,[1]}"), erlang("{a,[1.0]}"));
  EXPECT_EQ(sign(Term::compare(erlang("1.8446744073709552e19"), erlang("18446744073709551616"))), 0);
  EXPECT_EQ(sign(Term::compare(erlang("-1.8446744073709552e19"), erlang("-18446744073709551616"))), 0);
  EXPECT_LT(sign(Term::compare(erlang("18446744073709551615"), erlang("1.8446744073709552e19"))), 0);
  EXPECT_GT(sign(Term::compare(9223372036854775807, 9.2233720368547748e18)), 0);
  EXPECT_LT(sign(Term::compare(9223372036854775807, 9223372036854775808.0)), 0);
  EXPECT_EQ(sign(Term::compare(std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0)), 0);
}

TEST(TermOrder, KeysOfMapsAreComparedExactlyAndValuesAreNot) {
  EXPECT_EQ(sign(Term::compare(erlang("#{a => 1}"), erlang("#{a => 1.0}"))), 0);
  EXPECT_NE(sign(Term::compare(erlang("#{1 => a}"), erlang("#{1.0 => a}"))), 0);
  EXPECT_NE(sign(Term::compare(erlang("#{{1} => a}"), erlang("#{{1.0} => a}"))), 0);
  EXPECT_LT(sign(Term::compare(erlang("#{2 => a}"), erlang("#{1.0 => a}"))), 0);
  EXPECT_EQ(erlang("#{a => 1, b => 2}"), erlang("#{b => 2, a => 1}"));
  EXPECT_LT(sign(Term::compare(erlang("#{a => 9, b => 1}"), erlang("#{a => 1, c => 1}"))), 0) << "all keys come before all values";
}

TEST(TermOrder, ZeroHasASignWhenComparedExactly) {
  EXPECT_EQ(sign(Term::compare(0.0, -0.0)), 0);
  EXPECT_NE(Term(0.0), Term(-0.0));
  EXPECT_TRUE(Term::compare_exactly(-0.0, 0.0) < 0);
  EXPECT_TRUE(Term::compare_exactly(Term::tuple({0.0}), Term::tuple({-0.0})) > 0);
}

}  // namespace
}  // namespace pulpo
