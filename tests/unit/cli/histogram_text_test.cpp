// SPDX-License-Identifier: Apache-2.0
#include "histogram_text.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "output_file.hpp"

namespace pulpo::cli {
namespace {

std::string content_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(HistogramText, IsAsHdrHistogramWritesIt) {
  // 0.1 to 1 µs, once each; the file was worked out apart from this code, in per cent as HdrHistogram does.
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 10; ++i) histogram.record(i * 100);
  EXPECT_EQ(histogram_text(histogram), content_of(PULPO_GOLDEN_DIR "/histogram.hgrm"));
}

TEST(HistogramText, AnEmptyOneHasAHeadAndAFoot) {
  const std::string text = histogram_text(Histogram{});
  EXPECT_NE(text.find("Value     Percentile TotalCount 1/(1-Percentile)\n\n#[Mean"), std::string::npos) << text;
  EXPECT_NE(text.find("Total count    =            0]\n"), std::string::npos) << text;
}

TEST(HistogramText, AMillionValuesEndAtTheLargest) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 1'000'000; ++i) histogram.record(i);
  const std::string text = histogram_text(histogram);
  EXPECT_NE(text.find("    1000.000 1.000000000000    1000000\n#["), std::string::npos) << text;
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 130);
}

TEST(OutputFile, RefusesWhatCannotBeWrittenAndSaysWhy) {
  const auto refused = OutputFile::open("--histogram", "/no/such/folder/file");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::bad_argument);
  EXPECT_NE(refused.error().text().find("--histogram: cannot write /no/such/folder/file: No such file"), std::string::npos);
}

TEST(OutputFile, KeepsAnOlderFileUntilThereIsSomethingToWriteAndLeavesNoEmptyOne) {
  const std::string path = ::testing::TempDir() + "/pulpo_output_file_" + std::to_string(::getpid());
  { ASSERT_TRUE(OutputFile::open("--histogram", path)); }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "nothing was written, and it was not there before";
  {
    auto file = OutputFile::open("--histogram", path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("a long text\n"));
  }
  { ASSERT_TRUE(OutputFile::open("--histogram", path)); }
  EXPECT_EQ(content_of(path), "a long text\n");
  {
    auto file = OutputFile::open("--histogram", path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("short\n"));
  }
  EXPECT_EQ(content_of(path), "short\n");
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace pulpo::cli
