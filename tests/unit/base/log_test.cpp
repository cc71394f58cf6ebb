// SPDX-License-Identifier: Apache-2.0
#include "pulpo/log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <regex>

#include "base/log_format.hpp"

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

TEST_F(Log, JsonReplacesBytesThatAreNoText) {
  log::configure({.format = log::Format::json});
  // A lone continuation, an overlong slash, a surrogate, a character cut short, and one that is whole.
  const std::string line = captured_stderr(log::Level::info, "a\x80 \xC0\xAF \xED\xA0\x80 \xE2\x82 €");
  EXPECT_NE(line.find("\"message\":\"a\uFFFD \uFFFD\uFFFD \uFFFD\uFFFD\uFFFD \uFFFD\uFFFD €\""), std::string::npos) << line;
}

TEST_F(Log, JsonHoldsEveryFieldOnce) {
  log::configure({.format = log::Format::json});
  testing::internal::CaptureStderr();
  log::warning({{"sensor", 3}, {"level", "mine"}, {"sensor", 4}}, "no answer after {} ms", 20);
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find(R"("level":"warning","message":"no answer after 20 ms","sensor":"3"})"), std::string::npos) << line;
}

TEST_F(Log, TextShowsTheMetadataThatWasAskedFor) {  // LOG-1
  log::configure({.metadata = {"bus", "sensor", "none"}});
  testing::internal::CaptureStderr();
  log::info({{"sensor", 3}, {"bus", "i2c-1"}}, "here");
  const std::regex line(R"(\d\d:\d\d:\d\d\.\d\d\d bus=i2c-1 sensor=3 \[info\]  here\n)");
  EXPECT_TRUE(std::regex_match(testing::internal::GetCapturedStderr(), line));
}

TEST_F(Log, ForTheJournalEachLineHasItsPriorityAndNoTime) {
  log::configure({.format = log::Format::journal});
  EXPECT_EQ(captured_stderr(log::Level::error, "Process ended\n** (stop) :bad"), "<3>[error] Process ended\n<3>  ** (stop) :bad\n");
  EXPECT_EQ(captured_stderr(log::Level::emergency, "no"), "<0>[emergency] no\n");
}

TEST_F(Log, TheJournalIsKnownByWhatItsStreamIs) {
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  struct stat about {};
  ASSERT_EQ(::fstat(file, &about), 0);
  const std::string stream = fmt::format("{}:{}", about.st_dev, about.st_ino);
  EXPECT_TRUE(log::is_journal(stream.c_str(), file));
  // Inherited by a program whose stderr leads elsewhere.
  EXPECT_FALSE(log::is_journal(fmt::format("{}:{}", about.st_dev, about.st_ino + 1).c_str(), file));
  EXPECT_FALSE(log::is_journal("rubbish", file));
  EXPECT_FALSE(log::is_journal(nullptr, file));
  ::close(file);
}

TEST_F(Log, ColoursAreElixirs) {  // LOG-3
  log::configure({.level = log::Level::debug, .colours = log::Colours::on});
  const auto begins_with = [](log::Level level, std::string_view colour) { return captured_stderr(level, "x").starts_with(colour); };
  EXPECT_TRUE(begins_with(log::Level::debug, "\x1b[36m"));
  EXPECT_TRUE(begins_with(log::Level::warning, "\x1b[33m"));
  EXPECT_TRUE(begins_with(log::Level::error, "\x1b[31m"));
  EXPECT_TRUE(captured_stderr(log::Level::error, "x").ends_with("x\x1b[0m\n"));
  EXPECT_FALSE(begins_with(log::Level::info, "\x1b"));
  log::configure({.level = log::Level::debug});  // stderr is a file here
  EXPECT_FALSE(begins_with(log::Level::error, "\x1b"));
}

TEST_F(Log, ALoopOfOneKindIsCutAndCounted) {
  log::configure({.limit = {.lines = 3, .lines_of_all = 100}});
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1237; ++i) log::error("process {} crashed", i);
  log::error("something else");
  log::flush();
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_NE(lines.find("process 2 crashed"), std::string::npos);
  EXPECT_EQ(lines.find("process 3 crashed"), std::string::npos);
  EXPECT_NE(lines.find("something else"), std::string::npos);
  EXPECT_NE(lines.find("[error] … 1,234 more like this suppressed within 10 s: process 1236 crashed"), std::string::npos) << lines;
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

TEST_F(Log, TheLevelsAreOtps) {  // LOG-3
  for (const std::string_view name : {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}) {
    log::Level level{};
    EXPECT_TRUE(log::parse_level(name, level)) << name;
    EXPECT_EQ(log::to_string(level), name);
  }
  EXPECT_LT(log::Level::critical, log::Level::alert);
  EXPECT_LT(log::Level::alert, log::Level::emergency);
}

TEST_F(Log, OnlyKnownLevelsParse) {
  log::Level level = log::Level::critical;
  EXPECT_TRUE(log::parse_level("warn", level));
  EXPECT_EQ(level, log::Level::warning);
  EXPECT_FALSE(log::parse_level("loud", level));
  EXPECT_EQ(level, log::Level::warning);
}

}  // namespace
}  // namespace pulpo
