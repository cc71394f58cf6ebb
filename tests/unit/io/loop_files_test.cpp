// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do: files at their offsets, and devices. Instantiated in loop_conformance_test.cpp.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <span>

#include "unit/io/loop_fixture.hpp"
#include "unit/io/serial_line.hpp"

namespace pulpo::io {
namespace {

using testing_support::KernelLoopConformance;
using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;
using testing_support::SerialLine;

/// A path that nothing is at, before and after.
class FreshPath {
 public:
  FreshPath() : path_(testing::TempDir() + "pulpo_loop_files_" + std::to_string(::getpid())) { std::remove(path_.c_str()); }
  ~FreshPath() { std::remove(path_.c_str()); }
  FreshPath(const FreshPath&) = delete;
  FreshPath& operator=(const FreshPath&) = delete;
  operator const std::string&() const { return path_; }  // NOLINT: reads as a path

 private:
  std::string path_;
};

constexpr OpenOptions kNewFile = {.write = true, .create = true};

// --- Files -----------------------------------------------------------------------------------------

TEST_P(LoopConformance, WhatIsWrittenToAFileIsReadBackAtItsOffsets) {
  const FreshPath path;
  const Handle file = keep(loop().open(path, kNewFile).value());
  const std::string bytes = pattern(3 << 20, 51);
  Recorder wrote, patched, read;
  loop().write(wrote, file, bytes, 0);
  EXPECT_TRUE(wrote.results.empty()) << "never inside the submitting call";
  ASSERT_TRUE(until([&] { return wrote.ended; }));
  EXPECT_EQ(wrote.last(), static_cast<std::int32_t>(bytes.size()));
  loop().write(patched, file, "in the middle", 1'000'000);
  ASSERT_TRUE(until([&] { return patched.ended; }));
  std::string got(bytes.size(), '\0');
  loop().read(read, file, got, 0);
  EXPECT_TRUE(read.results.empty());
  ASSERT_TRUE(until([&] { return read.ended; }));
  EXPECT_EQ(read.last(), static_cast<std::int32_t>(bytes.size()));
  EXPECT_EQ(got.substr(1'000'000, 13), "in the middle");
  EXPECT_TRUE(got.compare(0, 1'000'000, bytes, 0, 1'000'000) == 0);
  EXPECT_TRUE(got.compare(1'000'013, std::string::npos, bytes, 1'000'013) == 0);
}

TEST_P(LoopConformance, AReadStopsAtTheEndOfTheFileAndIsEmptyBehindIt) {
  const FreshPath path;
  const Handle file = keep(loop().open(path, kNewFile).value());
  Recorder wrote, at_end, behind, hole;
  loop().write(wrote, file, "0123456789", 0);
  ASSERT_TRUE(until([&] { return wrote.ended; }));
  std::string room(100, '?');
  loop().read(at_end, file, room, 7);
  ASSERT_TRUE(until([&] { return at_end.ended; }));
  EXPECT_EQ(at_end.last(), 3);
  EXPECT_EQ(room.substr(0, 4), "789?");
  loop().read(behind, file, room, 1'000'000);
  ASSERT_TRUE(until([&] { return behind.ended; }));
  EXPECT_EQ(behind.last(), 0);
  loop().write(wrote.again(), file, "far", 20);
  ASSERT_TRUE(until([&] { return wrote.ended; }));
  loop().read(hole, file, room, 8);
  ASSERT_TRUE(until([&] { return hole.ended; }));
  EXPECT_EQ(room.substr(0, static_cast<std::size_t>(hole.last())), std::string("89") + std::string(10, '\0') + "far");
}

TEST_P(LoopConformance, AppendingGoesToTheEndAndTruncatingEmpties) {
  const FreshPath path;
  const Handle log = keep(loop().open(path, {.append = true, .create = true}).value());
  Recorder wrote, read;
  for (const std::string line : {"one ", "two ", "three"}) {
    loop().write(wrote.again(), log, line, 0);
    ASSERT_TRUE(until([&] { return wrote.ended; }));
  }
  std::string room(100, '?');
  loop().read(read, log, room, 0);
  ASSERT_TRUE(until([&] { return read.ended; }));
  EXPECT_EQ(room.substr(0, static_cast<std::size_t>(read.last())), "one two three");
  const Handle again = keep(loop().open(path, {.write = true, .truncate = true}).value());
  loop().read(read.again(), again, room, 0);
  ASSERT_TRUE(until([&] { return read.ended; }));
  EXPECT_EQ(read.last(), 0);
}

TEST_P(LoopConformance, AFilesSizeIsThatOfWhatWasWrittenAndSynced) {
  const FreshPath path;
  const Handle file = keep(loop().open(path, kNewFile).value());
  EXPECT_EQ(loop().size(file).value(), 0u);
  Recorder wrote, synced, not_a_file;
  loop().write(wrote, file, "0123456789", 90);
  ASSERT_TRUE(until([&] { return wrote.ended; }));
  loop().sync(synced, file);
  EXPECT_TRUE(synced.results.empty()) << "never inside the submitting call";
  ASSERT_TRUE(until([&] { return synced.ended; }));
  EXPECT_EQ(synced.last(), 0);
  EXPECT_EQ(loop().size(file).value(), 100u);
  const Listener listener = listen();
  loop().sync(not_a_file, listener.handle);
  ASSERT_TRUE(until([&] { return not_a_file.ended; }));
  EXPECT_EQ(not_a_file.last(), -ESPIPE);
}

TEST_P(KernelLoopConformance, ADescriptorFromElsewhereIsADeviceOnceAdopted) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, 0), 0);
  const Handle near = keep(loop().adopt_device(ends[0]).value());
  Recorder received;
  loop().receive(received, near);
  settle();
  EXPECT_TRUE(received.results.empty());
  ASSERT_EQ(::write(ends[1], "hello", 5), 5);
  ASSERT_TRUE(until([&] { return received.bytes == "hello"; }));
  ::close(ends[1]);
  ASSERT_TRUE(until([&] { return received.ended; }));
  EXPECT_EQ(received.last(), 0);

  const FreshPath path;
  const Handle file = keep(loop().open(path, kNewFile).value());
  EXPECT_NE(loop().adopt_device(file).error().text().find("open it by its path"), std::string::npos);
  EXPECT_EQ(loop().adopt_device(12'345).error().sys, EBADF);
}

TEST_P(KernelLoopConformance, ATerminalGetsItsSpeedAndGivesBytesAsTheyCome) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  char name[64];
  ASSERT_EQ(::ptsname_r(master, name, sizeof name), 0);
  const Handle line = keep(loop().open(name, {.write = true, .device = true, .raw = true, .baud = 115'200}).value());
  termios modes = {};
  ASSERT_EQ(::tcgetattr(line, &modes), 0);
  EXPECT_EQ(::cfgetispeed(&modes), static_cast<speed_t>(B115200));
  EXPECT_EQ(::cfgetospeed(&modes), static_cast<speed_t>(B115200));
  EXPECT_EQ(modes.c_lflag & (ICANON | ECHO | ISIG), 0u);
  Recorder received;
  loop().receive(received, line);
  ASSERT_EQ(::write(master, "no end of line\x03", 15), 15);
  EXPECT_TRUE(until([&] { return received.bytes == "no end of line\x03"; }));
  const auto odd = loop().open(name, {.device = true, .baud = 12'345});
  ASSERT_FALSE(odd);
  EXPECT_NE(odd.error().text().find("12345 baud is no speed of a terminal"), std::string::npos) << odd.error().text();
  ::close(master);
}

TEST_P(LoopConformance, AFileThatIsMissingIsNamedInTheError) {
  const FreshPath path;
  for (const bool device : {false, true}) {
    const auto file = loop().open(path, {.device = device});
    ASSERT_FALSE(file.has_value());
    EXPECT_EQ(file.error().sys, ENOENT);
    const std::string text = file.error().text();
    EXPECT_NE(text.find(std::string(path) + " does not exist"), std::string::npos) << text;
  }
}

TEST_P(KernelLoopConformance, WhatIsNoFileIsNotOpenedAsOneNorWaitedFor) {
  const FreshPath path;
  ASSERT_EQ(::mkfifo(static_cast<const std::string&>(path).c_str(), 0600), 0);
  const auto fifo = loop().open(path, {});
  ASSERT_FALSE(fifo.has_value());
  EXPECT_NE(fifo.error().text().find("open it as a device"), std::string::npos) << fifo.error().text();
  const auto folder = loop().open(testing::TempDir(), {});
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().sys, EISDIR);
}

TEST_P(LoopConformance, FilesAndSocketsAreNotMistakenForEachOther) {
  const FreshPath path;
  const auto [near, far] = connected_pair();
  const Handle file = keep(loop().open(path, kNewFile).value());
  const Handle readable = keep(loop().open(path, {}).value());
  std::string room(10, '\0');
  Recorder receive, send, read, write, closed, forbidden;
  loop().receive(receive, file);
  loop().send(send, file, "x");
  loop().read(read, near, room, 0);
  loop().write(write, far, "x", 0);
  loop().read(closed, lowest_free(), room, 0);
  loop().write(forbidden, readable, "x", 0);
  ASSERT_TRUE(until([&] { return loop().pending() == 0; }));
  EXPECT_EQ(receive.last(), -ENOTSOCK);
  EXPECT_EQ(send.last(), -ENOTSOCK);
  EXPECT_EQ(read.last(), -ESPIPE);
  EXPECT_EQ(write.last(), -ESPIPE);
  EXPECT_EQ(closed.last(), -EBADF);
  EXPECT_EQ(forbidden.last(), -EBADF) << "it was opened for reading";
}

TEST_P(LoopConformance, AClosedFileGivesItsNumberBackWhenItsOperationsHaveEnded) {
  const FreshPath path;
  const Handle file = loop().open(path, kNewFile).value();
  const std::string bytes = pattern(1 << 20, 52);
  std::string room(1 << 20, '\0');
  Recorder write, read;
  loop().write(write, file, bytes, 0);
  loop().read(read, file, room, 0);
  loop().close(file);
  EXPECT_TRUE(is_taken(file));
  ASSERT_TRUE(until([&] { return write.ended && read.ended; }));
  EXPECT_FALSE(is_taken(file));
  EXPECT_EQ(loop().pending(), 0u);
}

// --- Devices ---------------------------------------------------------------------------------------

constexpr OpenOptions kDevice = {.write = true, .device = true};

TEST_P(LoopConformance, ADeviceIsHeardAsItSpeaksAndToldWhatIsSent) {
  SerialLine line(network_.get());
  const Handle device = keep(loop().open(line.path(), kDevice).value());
  Recorder heard, sent;
  loop().receive(heard, device);
  settle();
  EXPECT_FALSE(heard.ended);
  line.say("21.5 degrees\n");
  ASSERT_TRUE(until([&] { return heard.bytes == "21.5 degrees\n"; }));
  line.say("21.6");
  ASSERT_TRUE(until([&] { return heard.bytes == "21.5 degrees\n21.6"; }));
  EXPECT_FALSE(heard.ended);
  loop().send(sent, device, "M1\r");
  ASSERT_TRUE(until([&] { return sent.ended; }));
  EXPECT_EQ(sent.last(), 3);
  settle();
  EXPECT_EQ(line.heard(), "M1\r");
  loop().cancel(heard);
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), -ECANCELED);
}

TEST_P(LoopConformance, ADeviceThatHangsUpIsAtItsEnd) {
  SerialLine line(network_.get());
  const Handle device = keep(loop().open(line.path(), kDevice).value());
  Recorder heard, again, sent, poll;
  loop().receive(heard, device);
  line.say("last words");
  ASSERT_TRUE(until([&] { return heard.bytes == "last words"; }));
  line.hang_up();
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), 0);
  loop().receive(again, device);
  loop().send(sent, device, "anybody?");
  loop().poll(poll, device, POLLIN);
  ASSERT_TRUE(until([&] { return again.ended && sent.ended && poll.ended; }));
  EXPECT_EQ(again.last(), 0);
  EXPECT_EQ(sent.last(), -EIO);
  EXPECT_NE(poll.last() & POLLHUP, 0);
}

