// SPDX-License-Identifier: Apache-2.0
#include "pulpo/tcp.hpp"

#include "base/random.hpp"
#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using testing::connected_streams;
using testing::down_reason;
using testing::eventually;
using testing::Footprint;
using testing::open_descriptors;

class TcpTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(TcpTest);

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  SeededRandom(7).fill(bytes.data(), size);
  return bytes;
}

// --- Connections -----------------------------------------------------------------------------------

TEST_P(TcpTest, AServerAnswersEachConnectionInAProcessOfItsOwn) {
  run([] {
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    const Endpoint at = listener.local_endpoint().value();
    EXPECT_NE(at.port(), 0);
    spawn_link([listener = std::move(listener)]() mutable {
      for (;;) {
        auto stream = listener.accept().value();
        spawn([stream = std::move(stream)]() mutable {
          while (auto line = stream.read_line(5s).value()) (void)stream.write("you said " + *line + "\n");
        });
      }
    });
    std::vector<TcpStream> clients;
    for (int i = 0; i < 40; ++i) clients.push_back(TcpStream::connect(at, 5s).value());
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const std::string name = std::to_string(i);
      ASSERT_TRUE(clients[i].write(name + "\r\n"));
      EXPECT_EQ(clients[i].read_line(5s).value(), "you said " + name);
    }
    EXPECT_EQ(clients[0].peer_endpoint().value(), at);
    EXPECT_EQ(clients[0].local_endpoint().value().ip(), "127.0.0.1");
  });
}

TEST_P(TcpTest, ConnectingToWhereNobodyListensIsUnreachable) {
  run([] {
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    const Endpoint at = listener.local_endpoint().value();
    listener.close();
    EXPECT_FALSE(listener.is_open());
    EXPECT_TRUE(eventually([&] {
      const auto stream = TcpStream::connect(at, 5s);
      return !stream && stream.error().code == Errc::unreachable;
    }));
    const auto refused = TcpStream::connect("127.0.0.1", at.port(), 5s);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Term("econnrefused"_atom));
    EXPECT_NE(refused.error().text().find(at.text()), std::string::npos) << refused.error().text();
    EXPECT_EQ(TcpStream::connect("board.local", 80).error().code, Errc::bad_argument);
  });
}

TEST_P(TcpTest, APortThatIsTakenIsNamedAndOneJustLeftIsHadAgain) {
  run([] {
    auto first = TcpListener::listen(Endpoint::loopback(0)).value();
    const Endpoint at = first.local_endpoint().value();
    const auto second = TcpListener::listen(at);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::already_exists);
    EXPECT_NE(second.error().text().find("is in use"), std::string::npos) << second.error().text();
    EXPECT_EQ(first.accept(0s).error().code, Errc::timeout);  // its loop accepts from here on
    first.close();
    EXPECT_TRUE(TcpListener::listen(at));
  });
}

TEST_P(TcpTest, AcceptEndsAtItsDeadlineAndGoesOnAfterIt) {
  run([] {
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    const TimePoint begin = now();
    EXPECT_EQ(listener.accept(20ms).error().code, Errc::timeout);
    EXPECT_GE(now() - begin, 20ms);
    const auto stream = TcpStream::connect(listener.local_endpoint().value(), 5s).value();
    EXPECT_TRUE(listener.accept(5s));
  });
}

TEST_P(TcpTest, OneProcessAcceptsAtATime) {
  run([] {
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    const Spawned waiter = spawn_monitor([&listener] { (void)listener.accept(); });
    yield();
    EXPECT_EQ(listener.accept(5s).error().code, Errc::busy);
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term(atoms::killed));
    EXPECT_EQ(listener.accept(0s).error().code, Errc::timeout);
  });
}

TEST_P(TcpTest, ClosingAListenerEndsWhoeverAcceptsAndWhoeverWaits) {
  run([] {
    const Footprint before;
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    std::optional<Errc> seen;
    spawn([&] { seen = listener.accept().error().code; });
    yield();
    listener.close();
    EXPECT_TRUE(eventually([&] { return seen.has_value(); }));
    EXPECT_EQ(seen, Errc::closed);

    auto other = TcpListener::listen(Endpoint::loopback(0)).value();
    EXPECT_EQ(other.accept(0s).error().code, Errc::timeout);
    auto client = TcpStream::connect(other.local_endpoint().value(), 5s).value();
    sleep(5ms);
    other.close();  // with a connection that nobody took
    const auto bytes = client.read_some(5s);
    EXPECT_TRUE(!bytes || bytes->empty());
    client.close();
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
  });
}

