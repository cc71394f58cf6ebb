// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace pulpo::cli {
namespace {

const Verb& verb() {
  static const Verb kVerb{.name = "try",
                          .arguments = "NODE [REQUEST]",
                          .options = {{.name = "cookie", .also = "setcookie", .value = "C"},
                                      {.name = "sname", .value = "N", .lacks = "a name"},
                                      {.name = "cookie-file", .value = "FILE"},
                                      {.name = "app", .value = "A", .repeatable = true},
                                      {.name = "cores", .value = "N"},
                                      {.name = "duration", .value = "S"},
                                      {.name = "payload", .value = "BYTES"},
                                      {.name = "erl", .value = "FLAGS", .takes_dashes = true},
                                      {.name = "json"}},
                          .arguments_max = 2};
  return kVerb;
}

using Variables = std::map<std::string, std::string>;

Outcome<Arguments> parse(std::vector<const char*> words, const Variables& variables = {}) {
  return Arguments::parse(verb(), words, [variables](const char* name) -> const char* {
    static std::string value;
    const auto found = variables.find(name);
    if (found == variables.end()) return nullptr;
    value = found->second;
    return value.c_str();
  });
}

std::string complaint(std::vector<const char*> words, const Variables& variables = {}) {
  const auto parsed = parse(std::move(words), variables);
  if (parsed) return "accepted";
  EXPECT_EQ(parsed.error().code, Errc::bad_argument);
  EXPECT_EQ(parsed.error().text().find('\n'), std::string::npos);
  return parsed.error().text();
}

TEST(Arguments, AValueFollowsItsOptionOrAnEqualsSign) {
  for (const auto& words : {std::vector{"--cookie", "c=1"}, std::vector{"--cookie=c=1"}, std::vector{"-cookie", "c=1"}}) {
    const auto parsed = parse(words);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->get("cookie"), "c=1");
    EXPECT_TRUE(parsed->typed("cookie"));
    EXPECT_FALSE(parsed->has("json"));
  }
}

