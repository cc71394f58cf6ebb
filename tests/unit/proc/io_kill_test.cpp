// SPDX-License-Identifier: Apache-2.0
//
// Goal:   a kill while blocked in any call of I/O cancels the call, closes what the process holds and runs its destructors.
// Method: each call blocks in a process of its own that made all it needs. What the core has open, pending and running afterwards is
//         what it was before.
#include <poll.h>

#include "pulpo/device.hpp"
#include "pulpo/file.hpp"
#include "pulpo/poll.hpp"
#include "pulpo/tcp.hpp"
#include "pulpo/udp.hpp"
#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using io::testing_support::SerialLine;
using testing::connected_streams;
using testing::down_reason;
using testing::eventually;
using testing::Footprint;

/// Says "ready" to the test, as its last act before the call that blocks.
using Ready = std::function<void()>;

struct BlockedCall {
  const char* name;
  std::function<void(const Ready&, const std::string& device, const std::string& file)> block;
  bool in_simulation = true;
};

const std::vector<BlockedCall>& blocked_calls() {
  static const std::vector<BlockedCall> calls = {
      {"TcpListener::accept",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
         ready();
         (void)listener.accept();
       }},
      {"TcpStream::connect",
       [](const Ready& ready, const std::string&, const std::string&) {
         // Whoever finds the backlog full is not answered.
         auto listener = TcpListener::listen(Endpoint::loopback(0), {.backlog = 1}).value();
         const Endpoint at = listener.local_endpoint().value();
         std::vector<TcpStream> streams;
         for (;;) {
           auto stream = TcpStream::connect(at, 50ms);
           if (!stream) break;
           streams.push_back(std::move(*stream));
         }
         ready();
         (void)TcpStream::connect(at);
       }},
      {"ByteStream::read_some",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto [near, far] = connected_streams();
         ready();
         (void)near.read_some();
       }},
      {"ByteStream::read_exactly",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto [near, far] = connected_streams();
         (void)far.write("too few");
         ready();
         (void)near.read_exactly(100);
       }},
      {"ByteStream::read_line",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto [near, far] = connected_streams();
         (void)far.write("no end");
         ready();
         (void)near.read_line();
       }},
      {"ByteStream::write",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto [near, far] = connected_streams();
         const std::string much(64 << 20, 'x');
         ready();
         (void)near.write(much);
       }},
      {"UdpSocket::receive_from",
       [](const Ready& ready, const std::string&, const std::string&) {
         auto socket = UdpSocket::bind(Endpoint::loopback(0)).value();
         ready();
         (void)socket.receive_from();
       }},
      {"Device::read_line",
       [](const Ready& ready, const std::string& device, const std::string&) {
         Device port = Device::open(device).value();
         ready();
         (void)port.read_line();
       }},
      {"Device::write",
       [](const Ready& ready, const std::string& device, const std::string&) {
         Device port = Device::open(device).value();
         const std::string much(1 << 20, 'x');
         ready();
         (void)port.write(much);
       },
       false},  // a simulated line hears as fast as one can speak
      {"poll",
       [](const Ready& ready, const std::string& device, const std::string&) {
         const Device port = Device::open(device).value();
         ready();
         (void)poll(port.descriptor(), POLLIN);
       }},
      {"File::read",
       [](const Ready& ready, const std::string&, const std::string& path) {
         File file = File::open(path, {.write = true, .create = true}).value();
         (void)file.write(std::string(1 << 20, 'x'));
         ready();
         while (file.read_at(0, 1 << 20)) {
         }
       }},
      {"File::write",
       [](const Ready& ready, const std::string&, const std::string& path) {
         File file = File::open(path, {.write = true, .create = true}).value();
         const std::string much(1 << 20, 'x');
         ready();
         while (file.write_at(0, much)) {
         }
       }},
      {"File::sync",
       [](const Ready& ready, const std::string&, const std::string& path) {
         File file = File::open(path, {.write = true, .create = true}).value();
         (void)file.write("x");
         ready();
         while (file.sync()) {
         }
       }},
  };
  return calls;
}