TEST_P(LoopConformance, ADeviceKeepsWhatCameBetweenTwoReceivers) {
  SerialLine line(network_.get());
  const Handle device = keep(loop().open(line.path(), kDevice).value());
  Recorder first, second, poll;
  loop().receive(first, device);
  settle();
  loop().cancel(first);
  ASSERT_TRUE(until([&] { return first.ended; }));
  loop().poll(poll, device, POLLIN);
  line.say("in between");
  ASSERT_TRUE(until([&] { return poll.ended; }));
  EXPECT_EQ(poll.last(), POLLIN);
  loop().receive(second, device);
  ASSERT_TRUE(until([&] { return second.bytes == "in between"; }));
  EXPECT_EQ(first.bytes, "");
}

TEST_P(LoopConformance, ADeviceThatIsClosedEndsWhatIsPending) {
  SerialLine line(network_.get());
  const Handle device = loop().open(line.path(), kDevice).value();
  Recorder heard, sent;
  loop().receive(heard, device);
  settle();
  loop().close(device);
  loop().send(sent, device, "too late");
  ASSERT_TRUE(until([&] { return heard.ended && sent.ended; }));
  EXPECT_EQ(heard.last(), -ECANCELED);
  EXPECT_EQ(sent.last(), -EBADF);
  EXPECT_FALSE(is_taken(device));
}

