// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <gtest/gtest.h>

namespace pulpo::cli {
namespace {

std::size_t widest_line(std::string_view text) {
  std::size_t widest = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    widest = std::max(widest, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return widest;
}

TEST(Help, LongTextsAreBrokenBetweenWordsBefore80Columns) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word ";
  const std::string broken = wrapped(text, 29, 29);
  EXPECT_LE(widest_line(broken), 80u);
  EXPECT_GT(widest_line(broken), 70u);
  EXPECT_EQ(broken.find("  word\n "), std::string::npos);
}

TEST(Help, AnOptionWiderThanItsColumnHasItsTextOnTheNextLine) {
  const Verb verb{.name = "try", .options = {{.name = "an-option-of-a-long-name", .value = "VALUE", .help = "What it does."}}};
  const std::string text = verb_help(verb, "pulpo");
  EXPECT_NE(text.find("  --an-option-of-a-long-name VALUE\n                             What it does.\n"), std::string::npos) << text;
}

TEST(Help, AWordOfOneLetterStandsBeforeItsOption) {
  const Verb verb{.name = "try",
                  .options = {{.name = "eval", .also = "e", .value = "EXPR"}, {.name = "cookie", .also = "setcookie", .value = "C"}}};
  const std::string text = verb_help(verb, "pulpo");
  EXPECT_NE(text.find("  -e, --eval EXPR "), std::string::npos) << text;
  EXPECT_NE(text.find("  --cookie C "), std::string::npos) << text;
}

TEST(Help, AVerbShowsUsageOptionsAndExamplesUnderTheProgramsOwnName) {
  const Verb verb{.name = "ping",
                  .arguments = "NODE",
                  .summary = "Is it there?",
                  .examples = "ping a@host\nping b@host --json",
                  .options = {{.name = "json", .help = "One object."}}};
  EXPECT_EQ(verb_help(verb, "weather"),
            "usage: weather ping NODE [--OPTION...]\n\n"
            "Is it there?\n\n"
            "  --json                     One object.\n"
            "  --help                     This text.\n\n"
            "Examples:\n"
            "  weather ping a@host\n"
            "  weather ping b@host --json\n");
}

}  // namespace
}  // namespace pulpo::cli
