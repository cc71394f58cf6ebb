// SPDX-License-Identifier: Apache-2.0
#include "pulpo/typed.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace pulpo {
namespace {

enum class Mode { slow, fast };
constexpr auto enum_atoms(Mode) { return std::array{EnumAtom{Mode::slow, "slow"}, EnumAtom{Mode::fast, "fast"}}; }

struct Ping {
  using Message = Call<"ping", Atom>;
};
struct Add {
  using Message = Call<"cal", std::int64_t>;
  std::int64_t x = 0, y = 0;
};
struct Reset {
  using Message = Cast<"reset">;
  std::string why;
};
struct Maybe {
  using Message = Info<"maybe">;
  std::optional<std::string> text;
};
struct Wide {
  using Message = Info<"wide">;
  Add nested;
  std::optional<double> level;
  std::string text;
  std::vector<int> numbers;
  Term anything;
  std::map<std::string, int> counts;
  Mode mode = Mode::slow;
  std::variant<int, std::string> either;
  std::tuple<int, bool> pair;
  std::chrono::seconds period{};
  Pid pid;
  Ref ref;
  Atom atom;
  std::uint64_t big = 0;
  std::optional<Term> more;
  bool last = false;
};

static_assert(detail::kFieldCount<Ping> == 0);
static_assert(detail::kFieldCount<Add> == 2);
static_assert(detail::kFieldCount<Reset> == 1);
static_assert(detail::kFieldCount<Maybe> == 1, "an optional must not be taken for something that swallows the whole struct");
static_assert(detail::kFieldCount<Wide> == 16);
static_assert(CallMessage<Ping> && CastMessage<Reset> && InfoMessage<Maybe> && !MessageStruct<int> && !MessageStruct<std::string>);

Term read(std::string_view text) {
  auto term = read_elixir(text);
  EXPECT_TRUE(term) << text;
  return term ? *term : Term();
}

/// Encodes, reads what is expected, and decodes again.
template <class T>
void both_ways(const T& value, std::string_view text) {
  EXPECT_EQ(to_term(value).text(), text);
  const auto back = from_term<T>(read(text));
  ASSERT_TRUE(back.has_value()) << text;
  EXPECT_EQ(to_term(*back).text(), text);
}

TEST(Typed, AMessageWithoutFieldsIsAnAtomAndHoldsNoBlock) {
  EXPECT_EQ(to_term(Ping{}), Term("ping"_atom));
  EXPECT_TRUE(to_term(Ping{}).is_inline());
  EXPECT_TRUE(match<Ping>("ping"_atom));
  EXPECT_FALSE(match<Ping>("pong"_atom));
  EXPECT_FALSE(match<Ping>(Term::tuple({"ping"_atom}))) << "{:ping} is not :ping";
}

TEST(Typed, FieldsFollowTheNameInATuple) {
  EXPECT_EQ(to_term(Add{4, 5}).text(), "{:cal, 4, 5}");
  const auto add = match<Add>(read("{:cal, 4, 5}"));
  ASSERT_TRUE(add);
  EXPECT_EQ(add->x, 4);
  EXPECT_EQ(add->y, 5);
}

TEST(Typed, AnotherNameNumberOrTypeOfFieldsIsNoMatch) {
  for (const char* text : {":cal", "{:cal, 4}", "{:cal, 4, 5, 6}", "{:sum, 4, 5}", "{:cal, 4, :five}", "{:cal, 4, 5.0}", "[:cal, 4, 5]",
                           "{4, 4, 5}", "{}", "\"cal\"", "{:cal, 4, 9223372036854775808}"}) {
    EXPECT_FALSE(match<Add>(read(text))) << text;
  }
}

TEST(Typed, EveryTypeOfTheTableGoesBothWays) {
  both_ways(true, "true");
  both_ways(Atom("Elixir.PingPong"), "PingPong");
  both_ways(std::string("text"), "\"text\"");
  both_ways(-7, "-7");
  both_ways(2.5, "2.5");
  both_ways(Mode::fast, ":fast");
  both_ways(std::optional<int>(), "nil");
  both_ways(std::optional<int>(3), "3");
  both_ways(std::vector<int>{1, 2}, "[1, 2]");
  both_ways(std::vector<int>{}, "[]");
  both_ways(std::map<std::string, bool>{{"a", true}}, "%{\"a\" => true}");
  both_ways(std::tuple(1, std::string("x")), "{1, \"x\"}");
  both_ways(std::tuple<>(), "{}");
  both_ways(std::pair(1, false), "{1, false}");
  both_ways(std::variant<int, std::string>("x"), "\"x\"");
  both_ways(std::chrono::milliseconds(1500), "1500");
  both_ways(std::chrono::minutes(2), "120000");
  both_ways(Duration(2s), "2000");
  both_ways(Term::tuple({1}), "{1}");
  both_ways(std::vector<Add>{{1, 2}}, "[{:cal, 1, 2}]");
}

TEST(Typed, PidsAndReferencesKeepEveryField) {
  const Pid pid{.node = 3, .id = 77, .serial = 9};
  const Ref ref{.node = 1, .first = 2, .second = 3, .third = 4};
  EXPECT_EQ(from_term<Pid>(to_term(pid)), pid);
  EXPECT_EQ(from_term<Ref>(to_term(ref)), ref);
  EXPECT_FALSE(from_term<Pid>(to_term(ref)));
  EXPECT_FALSE(from_term<Ref>(to_term(pid)));
}

TEST(Typed, IntegersAreCheckedAgainstTheirRange) {
  EXPECT_EQ(from_term<std::uint8_t>(255), std::uint8_t{255});
  EXPECT_FALSE(from_term<std::uint8_t>(256));
  EXPECT_FALSE(from_term<std::uint8_t>(-1));
  EXPECT_EQ(from_term<std::int32_t>(std::numeric_limits<std::int32_t>::min()), std::numeric_limits<std::int32_t>::min());
  EXPECT_FALSE(from_term<std::int32_t>(std::int64_t{1} << 31));
  EXPECT_FALSE(from_term<std::uint64_t>(-1));
  EXPECT_FALSE(from_term<int>(1.0));
  EXPECT_FALSE(from_term<int>(true));
}

TEST(Typed, AnUnsignedBeyondSixtyThreeBitsIsABigInteger) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(to_term(most).text(), "18446744073709551615");
  EXPECT_EQ(from_term<std::uint64_t>(to_term(most)), most);
  EXPECT_EQ(from_term<std::uint64_t>(to_term(most / 2)), most / 2);
  EXPECT_FALSE(from_term<std::int64_t>(to_term(most)));
  EXPECT_FALSE(from_term<std::uint64_t>(read("18446744073709551616")));
  EXPECT_FALSE(from_term<std::uint64_t>(read("-9223372036854775809")));
}

