// SPDX-License-Identifier: Apache-2.0
#include "pulpo/log.hpp"

#include <gtest/gtest.h>

#include <regex>

namespace pulpo {
namespace {

std::string captured_stderr(log::Level level, std::string_view message) {
  testing::internal::CaptureStderr();
  log::write(level, message);
  return testing::internal::GetCapturedStderr();
}

class Log : public testing::Test {
 protected:
  void TearDown() override { log::configure({}); }
};

TEST_F(Log, LevelsShorterThanFiveLettersArePaddedAsInTheTutorials) {  // LOG-2
  const std::regex line(R"(\d\d:\d\d:\d\d\.\d\d\d \[info\]  Starting server\n)");
  EXPECT_TRUE(std::regex_match(captured_stderr(log::Level::info, "Starting server"), line));
}

TEST_F(Log, ErrorsHaveOneSpaceAfterTheBracket) {
  const std::regex line(R"(\d\d:\d\d:\d\d\.\d\d\d \[error\] no\n)");
  EXPECT_TRUE(std::regex_match(captured_stderr(log::Level::error, "no"), line));
}

TEST_F(Log, JsonEscapesWhatJsonForbids) {
  log::configure({.level = log::Level::info, .format = log::Format::json});
  const std::string line = captured_stderr(log::Level::warning, "a \"b\"\n\x01");
  EXPECT_NE(line.find(R"("level":"warning","message":"a \"b\"\n\u0001"})"), std::string::npos) << line;
}

TEST_F(Log, LevelsBelowTheSettingAreDropped) {
  log::configure({.level = log::Level::warning});
  testing::internal::CaptureStderr();
  log::info("not {}", "this");
  log::warning("but {}", "this");
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(lines.find("not this"), std::string::npos);
  EXPECT_NE(lines.find("but this"), std::string::npos);
}

TEST_F(Log, ALineIsCutAtItsLimit) { EXPECT_LT(captured_stderr(log::Level::error, std::string(100'000, 'x')).size(), 17'000u); }

TEST_F(Log, OnlyKnownLevelsParse) {
  log::Level level = log::Level::critical;
  EXPECT_TRUE(log::parse_level("warn", level));
  EXPECT_EQ(level, log::Level::warning);
  EXPECT_FALSE(log::parse_level("loud", level));
  EXPECT_EQ(level, log::Level::warning);
}

}  // namespace
}  // namespace pulpo