struct Destroyed {
  ~Destroyed() { ++count; }
  int& count;
};

class IoKillTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    start();
    line_ = std::make_unique<SerialLine>(network());
  }
  /// Runs `test` with each call: it gets a function to run in a process, which says "ready" to the test.
  void for_each_call(const std::function<void(const std::function<void()>& block)>& test) {
    run([&, this] {
      const Pid me = self();
      for (const BlockedCall& call : blocked_calls()) {
        if (is_simulated() && !call.in_simulation) continue;
        SCOPED_TRACE(call.name);
        const testing::FreshPath file("io_kill");
        const Footprint before;
        test([&, me] { call.block([me] { send(me, "ready"_atom); }, line_->path(), file); });
        EXPECT_TRUE(eventually([&] { return Footprint() == before; }))
            << "descriptors " << before.descriptors << " " << testing::open_descriptors() << ", operations " << before.operations << " "
            << Core::here().loop().pending() << ", processes " << before.processes << " " << pulpo::runtime().process_count();
      }
    });
  }

  std::unique_ptr<SerialLine> line_;
};
PULPO_ON_EACH_LOOP(IoKillTest);

TEST_P(IoKillTest, CancelsTheCallClosesTheDescriptorAndRunsDestructors) {
  for_each_call([](const std::function<void()>& block) {
    int destroyed = 0;
    const Spawned blocked = spawn_monitor([&] {
      const Destroyed guard{destroyed};
      block();
      ADD_FAILURE() << "it did not block";
    });
    ASSERT_TRUE(testing::receive_exactly("ready"_atom));
    sleep(2ms);
    exit(blocked.pid, atoms::kill);
    EXPECT_EQ(down_reason(blocked.monitor), Term(atoms::killed));
    EXPECT_EQ(destroyed, 1);
  });
}

TEST_P(IoKillTest, ComesAgainWhenItIsSwallowed) {
  for_each_call([](const std::function<void()>& block) {
    int caught = 0;
    const Spawned blocked = spawn_monitor([&] {
      for (int round = 0; round < 2; ++round) {
        try {
          block();
        } catch (...) {
          ++caught;
        }
      }
      (void)receive_any();
    });
    ASSERT_TRUE(testing::receive_exactly("ready"_atom));
    sleep(2ms);
    exit(blocked.pid, "enough"_atom);
    EXPECT_EQ(down_reason(blocked.monitor), Term("enough"_atom));
    EXPECT_EQ(caught, 2);
    while (receive_any(0s)) {
    }
  });
}

TEST_P(IoKillTest, IsAnErrorInADestructorThatMayNotBeThrownAt) {
  for_each_call([](const std::function<void()>& block) {
    bool came_back = false;
    struct Blocks {
      ~Blocks() {
        const NoKill no_kill;
        block();
        came_back = true;
      }
      const std::function<void()>& block;
      bool& came_back;
    };
    const Spawned blocked = spawn_monitor([&] { const Blocks blocks{block, came_back}; });
    ASSERT_TRUE(testing::receive_exactly("ready"_atom));
    sleep(2ms);
    exit(blocked.pid, atoms::kill);
    EXPECT_EQ(down_reason(blocked.monitor), Term(atoms::killed));
    EXPECT_TRUE(came_back);
  });
}

TEST_P(IoKillTest, StopKillsThemAll) {
  int destroyed = 0;
  int started = 0;
  const testing::FreshPath file("io_kill");
  run([&, this] {
    const Pid me = self();
    for (const BlockedCall& call : blocked_calls()) {
      if (is_simulated() && !call.in_simulation) continue;
      ++started;
      spawn([&, this, me] {
        const Destroyed guard{destroyed};
        call.block([me] { send(me, "ready"_atom); }, line_->path(), file);
      });
      ASSERT_TRUE(testing::receive_exactly("ready"_atom)) << call.name;
    }
  });
  runtime().stop();
  EXPECT_EQ(destroyed, started);
}

}  // namespace
}  // namespace pulpo