TEST(Arguments, AValueThatLooksLikeAnOptionIsTakenOnlyWhereItMay) {
  const auto parsed = parse({"--erl", "-config configs/a", "--json"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->get("erl"), "-config configs/a");
  EXPECT_TRUE(parsed->has("json"));
  EXPECT_NE(complaint({"--erl"}).find("--erl needs a value"), std::string::npos);
  EXPECT_NE(complaint({"--cookie", "-config configs/a"}).find("--cookie needs a value"), std::string::npos);
}

TEST(Arguments, WordsThatAreNoOptionsKeepTheirOrder) {
  const auto parsed = parse({"a@host", "--json", "{:cal, 4, 5}"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->positional(), (std::vector<std::string>{"a@host", "{:cal, 4, 5}"}));
  EXPECT_TRUE(parsed->has("json"));
}

TEST(Arguments, ANegativeNumberIsARequestAndTwoDashesEndTheOptions) {
  const auto number = parse({"a@host", "-1"});
  ASSERT_TRUE(number);
  EXPECT_EQ(number->positional()[1], "-1");
  const auto ended = parse({"--", "--json", "-x"});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->positional(), (std::vector<std::string>{"--json", "-x"}));
  EXPECT_FALSE(ended->has("json"));
}

TEST(Arguments, ARepeatableOptionKeepsAllItsValuesInOrder) {
  const auto parsed = parse({"--app", "one", "--app=two"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->all("app"), (std::vector<std::string>{"one", "two"}));
}

TEST(Arguments, AnUnknownOptionIsRefusedWithTheNearestOne) {
  EXPECT_EQ(complaint({"--coookie", "c"}), "unknown option --coookie; did you mean --cookie?");
  EXPECT_EQ(complaint({"--cookie-fiel=c"}), "unknown option --cookie-fiel; did you mean --cookie-file?");
  EXPECT_EQ(complaint({"--quite-different"}), "unknown option --quite-different; --help lists them all");
}

TEST(Arguments, AMissingValueIsNotTakenFromTheNextOption) {
  EXPECT_EQ(complaint({"--cookie", "--json"}), "--cookie needs a value: --cookie C");
  EXPECT_EQ(complaint({"--cookie"}), "--cookie needs a value: --cookie C");
  EXPECT_EQ(complaint({"--json=1"}), "--json takes no value");
}

TEST(Arguments, ANodeWithoutItsNameIsToldWhatIsMissing) {  // ST-5, ST-4
  EXPECT_EQ(complaint({"--sname", "-pa", "_build/dev/lib/distro/ebin", "--app", "distro"}), "--sname needs a name: --sname N");
  EXPECT_EQ(complaint({"-sname"}), "--sname needs a name: --sname N");
  EXPECT_EQ(complaint({"--app"}), "--app needs a value: --app A");
}

TEST(Arguments, AnotherWordForAnOptionIsThatOption) {
  EXPECT_EQ(parse({"-setcookie", "c"})->get("cookie"), "c");
  EXPECT_EQ(parse({"--setcookie=c"})->get("cookie"), "c");
  EXPECT_EQ(complaint({"-setcookie", "c", "--cookie", "d"}), "--cookie is given twice; give it once");
  EXPECT_EQ(complaint({"-setcookie"}), "--cookie needs a value: --cookie C");
}

TEST(Arguments, OneValueTwiceIsAContradiction) {
  EXPECT_EQ(complaint({"--cores", "1", "--cores", "2"}), "--cores is given twice; give it once");
}

TEST(Arguments, TooManyWordsAreNamed) { EXPECT_EQ(complaint({"a", "b", "c"}), "one argument too many: 'c'; usage: try NODE [REQUEST]"); }

TEST(Arguments, TooFewWordsShowTheUsage) {
  Verb strict = verb();
  strict.arguments_min = 1;
  const auto parsed = Arguments::parse(strict, {}, {});
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().text(), "an argument is missing; usage: try NODE [REQUEST]");
}

TEST(Arguments, TheEnvironmentFillsWhatWasNotTyped) {
  const Variables variables{{"PULPO_COOKIE_FILE", "/f"}, {"PULPO_COOKIE", "e"}, {"PULPO_APP", "one,,two"}, {"PULPO_JSON", "yes"}};
  const auto parsed = parse({"--cookie", "typed"}, variables);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->get("cookie"), "typed");
  EXPECT_EQ(parsed->get("cookie-file"), "/f");
  EXPECT_FALSE(parsed->typed("cookie-file"));
  EXPECT_EQ(parsed->all("app"), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(parsed->has("json"));
}

TEST(Arguments, ASwitchInTheEnvironmentIsOnOrOff) {
  EXPECT_FALSE(parse({}, {{"PULPO_JSON", "0"}})->has("json"));
  EXPECT_FALSE(parse({}, {{"PULPO_JSON", ""}})->has("json"));
  EXPECT_EQ(complaint({}, {{"PULPO_JSON", "perhaps"}}), "PULPO_JSON: 'perhaps' is neither on nor off; set it to 1 or 0");
}

TEST(Arguments, NumbersAreReadWholeAndWithinBounds) {
  EXPECT_EQ(*parse({"--cores", "4"})->number("cores", 1, 64, 2), 4u);
  EXPECT_EQ(*parse({})->number("cores", 1, 64, 2), 2u);
  for (const char* const wrong : {"0", "65", "4x", "x", "4.5", "99999999999999999999999", "+4"}) {
    const auto number = parse({"--cores", wrong})->number("cores", 1, 64, 2);
    ASSERT_FALSE(number) << wrong;
    EXPECT_EQ(number.error().text(), fmt::format("--cores: '{}' is not a number from 1 to 64", wrong));
  }
}

TEST(Arguments, TimesAreSecondsUnlessTheySayOtherwise) {
  const auto read = [](const char* text) { return *parse({"--duration", text})->duration("duration", 1ms, 1h, 7s); };
  EXPECT_EQ(read("5"), 5s);
  EXPECT_EQ(read("0.25"), 250ms);
  EXPECT_EQ(read("500ms"), 500ms);
  EXPECT_EQ(read("2s"), 2s);
  EXPECT_EQ(read("2m"), 120s);
  EXPECT_EQ(*parse({})->duration("duration", 1ms, 1h, 7s), Duration(7s));
  for (const char* const wrong : {"0", "2h", "ms", "inf", "nan", "1e99", "5 s", "3601"}) {
    EXPECT_FALSE(parse({"--duration", wrong})->duration("duration", 1ms, 1h, 7s)) << wrong;
  }
}

TEST(Arguments, SizesMayHaveAUnit) {
  const auto read = [](const char* text) { return *parse({"--payload", text})->bytes("payload", 0, 1u << 28, 0); };
  EXPECT_EQ(read("100"), 100u);
  EXPECT_EQ(read("64KiB"), 65536u);
  EXPECT_EQ(read("64k"), 65536u);
  EXPECT_EQ(read("1m"), 1048576u);
  for (const char* const wrong : {"-1", "k", "1GB", "18446744073709551615k", "268435457", "1 k"}) {
    const auto parsed = parse({"--payload", wrong});
    EXPECT_FALSE(parsed && parsed->bytes("payload", 0, 1u << 28, 0)) << wrong;
  }
}

}  // namespace
}  // namespace pulpo::cli
