// SPDX-License-Identifier: Apache-2.0
#include "io/standard_stream.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace pulpo::io {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
  }
  [[nodiscard]] bool blocks() const { return (::fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0; }
  int ends[2];
};

std::string read_some(int descriptor) {
  char bytes[1 << 17];
  const ssize_t got = ::read(descriptor, bytes, sizeof bytes);
  return std::string(bytes, got > 0 ? static_cast<std::size_t>(got) : 0);
}

TEST(StandardStream, APipeThatIsFullIsNotWaitedForAndStaysBlockingForOthers) {
  const Pipe pipe;
  StandardOutput output(pipe.ends[1]);
  const std::string text(1 << 16, 'x');
  std::int32_t written = 0;
  std::size_t all = 0;
  while ((written = output.write(text)) > 0) all += static_cast<std::size_t>(written);
  EXPECT_EQ(written, 0);
  EXPECT_GE(all, text.size()) << "a pipe takes 64 KiB";
  EXPECT_TRUE(pipe.blocks());
  (void)read_some(pipe.ends[0]);
  EXPECT_GT(output.write(text), 0);
}

TEST(StandardStream, APipeWithoutAReaderIsAnError) {
  Pipe pipe;
  StandardOutput early(pipe.ends[1]);
  EXPECT_EQ(early.write("a"), 1);
  pipe.close_reader();
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(early.write("b"), -EPIPE);
  StandardOutput late(pipe.ends[1]);  // a pipe without a reader cannot be opened a second time
  EXPECT_EQ(late.write("c"), -EPIPE);
}

TEST(StandardStream, AFileIsWrittenWhereTheProgramBeforeUsStopped) {
  char path[] = "/tmp/pulpo-standard-XXXXXX";
  const int file = ::mkstemp(path);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::write(file, "before ", 7), 7);
  {
    StandardOutput output(file);
    EXPECT_EQ(output.write("ours "), 5);
  }
  ASSERT_EQ(::write(file, "after", 5), 5);
  ASSERT_EQ(::lseek(file, 0, SEEK_SET), 0);
  EXPECT_EQ(read_some(file), "before ours after");
  ::close(file);
  ::unlink(path);
}

TEST(StandardStream, ASocketIsNotWaitedForEither) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  StandardOutput output(ends[1]);
  EXPECT_EQ(output.write("hello"), 5);
  EXPECT_EQ(read_some(ends[0]), "hello");
  const std::string text(1 << 16, 'x');
  while (output.write(text) > 0) {
  }
  EXPECT_EQ(output.write(text), 0);
  ::close(ends[0]);
  EXPECT_EQ(output.write(text), -EPIPE);
  ::close(ends[1]);
}

TEST(StandardStream, ADeviceThatTakesEverythingTakesIt) {
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  StandardOutput output(null);
  EXPECT_EQ(output.write("gone"), 4);
  EXPECT_FALSE(output.geometry());
  ::close(null);
}

TEST(StandardStream, AClosedOneIsAnError) {
  StandardOutput output(1 << 20);  // no descriptor has that number
  EXPECT_EQ(output.write("x"), -EBADF);
  EXPECT_EQ(write_waiting(1 << 20, "x"), -EBADF);
}

TEST(StandardStream, InputIsTakenWhenItIsThere) {
  Pipe pipe;
  char bytes[16];
  EXPECT_EQ(read_standard_input(pipe.ends[0], bytes), -EAGAIN);
  ASSERT_EQ(::write(pipe.ends[1], "line\n", 5), 5);
  EXPECT_EQ(read_standard_input(pipe.ends[0], bytes), 5);
  EXPECT_EQ(std::string(bytes, 5), "line\n");
  ::close(std::exchange(pipe.ends[1], -1));
  EXPECT_EQ(read_standard_input(pipe.ends[0], bytes), 0);
}

}  // namespace
}  // namespace pulpo::io
