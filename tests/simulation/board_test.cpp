// SPDX-License-Identifier: Apache-2.0
//
// The files and devices of simulated boards, and a sensor server that lives through what happens to its cable.
#include <pulpo/testing.hpp>
#include <pulpo/testing_gtest.hpp>
#include <string>

#include "pulpo/device.hpp"
#include "pulpo/file.hpp"
#include "unit/otp/sensor.hpp"

namespace {

using namespace pulpo;
using pulpo::testing::World;

TEST(Board, HearsASensorSpeakInVirtualTime) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  auto sensor = board.device("/dev/ttyUSB0");
  const TimePoint begun = world.now();
  sensor.say_at(begun + 10s, "21.5\n");
  board.run([&] {
    Device port = Device::open("/dev/ttyUSB0", {.baud = 9600}).value();
    EXPECT_EQ(port.read_line(9s).error().code, Errc::timeout);
    EXPECT_EQ(port.read_line(2s).value(), "21.5");
    EXPECT_TRUE(port.write("again?\n"));
  });
  EXPECT_GE(world.now() - begun, 10s);
  EXPECT_EQ(sensor.heard(), "again?\n");
}

TEST(Board, ASensorServerLivesThroughBeingUnplugged) {
  // Goal:   the reader of a serial line says what came last, forgets what is old, and finds its line again when it is plugged in.
  // Method: a scripted device on a simulated board, some minutes of virtual time.
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  auto line = board.device("/dev/ttyUSB0");
  using weather::kSensor;
  const auto latest = [&] { return board.eval([] { return call(kSensor, weather::Latest{}); }); };
  board.run([] { (void)start<weather::Sensor>({.name = kSensor}, "/dev/ttyUSB0", 115'200u, Duration(10s)).value(); });
  EXPECT_EQ(latest(), std::nullopt);
  line.say("21.5\r\n");
  world.run_for(1s);
  EXPECT_EQ(latest(), 21.5);
  world.run_for(10s);
  EXPECT_EQ(latest(), std::nullopt);

  line.hang_up();
  world.run_for(60s);
  line.say("99\n");  // nobody hears it
  line.plug_in();
  world.run_for(2s);
  line.say("22.5\n");
  EXPECT_EQ(board.eval([] { return call(kSensor, weather::Latest{}); }), 22.5);
  line.say_at(world.now() + 5s, "23\n");
  EXPECT_EQ(board.eval([] { return call(kSensor, weather::Fresh{}, {.timeout = 6s}); }), 23.0);
}

TEST(Board, KeepsItsFilesWhenANodeDies) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  auto& other = world.start({.name = "other"});
  board.write_file("/etc/pulpo/cookie", "from the test");
  std::optional<File> open;
  board.run([&] {
    open = File::open("/etc/pulpo/cookie", {.write = true}).value();
    EXPECT_TRUE(open->write("FROM"));
  });
  board.crash();
  EXPECT_FALSE(open->is_open());
  EXPECT_EQ(board.read_file("/etc/pulpo/cookie"), "FROM the test");
  EXPECT_EQ(other.read_file("/etc/pulpo/cookie"), std::nullopt);
  board.restart();
  board.run([] {
    EXPECT_EQ(read_file("/etc/pulpo/cookie").value(), "FROM the test");
    EXPECT_TRUE(write_file("/etc/pulpo/new", "made by a process"));
  });
  EXPECT_EQ(board.read_file("/etc/pulpo/new"), "made by a process");
}

TEST(Board, RefusesToOpenWhatIsNotThere) {
  World world{{.seed = pulpo::testing::seed()}};
  auto& board = world.start({.name = "board"});
  board.run([] {
    const auto opened = Device::open("/dev/ttyUSB0");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::not_found);
  });
}

}  // namespace
