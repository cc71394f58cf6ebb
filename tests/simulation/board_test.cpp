// SPDX-License-Identifier: Apache-2.0
//
// The files and devices of simulated boards. Processes have no calls for them yet, so the tests ask the core's loop, as those will.
#include <cerrno>
#include <pulpo/testing.hpp>
#include <pulpo/testing_gtest.hpp>
#include <string>

#include "proc/core.hpp"

namespace {

using namespace pulpo;
using pulpo::testing::World;

struct Transfer final : io::Operation {
  void completed(const io::Completion& completion) override {
    bytes += completion.data;
    result = completion.result;
    ended = !completion.more;
  }
  std::string bytes;
  int result = 0;
  bool ended = false;
};

io::Loop& loop() { return Core::here().loop(); }

TEST(Board, HearsASensorSpeakInVirtualTime) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  auto sensor = board.device("/dev/ttyUSB0");
  Transfer heard;
  const io::Handle line = board.eval([&] {
    const io::Handle opened = loop().open("/dev/ttyUSB0", {.write = true, .device = true}).value();
    loop().receive(heard, opened);
    return opened;
  });
  const TimePoint begun = world.now();
  sensor.say_at(begun + 10s, "21.5\n");
  ASSERT_TRUE(world.run_until([&] { return heard.bytes == "21.5\n"; }, 11s));
  EXPECT_GE(world.now() - begun, 10s);
  Transfer said;
  board.run([&] { loop().send(said, line, "again?\n"); });
  ASSERT_TRUE(world.run_until([&] { return said.ended; }));
  EXPECT_EQ(sensor.heard(), "again?\n");
  sensor.hang_up();
  ASSERT_TRUE(world.run_until([&] { return heard.ended; }));
  EXPECT_EQ(heard.result, 0);
  board.run([&] { loop().close(line); });
}

TEST(Board, KeepsItsFilesWhenANodeDies) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  auto& other = world.start({.name = "other"});
  board.write_file("/etc/pulpo/cookie", "from the test");
  Transfer written, read;
  char text[32];
  const auto open = [&] { return loop().open("/etc/pulpo/cookie", {.write = true}).value(); };
  const io::Handle file = board.eval([&] {
    const io::Handle opened = open();
    loop().write(written, opened, "FROM", 0);
    return opened;
  });
  ASSERT_TRUE(world.run_until([&] { return written.ended; }));
  EXPECT_EQ(written.result, 4);
  EXPECT_GE(file, 0);
  board.crash();
  EXPECT_EQ(board.read_file("/etc/pulpo/cookie"), "FROM the test");
  EXPECT_EQ(other.read_file("/etc/pulpo/cookie"), std::nullopt);
  board.restart();
  const io::Handle again = board.eval([&] {
    const io::Handle opened = open();
    loop().read(read, opened, text, 5);
    return opened;
  });
  ASSERT_TRUE(world.run_until([&] { return read.ended; }));
  EXPECT_EQ(std::string(text, static_cast<std::size_t>(read.result)), "the test");
  board.run([&] { loop().close(again); });
}

TEST(Board, RefusesToOpenWhatIsNotThere) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  board.run([] {
    const auto opened = loop().open("/dev/ttyUSB0", {.device = true});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().sys, ENOENT);
  });
}

}  // namespace
