// SPDX-License-Identifier: Apache-2.0
#include "pulpo/device.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using io::testing_support::SerialLine;
using testing::eventually;
using testing::Footprint;
using testing::receive_exactly;

class DeviceTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    start();
    line_ = std::make_unique<SerialLine>(network());
  }
  SerialLine& line() { return *line_; }

 private:
  std::unique_ptr<SerialLine> line_;
};
PULPO_ON_EACH_LOOP(DeviceTest);

Term line_of(std::string_view text) { return Term::tuple({"line"_atom, text}); }
Term bytes_of(std::string_view text) { return Term::tuple({"bytes"_atom, text}); }
Term closed_of(Atom reason) { return Term::tuple({"closed"_atom, reason}); }

TEST_P(DeviceTest, IsReadByLinesAndWritten) {
  run([this] {
    Device port = Device::open(line().path(), {.baud = 115'200}).value();
    line().say("21.5\r\n22.0\r\n2");
    EXPECT_EQ(port.read_line(5s).value(), "21.5");
    EXPECT_EQ(port.read_line(5s).value(), "22.0");
    EXPECT_EQ(port.read_line(20ms).error().code, Errc::timeout);
    line().say("3\n");
    EXPECT_EQ(port.read_line(5s).value(), "23");
    ASSERT_TRUE(port.write("SET 1\n"));
    EXPECT_TRUE(eventually([&] { return line().heard() == "SET 1\n"; }));
  });
}

TEST_P(DeviceTest, OneThatIsUnpluggedEndsItsStream) {
  run([this] {
    Device port = Device::open(line().path()).value();
    const Pid me = self();
    spawn([&, me] {
      while (auto read = port.read_line(5s).value()) send(me, *read);
      send(me, "end"_atom);
    });
    yield();
    line().say("last\n");
    EXPECT_TRUE(receive_exactly("last"));
    line().hang_up();
    EXPECT_TRUE(receive_exactly("end"_atom));
  });
}

TEST_P(DeviceTest, OneThatIsNotThereIsNamed) {
  run([] {
    const auto port = Device::open("/dev/ttyNONE");
    ASSERT_FALSE(port);
    EXPECT_EQ(port.error().code, Errc::not_found);
    EXPECT_NE(port.error().text().find("/dev/ttyNONE does not exist"), std::string::npos) << port.error().text();
  });
}

// --- Delivery --------------------------------------------------------------------------------------

TEST_P(DeviceTest, LinesAreDeliveredAsMessages) {
  run([this] {
    Device port = Device::open(line().path()).value();
    ASSERT_TRUE(port.deliver_lines());
    EXPECT_EQ(port.read_line(5s).error().code, Errc::busy);
    line().say("21.5\r\n22");
    EXPECT_TRUE(receive_exactly(line_of("21.5")));
    EXPECT_FALSE(receive_any(20ms));
    line().say(".0\n");
    EXPECT_TRUE(receive_exactly(line_of("22.0")));
    line().hang_up();
    EXPECT_TRUE(receive_exactly(closed_of("eof"_atom)));
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(DeviceTest, BytesAreDeliveredAsTheyComeUntilReadingTakesOver) {
  run([this] {
    Device port = Device::open(line().path()).value();
    ASSERT_TRUE(port.deliver_bytes());
    line().say("no end");
    EXPECT_TRUE(receive_exactly(bytes_of("no end")));
    ASSERT_TRUE(port.end_delivery());
    line().say("read\n");
    EXPECT_EQ(port.read_line(5s).value(), "read");
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(DeviceTest, AFastDeviceIsHeldBackUntilTheMailboxHasRoom) {
  run([this] {
    Device port = Device::open(line().path()).value();
    ASSERT_TRUE(port.deliver_lines({.messages_max = 4}));
    std::string lines;
    for (int i = 0; i < 100; ++i) lines += std::to_string(i) + "\n";
    line().say(lines);
    sleep(20ms);  // all has come
    EXPECT_EQ(Core::here().process()->mail_count, 4u);
    for (int i = 0; i < 100; ++i) {
      EXPECT_LE(Core::here().process()->mail_count, 4u);
      ASSERT_TRUE(receive_exactly(line_of(std::to_string(i)))) << i;
    }
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(DeviceTest, ALineWithoutEndComesInPieces) {
  run([this] {
    Device port = Device::open(line().path()).value();
    ASSERT_TRUE(port.deliver_lines({.line_max = 4}));
    line().say("123456789\n1234\r\n");
    for (const char* const piece : {"1234", "5678", "9", "1234"}) EXPECT_TRUE(receive_exactly(line_of(piece))) << piece;
    EXPECT_EQ(port.deliver_lines({.messages_max = 0}).error().code, Errc::bad_argument);
  });
}

TEST_P(DeviceTest, ClosingEndsADelivery) {
  run([this] {
    const Footprint before;
    {
      Device port = Device::open(line().path()).value();
      ASSERT_TRUE(port.deliver_lines({.messages_max = 1}));
      line().say("1\n2\n3\n");
      EXPECT_TRUE(receive_exactly(line_of("1")));
      sleep(5ms);
    }
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
    EXPECT_TRUE(receive_exactly(line_of("2")));  // was in the mailbox
    EXPECT_FALSE(receive_any(10ms));
  });
}

TEST_P(DeviceTest, WhoeverDiesTakesItsDeliveryAlong) {
  run([this] {
    const Footprint before;
    const Pid owner = spawn([this] {
      Device port = Device::open(line().path()).value();
      ASSERT_TRUE(port.deliver_lines());
      for (;;) (void)receive_any();
    });
    yield();
    line().say("1\n");
    exit(owner, atoms::kill);
    line().say("2\n");
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
  });
}

class KernelDeviceTest : public testing::OnEachLoop {};
PULPO_ON_EACH_KERNEL_LOOP(KernelDeviceTest);  // FIFOs and pipes are the kernel's

TEST_P(KernelDeviceTest, AFifoAndAPipeAreDevicesToo) {
  const testing::FreshPath path("fifo");
  ASSERT_EQ(::mkfifo(static_cast<const std::string&>(path).c_str(), 0600), 0);
  run([&path] {
    Device out = Device::open(path).value();
    Device in = Device::open(path, {.write = false}).value();
    ASSERT_TRUE(out.write("through the fifo\n"));
    EXPECT_EQ(in.read_line(5s).value(), "through the fifo");

    int ends[2];
    ASSERT_EQ(::pipe2(ends, 0), 0);
    Device from = Device::adopt(ends[0]).value();
    {
      Device to = Device::adopt(ends[1]).value();
      ASSERT_TRUE(to.write("through the pipe\n"));
    }
    EXPECT_EQ(from.read_line(5s).value(), "through the pipe");
    EXPECT_FALSE(from.read_line(5s).value());
    EXPECT_EQ(Device::adopt(12'345).error().code, Errc::bad_argument);
    EXPECT_EQ(Device::open(path, {.baud = 0}).value().is_open(), true);
  });
}

}  // namespace
}  // namespace pulpo
