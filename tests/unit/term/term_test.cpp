// SPDX-License-Identifier: Apache-2.0
#include "pulpo/term.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "pulpo/result.hpp"

namespace pulpo {
namespace {

using Type = Term::Type;
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(Term, IsNilWhenNobodySaysOtherwise) {
  EXPECT_TRUE(Term().is_atom(atoms::nil));
  Term moved_from = Term::tuple({1, 2});
  const Term moved = std::move(moved_from);
  EXPECT_TRUE(moved_from.is_atom(atoms::nil));  // NOLINT: that is what is tested
  EXPECT_TRUE(moved.is_tuple(2));
}

TEST(Term, IntegersKeepTheirSixtyFourBits) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, kMin, kMax}) {
    EXPECT_EQ(Term(value).integer(), value);
    EXPECT_EQ(Term(value).type(), Type::integer);
    EXPECT_TRUE(Term(value).is_inline());
  }
  EXPECT_EQ(Term(std::uint32_t{0xffffffff}).integer(), 0xffffffff);
  EXPECT_TRUE(Term(true).is_atom(atoms::true_));
  EXPECT_TRUE(Term(false).is_atom(atoms::false_));
}

TEST(Term, PidsAndReferencesLieInside) {
  const Pid pid{.node = 0xffffffff, .id = 0xfffffffe, .serial = 0xfffffffd};
  EXPECT_EQ(Term(pid).pid(), pid);
  const Ref ref{.node = 0xffffffff, .first = (1u << 18) - 1, .second = 0xfffffffe, .third = 0xfffffffd};
  EXPECT_EQ(Term(ref).ref(), ref);
  EXPECT_EQ(Term(ref).type(), Type::reference);
  EXPECT_TRUE(Term(pid).is_inline() && Term(ref).is_inline());
  EXPECT_NE(Term(Ref{.first = 1}), Term(Ref{.second = 1}));
  EXPECT_NE(Term(Pid{.node = 1}), Term(Pid{.id = 1}));
}

TEST(TermDeathTest, AReferencesFirstWordHasEighteenBits) { EXPECT_DEATH((void)Term(Ref{.first = 1u << 18}), "assertion failed"); }

TEST(Term, BinariesOfUpToFourteenBytesLieInside) {
  for (std::size_t size = 0; size <= 20; ++size) {
    const std::string text(size, '\xfe');
    const Term term = Term::binary(text);
    EXPECT_EQ(term.is_inline(), size <= 14) << size;
    EXPECT_EQ(term.bytes(), text);
    EXPECT_TRUE(term.is_binary());
    EXPECT_EQ(term, Term::binary(text));
    EXPECT_EQ(term.heap_bytes() == 0, size <= 14);
    const Term copy = term;
    EXPECT_EQ(copy.bytes(), text);
  }
  EXPECT_NE(Term::binary(std::string(14, 'a')), Term::binary(std::string(15, 'a')));
  EXPECT_NE(Term::binary(std::string_view("\0", 1)), Term::binary(""));
}

TEST(Term, ATupleGivesItsElementsBack) {
  const Term tuple = Term::tuple({"cal"_atom, 4, "a text of more than fourteen bytes"});
  ASSERT_TRUE(tuple.is_tuple(3));
  EXPECT_FALSE(tuple.is_tuple(2));
  EXPECT_EQ(tuple.elements()[0], Term("cal"_atom));
  EXPECT_EQ(tuple.elements()[2].bytes(), "a text of more than fourteen bytes");
  EXPECT_EQ(Term::tuple({}).elements().size(), 0u);
  EXPECT_TRUE(Term::tuple({}).is_tuple(0));
}

TEST(Term, AListKnowsItsTail) {
  const Term proper = Term::list({1, 2, 3});
  EXPECT_TRUE(proper.is_proper_list());
  EXPECT_EQ(proper.list_size(), 3u);
  EXPECT_EQ(proper.list_at(2), Term(3));
  EXPECT_EQ(proper.list_tail(), Term::empty_list());
  const Term improper = Term::list(proper.list_at(0).is_integer() ? std::vector<Term>{1} : std::vector<Term>{}, Term(2));
  EXPECT_TRUE(improper.is_list());
  EXPECT_FALSE(improper.is_proper_list());
  EXPECT_EQ(improper.list_tail(), Term(2));
  EXPECT_TRUE(Term::list({}).is_list());
  EXPECT_EQ(Term::list({}), Term::empty_list());
  EXPECT_EQ(Term::empty_list().list_size(), 0u);
  EXPECT_EQ(Term::list({}).type(), Type::nil);
}

TEST(Term, AListAsTailIsAppended) {
  const std::vector<Term> front{1, 2};
  EXPECT_EQ(Term::list(front, Term::list({3, 4})), Term::list({1, 2, 3, 4}));
  EXPECT_EQ(Term::list(front, Term::charlist("ab")), Term::list({1, 2, 97, 98}));
  EXPECT_EQ(Term::list(front, Term::list(front, Term(9))).list_tail(), Term(9));
  EXPECT_EQ(Term::list({}, Term("tail")), Term("tail"));
}

