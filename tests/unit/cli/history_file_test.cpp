// SPDX-License-Identifier: Apache-2.0
#include "history_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace pulpo::cli {
namespace {

class HistoryFileTest : public ::testing::Test {
 protected:
  HistoryFileTest() {
    char pattern[] = "/tmp/pulpo_history_XXXXXX";
    folder = ::mkdtemp(pattern);
  }
  ~HistoryFileTest() override { std::filesystem::remove_all(folder); }
  std::string folder;
};

TEST_F(HistoryFileTest, KeepsLinesForTheNextConsole) {
  const HistoryFile history(folder + "/history");
  EXPECT_TRUE(history.read(10).empty());
  history.add("Node.list");
  history.add("   ");
  history.add("x = 1");
  EXPECT_EQ(HistoryFile(folder + "/history").read(10), (std::vector<std::string>{"Node.list", "x = 1"}));
  struct stat about {};
  ASSERT_EQ(::stat((folder + "/history").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u) << "lines may hold secrets";
}

TEST_F(HistoryFileTest, DoesNotGrowForEver) {
  const HistoryFile history(folder + "/history");
  for (int i = 0; i < 25; ++i) history.add(std::to_string(i));
  EXPECT_EQ(history.read(10).front(), "15");
  std::ifstream file(folder + "/history");
  std::string first;
  std::getline(file, first);
  EXPECT_EQ(first, "15") << "what nobody asks for any more has gone";
  EXPECT_EQ(history.read(10).size(), 10u);
}

TEST_F(HistoryFileTest, TheLatestLinesCountHoweverLongTheFileIs) {
  const HistoryFile history(folder + "/history");
  for (int i = 0; i < 75; ++i) history.add(std::string(60'000, 'x'));
  history.add("the latest");
  EXPECT_EQ(history.read(10).back(), "the latest");
  EXPECT_LT(std::filesystem::file_size(folder + "/history"), 700'000u) << "it is written anew";
  EXPECT_EQ(history.read(10).size(), 10u);
}

TEST_F(HistoryFileTest, APlaceThatCannotBeWrittenIsNone) {
  const HistoryFile history(folder + "/no/such/folder");
  history.add("x");
  EXPECT_TRUE(history.read(10).empty());
  const HistoryFile none("");
  none.add("x");
  EXPECT_TRUE(none.read(10).empty());
}

}  // namespace
}  // namespace pulpo::cli
