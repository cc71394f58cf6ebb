// SPDX-License-Identifier: Apache-2.0
#include "base/log_output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace pulpo::log {
namespace {

class LogOutputTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  void TearDown() override {
    for (const int end : ends) ::close(end);
  }
  /// Takes out at most this many bytes.
  std::string read(std::size_t size) {
    std::string bytes(size, '\0');
    const ssize_t got = ::read(ends[0], bytes.data(), size);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  std::array<int, 2> ends{};
  LogOutput output;
};

TEST_F(LogOutputTest, APipeThatNobodyReadsDropsLinesAndCountsThem) {
  const std::string line = std::string(999, 'x') + "\n";
  unsigned written = 0;
  while (output.write(ends[1], line)) ++written;
  EXPECT_GE(written, 16u);  // a pipe holds 64 KiB, a page at least
  EXPECT_EQ(output.dropped(), 1u);
  // The first cost patience; a thousand more would take 100 s if these did too, which is more than the test has.
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(output.write(ends[1], line));
  EXPECT_EQ(output.dropped(), 1001u);
  // What is whole stays whole, and once somebody reads, lines come again.
  std::string all;
  while (all.size() < written * line.size()) all += read(64 * 1024);
  EXPECT_EQ(all.find_first_not_of("x\n"), std::string::npos);
  EXPECT_TRUE(output.write(ends[1], "again\n"));
  EXPECT_EQ(read(64), "again\n");
}

TEST_F(LogOutputTest, ALineThatWasCutEndsBeforeTheNextBegins) {
  const std::string filler(4096, 'f');
  while (output.write(ends[1], filler)) continue;
  ASSERT_EQ(read(4096).size(), 4096u);
  EXPECT_FALSE(output.write(ends[1], std::string(6000, 'c') + "\n"));  // its first piece has room, its second has none
  std::string all;
  while (all.find('c') == std::string::npos) all += read(1 << 20);
  EXPECT_TRUE(output.write(ends[1], "next\n"));
  EXPECT_EQ(read(64), "\nnext\n");
}

TEST_F(LogOutputTest, AClosedDescriptorIsIgnored) { EXPECT_FALSE(output.write(-1, "lost\n")); }

}  // namespace
}  // namespace pulpo::log