TEST(Term, ACharlistEqualsTheListOfItsCodePoints) {
  const Term compact = Term::charlist("abc");
  const Term spelled = Term::list({97, 98, 99});
  EXPECT_EQ(compact, spelled);
  EXPECT_EQ(spelled, compact);
  EXPECT_EQ(compact.list_at(1), Term(98));
  EXPECT_TRUE(compact.is_proper_list());
  EXPECT_EQ(spelled.charlist_text(), "abc");
  const Term wide = Term::charlist("caf\xc3\xa9 \xe6\x8e\xa5\xe7\xae\xa1 \xf0\x9f\x90\x99");
  EXPECT_EQ(wide.list_size(), 9u);
  EXPECT_EQ(wide.list_at(3), Term(0xe9));
  EXPECT_EQ(wide.list_at(8), Term(0x1f419));
  EXPECT_EQ(wide.charlist_text(), "caf\xc3\xa9 \xe6\x8e\xa5\xe7\xae\xa1 \xf0\x9f\x90\x99");
  EXPECT_EQ(Term::charlist(""), Term::empty_list());
  EXPECT_NE(compact, Term::list({97, 98, 99.0}));
  EXPECT_TRUE(Term::compare(compact, Term::list({97, 98, 99.0})) == 0);
  EXPECT_TRUE(Term::compare(Term::charlist("ab"), Term::charlist("abc")) < 0);
  EXPECT_TRUE(Term::compare(Term::charlist("abc"), Term::charlist("ab\xe6\x8e\xa5")) < 0);
}

TEST(Term, TextIsABinaryOrACharlist) {
  EXPECT_EQ(Term("text").as_text(), "text");
  EXPECT_EQ(Term::charlist("text").as_text(), "text");
  EXPECT_EQ(Term::empty_list().as_text(), "");
  EXPECT_FALSE(Term(7).as_text().has_value());
  EXPECT_FALSE(Term::list({1, Term("a")}).as_text().has_value());
  EXPECT_FALSE(Term::list({-1}).as_text().has_value());
  EXPECT_FALSE(Term::list({0xd800}).as_text().has_value()) << "a surrogate is no character";
  EXPECT_FALSE(Term::list(std::vector<Term>{97}, Term(98)).as_text().has_value());
  EXPECT_EQ(Term(7).as_integer(), 7);
  EXPECT_FALSE(Term(7).as_atom().has_value());
}

TEST(Term, AMapKeepsOneValueAKeyInTheOrderOfKeys) {
  const Term map = Term::map({{"b"_atom, 1}, {"a"_atom, 2}, {"b"_atom, 3}, {1, 4}, {1.0, 5}, {"b"_atom, 6}});
  ASSERT_EQ(map.map_size(), 4u);
  EXPECT_EQ(map.map_items()[0], Term(1));
  EXPECT_EQ(map.map_items()[2], Term(1.0));
  EXPECT_EQ(map.map_items()[4], Term("a"_atom));
  ASSERT_NE(map.map_find("b"_atom), nullptr);
  EXPECT_EQ(*map.map_find("b"_atom), Term(6));
  EXPECT_EQ(*map.map_find(1), Term(4));
  EXPECT_EQ(*map.map_find(1.0), Term(5));
  EXPECT_EQ(map.map_find("c"_atom), nullptr);
  EXPECT_EQ(map.map_find(2), nullptr);
  EXPECT_EQ(Term::map({}).map_size(), 0u);
  EXPECT_EQ(Term::map({}).map_find(1), nullptr);
}

TEST(Term, ABigIntegerThatFitsSixtyFourBitsIsAnInteger) {
  const auto bytes = [](std::uint64_t value) { return std::string(reinterpret_cast<const char*>(&value), sizeof value); };
  EXPECT_EQ(Term::big_integer(false, ""), Term(0));
  EXPECT_EQ(Term::big_integer(true, std::string_view("\x01\0\0", 3)), Term(-1));
  EXPECT_EQ(Term::big_integer(false, bytes(std::uint64_t(kMax)) + std::string(4, '\0')), Term(kMax));
  EXPECT_EQ(Term::big_integer(true, bytes(std::uint64_t{1} << 63)), Term(kMin));
  const Term big = Term::big_integer(false, bytes(std::uint64_t{1} << 63));
  EXPECT_EQ(big.type(), Type::big_integer);
  EXPECT_EQ(big.big_integer_parts().magnitude, bytes(std::uint64_t{1} << 63));
  EXPECT_FALSE(big.big_integer_parts().negative);
  EXPECT_FALSE(big.is_integer());
}