TEST_P(TcpTest, TheLoopStopsAcceptingWhatNobodyTakes) {
  run([] {
    auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
    const Endpoint at = listener.local_endpoint().value();
    EXPECT_EQ(listener.accept(0s).error().code, Errc::timeout);
    const std::size_t before = open_descriptors();
    std::vector<TcpStream> clients;
    for (int i = 0; i < 40; ++i) clients.push_back(TcpStream::connect(at, 5s).value());
    sleep(20ms);  // virtual time, or enough for the kernel's part of loopback
    const std::size_t taken = open_descriptors() - before - clients.size();
    EXPECT_GE(taken, 16u);
    EXPECT_LT(taken, 40u);
    for (std::size_t i = 0; i < clients.size(); ++i) EXPECT_TRUE(listener.accept(5s)) << i;
    EXPECT_EQ(listener.accept(0s).error().code, Errc::timeout);
  });
}

// --- Reading and writing ---------------------------------------------------------------------------

TEST_P(TcpTest, BytesArriveWholeAndInOrder) {
  run([] {
    auto [near, far] = connected_streams();
    const std::string bytes = pattern(3 << 20);
    spawn_link([&bytes, near = std::move(near)]() mutable {
      EXPECT_TRUE(near.write(bytes, 10s));
      near.shutdown();
      EXPECT_EQ(near.read_exactly(4, 10s).value(), "done");
    });
    EXPECT_EQ(far.read_exactly(100'000, 10s).value(), bytes.substr(0, 100'000));  // more than is kept unread
    EXPECT_EQ(far.read_exactly(0, 10s).value(), "");
    std::string rest;
    for (;;) {
      const std::string some = far.read_some(10s).value();
      if (some.empty()) break;
      EXPECT_LE(some.size(), 64u * 1024);
      rest += some;
    }
    EXPECT_TRUE(rest == bytes.substr(100'000));
    EXPECT_EQ(far.read_some(10s).value(), "");  // and stays so
    EXPECT_TRUE(far.write("done"));
  });
}

TEST_P(TcpTest, LinesEndAsTheyMayAndTheLastMayNot) {
  run([] {
    auto [near, far] = connected_streams();
    ASSERT_TRUE(near.write("unix\ndos\r\n\n  spaces \nlast"));
    near.shutdown();
    for (const char* const line : {"unix", "dos", "", "  spaces ", "last"}) EXPECT_EQ(far.read_line(5s).value(), line);
    EXPECT_FALSE(far.read_line(5s).value());
    EXPECT_FALSE(far.read_line(5s).value());
  });
}

TEST_P(TcpTest, ALineThatIsTooLongIsRefusedAndStaysToBeRead) {
  run([] {
    auto [near, far] = connected_streams();
    ASSERT_TRUE(near.write("12345\r\n123456\n"));
    EXPECT_EQ(far.read_line(5s, 5).value(), "12345");
    const auto line = far.read_line(5s, 5);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, Errc::bad_message);
    EXPECT_NE(line.error().text().find("longer than 5 bytes"), std::string::npos);
    EXPECT_EQ(far.read_line(5s, 6).value(), "123456");
    ASSERT_TRUE(near.write(std::string(100'000, 'x')));  // no end in sight
    EXPECT_EQ(far.read_line(5s).error().code, Errc::bad_message);
  });
}

TEST_P(TcpTest, AStreamThatEndsTooSoonIsClosedAndKeepsWhatCame) {
  run([] {
    auto [near, far] = connected_streams();
    ASSERT_TRUE(near.write("abc"));
    near.close();
    const auto bytes = far.read_exactly(10, 5s);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, Errc::closed);
    EXPECT_NE(bytes.error().text().find("3 of 10 bytes"), std::string::npos) << bytes.error().text();
    EXPECT_EQ(far.read_exactly(3, 5s).value(), "abc");
  });
}

TEST_P(TcpTest, ReadsEndAtTheirDeadlineAndLoseNothing) {
  run([] {
    auto [near, far] = connected_streams();
    const TimePoint begin = now();
    EXPECT_EQ(far.read_some(20ms).error().code, Errc::timeout);
    EXPECT_GE(now() - begin, 20ms);
    ASSERT_TRUE(near.write("half a li"));
    EXPECT_EQ(far.read_line(20ms).error().code, Errc::timeout);
    EXPECT_EQ(far.read_exactly(10, 20ms).error().code, Errc::timeout);
    ASSERT_TRUE(near.write("ne\n"));
    EXPECT_EQ(far.read_line(5s).value(), "half a line");
  });
}

TEST_P(TcpTest, AWriterIsHeldUpByAReaderThatDoesNotRead) {
  run([] {
    auto [near, far] = connected_streams();
    EXPECT_EQ(far.read_some(0s).error().code, Errc::timeout);  // its loop receives from here on
    const std::string piece(64 * 1024, 'x');
    std::size_t written = 0;
    for (;;) {
      const auto wrote = near.write(piece, 100ms);
      if (!wrote) {
        EXPECT_EQ(wrote.error().code, Errc::timeout);
        break;
      }
      written += piece.size();
      ASSERT_LT(written, 64u << 20) << "nobody holds it up";
    }
    // All of it is still to be had, and what of the last piece went.
    std::size_t got = 0;
    near.close();
    for (;;) {
      const std::size_t some = far.read_some(5s).value().size();
      if (some == 0) break;
      got += some;
    }
    EXPECT_GE(got, written);
  });
}

TEST_P(TcpTest, WritingToWhoHasGoneIsClosed) {
  run([] {
    auto streams = connected_streams();
    TcpStream &near = streams.first, &far = streams.second;
    far.close();
    EXPECT_TRUE(eventually([&] {
      const auto wrote = near.write("x");
      return !wrote && wrote.error().code == Errc::closed;
    }));
    near.close();
    EXPECT_EQ(near.write("x").error().code, Errc::bad_argument);
  });
}

TEST_P(TcpTest, OneProcessReadsAtATimeAndClosingEndsItsRead) {
  run([] {
    auto streams = connected_streams();
    TcpStream &near = streams.first, &far = streams.second;
    std::optional<Errc> seen;
    spawn([&] { seen = far.read_some().error().code; });
    yield();
    EXPECT_EQ(far.read_line(5s).error().code, Errc::busy);
    EXPECT_EQ(far.deliver_lines().error().code, Errc::busy);
    far.close();
    EXPECT_TRUE(eventually([&] { return seen.has_value(); }));
    EXPECT_EQ(seen, Errc::closed);
    EXPECT_EQ(near.read_some(5s).value(), "");
  });
}

// --- Whose it is -----------------------------------------------------------------------------------

TEST_P(TcpTest, AProcessThatEndsClosesWhatItHolds) {
  run([] {
    const Footprint before;
    {
      auto [near, far] = connected_streams();
      const Spawned owner = spawn_monitor([far = std::move(far)] { exit("done"_atom); });
      EXPECT_EQ(down_reason(owner.monitor), Term("done"_atom));
      EXPECT_EQ(near.read_some(5s).value(), "");
    }
    EXPECT_TRUE(eventually([&] { return Footprint() == before; }));
  });
}

TEST_P(TcpTest, AnotherCoreIsToldWhoseItIsAndMayDropIt) {
  run(
      [] {
        const Footprint before;
        {
          auto [near, far] = connected_streams();
          auto shared = std::make_shared<TcpStream>(std::move(far));
          const Spawned other = spawn_monitor(
              [shared]() mutable {
                const auto bytes = shared->read_some(5s);
                ASSERT_FALSE(bytes);
                EXPECT_EQ(bytes.error().code, Errc::bad_argument);
                EXPECT_NE(bytes.error().text().find("belongs to core 0 and cannot be used on core 1"), std::string::npos);
                EXPECT_EQ(shared->write("x").error().code, Errc::bad_argument);
              },
              {.core = 1});
          shared.reset();  // the last copy is over there
          EXPECT_EQ(down_reason(other.monitor), Term(atoms::normal));
          EXPECT_EQ(near.read_some(5s).value(), "");
        }
        EXPECT_TRUE(eventually([&] { return open_descriptors() == before.descriptors; }));
      },
      {.cores = 2});
}

TEST_P(TcpTest, WhatOutlivesTheRuntimeIsClosedWithItAndDroppedLater) {
  std::optional<TcpStream> kept;
  std::optional<TcpListener> listener;
  run([&] {
    auto [near, far] = connected_streams();
    kept = std::move(near);
    listener = TcpListener::listen(Endpoint::loopback(0)).value();
    EXPECT_EQ(listener->accept(0s).error().code, Errc::timeout);
  });
  runtime().stop();
  EXPECT_FALSE(kept->is_open());
  EXPECT_FALSE(listener->is_open());
  EXPECT_EQ(kept->descriptor(), -1);
}

TEST_P(TcpTest, StopEndsThoseWhoWaitForTheNetwork) {
  int destroyed = 0;
  struct Guard {
    ~Guard() { ++count; }
    int& count;
  };
  run([&] {
    spawn([&] {
      const Guard guard{destroyed};
      auto listener = TcpListener::listen(Endpoint::loopback(0)).value();
      (void)listener.accept();
    });
    spawn([&] {
      const Guard guard{destroyed};
      auto [near, far] = connected_streams();
      (void)near.read_some();
    });
    sleep(20ms);
  });
  runtime().stop();
  EXPECT_EQ(destroyed, 2);
}

}  // namespace
}  // namespace pulpo