TEST(Typed, AFloatTakesAnIntegerAsAPersonTypesIt) {
  EXPECT_EQ(from_term<double>(5), 5.0);
  EXPECT_FALSE(from_term<double>("5"_atom));
}

TEST(Typed, TextIsABinaryAndACharlistIsTaken) {
  EXPECT_EQ(from_term<std::string>(Term::charlist("/dev/ttyUSB0")), "/dev/ttyUSB0");
  EXPECT_EQ(from_term<std::string>(Term::empty_list()), "");
  EXPECT_FALSE(from_term<std::string>("text"_atom));
  EXPECT_TRUE(to_term(std::string_view("text")).is_binary());
}

TEST(Typed, AnEnumIsOneOfItsAtoms) {
  EXPECT_EQ(from_term<Mode>("slow"_atom), Mode::slow);
  EXPECT_FALSE(from_term<Mode>("medium"_atom));
  EXPECT_FALSE(from_term<Mode>("slow"));
}

TEST(TypedDeathTest, AnEnumValueThatItsTableLacksStopsTheNode) { EXPECT_DEATH((void)to_term(static_cast<Mode>(7)), "enum_atoms"); }

TEST(Typed, ADurationThatDoesNotFitIsRefused) {
  EXPECT_EQ(from_term<Duration>(1500), Duration(1500ms));
  EXPECT_FALSE(from_term<Duration>(std::numeric_limits<std::int64_t>::max())) << "292 million years of nanoseconds do not fit";
  EXPECT_FALSE(from_term<Duration>(1.5));
  using Short = std::chrono::duration<std::int8_t>;
  EXPECT_EQ(from_term<Short>(127'000), Short(127));
  EXPECT_FALSE(from_term<Short>(128'000));
}

TEST(Typed, ATimeoutMayBeInfinite) {
  Timeout timeout = 1s;
  EXPECT_EQ(to_term(Timeout::infinity()), Term(atoms::infinity));
  EXPECT_EQ(to_term(Timeout(5s)), Term(5000));
  EXPECT_TRUE(decode_into(atoms::infinity, timeout));
  EXPECT_TRUE(timeout.is_infinite());
  EXPECT_FALSE(decode_into(-1, timeout));
}

TEST(Typed, AResultIsOkOrError) {
  EXPECT_EQ(to_term(Result<int>(3)).text(), "{:ok, 3}");
  EXPECT_EQ(to_term(Result<void>()).text(), ":ok");
  EXPECT_EQ(to_term(Result<int>(Error{Errc::noproc})).text(), "{:error, :noproc}");
  EXPECT_EQ(to_term(Result<int>(Error{Errc::exited, "boom"_atom})).text(), "{:error, :boom}");
  const auto good = from_term<Result<int>>(read("{:ok, 3}"));
  ASSERT_TRUE(good && *good);
  EXPECT_EQ(**good, 3);
  const auto bad = from_term<Result<int>>(read("{:error, :enoent}"));
  ASSERT_TRUE(bad && !*bad);
  EXPECT_EQ(bad->error().code, Errc::refused);
  EXPECT_EQ(bad->error().reason, Term("enoent"_atom));
  const auto gone = from_term<Result<void>>(read("{:error, :noproc}"));
  ASSERT_TRUE(gone && !*gone);
  EXPECT_EQ(gone->error().code, Errc::noproc);
  ASSERT_TRUE(from_term<Result<void>>(atoms::ok));
  for (const char* text : {"{:ok, :three}", ":ok", "{:error}", "3"}) EXPECT_FALSE(from_term<Result<int>>(read(text))) << text;
  EXPECT_FALSE(from_term<Result<void>>(read("{:ok, 1}")));
}

TEST(Typed, AVariantTakesTheFirstAlternativeThatFits) {
  using Either = std::variant<Ping, Add, int>;
  EXPECT_EQ(from_term<Either>(read("{:cal, 1, 2}"))->index(), 1u);
  EXPECT_EQ(from_term<Either>(7)->index(), 2u);
  EXPECT_FALSE(from_term<Either>("x"));
}

TEST(Typed, ListsAndMapsAreRefusedWhenOneElementDoesNotFit) {
  EXPECT_FALSE(from_term<std::vector<int>>(read("[1, :two]")));
  EXPECT_FALSE(from_term<std::vector<int>>(Term::list(std::vector<Term>{1}, Term(2)))) << "an improper list";
  EXPECT_FALSE((from_term<std::map<std::string, int>>(read("%{\"a\" => :x}"))));
  EXPECT_EQ(from_term<std::vector<int>>(Term::charlist("ab")), (std::vector<int>{97, 98}));
}

struct Configure {
  using Message = Cast<"configure">;
  static constexpr auto kKeys = keys("rate", "unit", "at");
  int rate = 5;
  std::string unit = "ms";
  std::optional<Add> at;
};
struct Point {
  static constexpr auto kKeys = keys("x", "y");
  std::int8_t x = 1, y = 2;
};
static_assert(KeyedStruct<Configure> && KeyedStruct<Point> && !KeyedStruct<Add> && !MessageStruct<Point>);
static_assert(detail::kFieldCount<Configure> == 3 && kIsTerm<Point>);

TEST(Typed, AMessageWithKeysIsAMapAfterItsName) {
  both_ways(Configure{}, "{:configure, %{at: nil, rate: 5, unit: \"ms\"}}");
  both_ways(Configure{.rate = 7, .unit = "s", .at = Add{1, 2}}, "{:configure, %{at: {:cal, 1, 2}, rate: 7, unit: \"s\"}}");
}

TEST(Typed, WhatAMapLacksKeepsTheDefaultAndWhatItHasMoreIsIgnored) {
  const auto older = match<Configure>(read("{:configure, %{rate: 8}}"));
  ASSERT_TRUE(older);
  EXPECT_EQ(older->rate, 8);
  EXPECT_EQ(older->unit, "ms");
  const auto newer = match<Configure>(read("{:configure, %{\"rate\" => 9, colour: :red, unit: \"s\"}}"));
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->rate, 5) << "the key is an atom";
  EXPECT_EQ(newer->unit, "s");
  EXPECT_TRUE(match<Configure>(read("{:configure, %{}}")));
}

TEST(Typed, AValueInAMapThatDoesNotFitIsNoMatch) {
  for (const char* text : {"{:configure, %{rate: :fast}}", "{:configure, %{rate: 2147483648}}", "{:configure, %{unit: nil}}",
                           "{:configure, [rate: 5]}", "{:configure}", ":configure", "%{rate: 5}", "{:configured, %{}}"}) {
    EXPECT_FALSE(match<Configure>(read(text))) << text;
  }
}

TEST(Typed, AStructOfKeysAloneIsAMap) {
  both_ways(Point{3, 4}, "%{x: 3, y: 4}");
  both_ways(std::vector<Point>{{3, 4}}, "[%{x: 3, y: 4}]");
  EXPECT_EQ(from_term<Point>(read("%{y: 9}"))->x, 1);
  EXPECT_FALSE(from_term<Point>(read("%{x: 128}")));
  EXPECT_FALSE(from_term<Point>(read("{3, 4}")));
}

TEST(Typed, AnArrayAndASetAreLists) {
  both_ways(std::array<int, 3>{1, 2, 3}, "[1, 2, 3]");
  both_ways(std::set<std::string>{"b", "a"}, "[\"a\", \"b\"]");
  for (const char* text : {"[1, 2]", "[1, 2, 3, 4]", "[1, 2, :three]", "{1, 2, 3}", "nil"}) {
    EXPECT_FALSE((from_term<std::array<int, 3>>(read(text)))) << text;
  }
  EXPECT_EQ(from_term<std::set<int>>(read("[2, 1, 2]")), (std::set<int>{1, 2}));
  EXPECT_FALSE(from_term<std::set<int>>(read("[1, :two]")));
}

struct Reading {
  using Message = Info<"reading">;
  std::array<std::uint8_t, 2> bytes{};
  bool last = false;
};

TEST(Typed, AnArrayIsOneFieldOfAMessage) { both_ways(Reading{{1, 2}, true}, "{:reading, [1, 2], true}"); }

struct Own {};

TEST(Typed, EveryTypeSaysWhatItsTermLooksLike) {
  EXPECT_EQ(kTypeText<Ping>, ":ping");
  EXPECT_EQ(kTypeText<Add>, "{:cal, integer, integer}");
  EXPECT_EQ(kTypeText<Configure>, "{:configure, %{rate: -2147483648..2147483647, unit: string, at: {:cal, integer, integer} | nil}}");
  EXPECT_EQ(kTypeText<Point>, "%{x: -128..127, y: -128..127}");
  EXPECT_EQ(kTypeText<Reading>, "{:reading, [0..255] of 2, boolean}");
  EXPECT_EQ(kTypeText<Mode>, ":slow | :fast");
  EXPECT_EQ((kTypeText<std::map<std::string, std::vector<double>>>), "%{string => [float]}");
  EXPECT_EQ((kTypeText<std::variant<Atom, Term, Pid, Ref>>), "atom | term | pid | reference");
  EXPECT_EQ((kTypeText<std::tuple<std::uint64_t, Duration, Timeout>>), "{non_neg_integer, milliseconds, milliseconds | :infinity}");
  EXPECT_EQ(kTypeText<Result<std::set<bool>>>, "{:ok, [boolean]} | {:error, term}");
  EXPECT_EQ(kTypeText<Result<void>>, ":ok | {:error, term}");
  EXPECT_EQ(kTypeText<void>, ":ok");
  EXPECT_EQ(kTypeText<std::tuple<>>, "{}");
  EXPECT_NE(kTypeText<std::shared_ptr<Own>>.find("Own of this node | nil"), std::string_view::npos);
}

struct Odd {
  using Message = Info<"a name">;
  Atom field;
};
struct Alias {
  using Message = Info<"Elixir.Ping.Pong">;
};

TEST(Typed, ANameIsShownAsElixirWritesIt) {
  EXPECT_EQ(kTypeText<Odd>, "{:\"a name\", atom}");
  EXPECT_EQ(kTypeText<Alias>, "Ping.Pong");
}

template <int depth>
struct Deep {
  using Message = Info<"deep">;
  std::conditional_t<depth == 0, bool, Deep<depth == 0 ? 0 : depth - 1>> first, second, third;
};

TEST(Typed, ATextBeyondAThousandBytesIsCut) {
  EXPECT_LE(kTypeText<Deep<4>>.size(), 1'000u);
  EXPECT_TRUE(kTypeText<Deep<4>>.ends_with("…"));
}

TEST(Typed, AMessageOfSixteenFieldsGoesBothWays) {
  Wide wide;
  wide.nested = {1, 2};
  wide.numbers = {3};
  wide.text = "t";
  wide.counts = {{"k", 4}};
  wide.mode = Mode::fast;
  wide.either = "e";
  wide.pair = {5, true};
  wide.period = 6s;
  wide.pid = Pid{.id = 1, .serial = 2};
  wide.atom = "a"_atom;
  wide.big = 7;
  wide.last = true;
  const Term term = to_term(wide);
  ASSERT_TRUE(term.is_tuple(17));
  const auto back = match<Wide>(term);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_term(*back), term);
  EXPECT_EQ(back->nested.y, 2);
  EXPECT_FALSE(back->level.has_value());
  EXPECT_TRUE(back->last);
}

}  // namespace
}  // namespace pulpo