TEST(Term, AFunctionIsItsNameAndWhatIsBound) {
  const Term function = Term::function("Elixir.Kate"_atom, "say"_atom, 2, std::vector<Term>{"hello"});
  const Term::Function parts = function.function_parts();
  EXPECT_EQ(parts.module, "Elixir.Kate"_atom);
  EXPECT_EQ(parts.name, "say"_atom);
  EXPECT_EQ(parts.arity, 2);
  ASSERT_EQ(parts.bound.size(), 1u);
  EXPECT_EQ(parts.bound[0], Term("hello"));
  EXPECT_EQ(function, Term::function("Elixir.Kate"_atom, "say"_atom, 2, std::vector<Term>{"hello"}));
  EXPECT_NE(function, Term::function("Elixir.Kate"_atom, "say"_atom, 2));
}

TEST(TermDeathTest, AnAccessorForAnotherTypeStopsTheNode) {
  EXPECT_DEATH((void)Term(1).atom(), "assertion failed");
  EXPECT_DEATH((void)Term().integer(), "assertion failed");
  EXPECT_DEATH((void)Term().elements(), "assertion failed");
  EXPECT_DEATH((void)Term::list({1}).list_at(1), "assertion failed");
  EXPECT_DEATH((void)Term(1).map_items(), "assertion failed");
  EXPECT_DEATH((void)Term::function("m"_atom, "f"_atom, 0, std::vector<Term>{1}), "assertion failed");
  EXPECT_DEATH((void)Term::charlist("\xff"), "assertion failed");
}

TEST(TermDeathTest, NanAndInfinityAreNoTerms) {
  EXPECT_DEATH((void)Term(std::nan("")), "assertion failed");
  EXPECT_DEATH((void)Term(std::numeric_limits<double>::infinity()), "assertion failed");
  EXPECT_DEATH((void)Term(-std::numeric_limits<double>::infinity()), "assertion failed");
}

TEST(Term, AssigningAPartOfItselfIsSafe) {
  Term term = Term::tuple({Term::tuple({1, "a text of more than fourteen bytes"}), 2});
  term = term.elements()[0];
  EXPECT_EQ(term.text(), "{1, \"a text of more than fourteen bytes\"}");
  Term& same = term;
  term = same;
  EXPECT_TRUE(term.is_tuple(2));
  term = std::move(same);
  EXPECT_TRUE(term.is_tuple(2));
}

TEST(Term, HeapBytesCountEachReferenceToABlock) {
  EXPECT_EQ(Term(1).heap_bytes(), 0u);
  const Term text(std::string(100, 'x'));
  EXPECT_GE(text.heap_bytes(), 100u);
  EXPECT_LE(text.heap_bytes(), 100u + 32);
  const Term pair = Term::tuple({text, text});
  EXPECT_EQ(pair.heap_bytes(), 2 * text.heap_bytes() + 16 + 2 * 16);
}

TEST(Term, HeapBytesOfWhatIsDoubledOverAndOverStayAtTheTop) {
  Term doubled(std::string(100, 'x'));
  for (int i = 0; i < 80; ++i) doubled = Term::tuple({doubled, doubled});
  // 64 GiB; on 32 bits half of what can be said, so that a sum of two does not wrap.
  EXPECT_EQ(doubled.heap_bytes(), static_cast<std::size_t>(std::min<std::uint64_t>(std::uint64_t{UINT32_MAX} * 16, SIZE_MAX / 2)));
}

// --- Objects of this node (D5) ------------------------------------------------------------------------------------

struct Camera {
  explicit Camera(int& destroyed_) : destroyed(destroyed_) {}
  Camera(const Camera&) = delete;
  ~Camera() { ++destroyed; }
  int& destroyed;
};

TEST(Term, AnObjectIsGivenBackAsWhatItIsAndAsNothingElse) {
  int destroyed = 0;
  const auto camera = std::make_shared<Camera>(destroyed);
  const Term term = Term::object(camera);
  EXPECT_EQ(term.type(), Type::object);
  EXPECT_EQ(term.as_object<Camera>(), camera);
  EXPECT_EQ(term.as_object<int>(), nullptr);
  EXPECT_EQ(Term("camera").as_object<Camera>(), nullptr);
  EXPECT_NE(term.text().find("Camera>"), std::string::npos) << term.text();
}

TEST(Term, AnObjectDiesWithTheLastTermThatHoldsIt) {
  int destroyed = 0;
  {
    Term outer = Term::tuple({"taken", Term::list({Term::object(std::make_shared<Camera>(destroyed))})});
    const Term copy = outer;
    outer.share();
    outer = Term();
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(Term, AnObjectEqualsItselfAndLiesBetweenFunctionsAndPids) {
  const auto first = std::make_shared<int>(1);
  const auto second = std::make_shared<int>(1);
  EXPECT_EQ(Term::object(first), Term::object(first));
  EXPECT_NE(Term::object(first), Term::object(second));
  EXPECT_TRUE(Term::compare(Term::function("m"_atom, "f"_atom, 0), Term::object(first)) < 0);
  EXPECT_TRUE(Term::compare(Term::object(first), Term(Pid{.id = 1, .serial = 1})) < 0);
}

}  // namespace
}  // namespace pulpo