TEST_P(LoopConformance, AReceiverMayCancelItselfAndCloseItsDeviceWhileItIsGivenBytes) {
  SerialLine line(network_.get());
  const Handle device = keep(loop().open(line.path(), kDevice).value());
  Recorder cancelling, closing;
  cancelling.then = [&](const Completion& completion) {
    if (completion.more) loop().cancel(cancelling);
  };
  closing.then = [&](const Completion& completion) {
    if (completion.more) close(device);
  };
  for (Recorder* one : {&cancelling, &closing}) {
    loop().receive(*one, device);
    line.say("stop");
    ASSERT_TRUE(until([&] { return one->ended; }));
    EXPECT_EQ(one->bytes, "stop");
    EXPECT_EQ(one->last(), -ECANCELED);
  }
  EXPECT_FALSE(is_taken(device));
}

TEST_P(KernelLoopConformance, AFifoIsAtItsEndWhenItsWritersHaveGoneAndNotBeforeTheyCame) {
  const FreshPath path;
  ASSERT_EQ(::mkfifo(static_cast<const std::string&>(path).c_str(), 0600), 0);
  const Handle fifo = keep(loop().open(path, {.device = true}).value());
  Recorder heard;
  loop().receive(heard, fifo);
  settle();
  EXPECT_FALSE(heard.ended) << "nobody has written yet";
  const int writer = ::open(static_cast<const std::string&>(path).c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(writer, 0);
  settle();
  EXPECT_FALSE(heard.ended);
  EXPECT_EQ(::write(writer, "hello", 5), 5);
  ASSERT_TRUE(until([&] { return heard.bytes == "hello"; }));
  EXPECT_FALSE(heard.ended);
  ::close(writer);
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), 0);
}

/// A simulated device takes whatever it is told: it has no speed.
TEST_P(KernelLoopConformance, ADeviceThatDoesNotListenSuspendsItsSender) {
  SerialLine line(nullptr);
  const Handle device = keep(loop().open(line.path(), kDevice).value());
  const std::string bytes = pattern(200'000, 53);
  Recorder sent;
  loop().send(sent, device, bytes);
  settle();
  EXPECT_FALSE(sent.ended) << "more than a terminal buffers";
  ASSERT_TRUE(until([&] {
    loop().wake();  // The master is not this loop's: look again and again.
    return line.heard().size() == bytes.size() && sent.ended;
  }));
  EXPECT_EQ(sent.results, std::vector<std::int32_t>{200'000});
  EXPECT_TRUE(line.heard() == bytes);
}

}  // namespace
}  // namespace pulpo::io
