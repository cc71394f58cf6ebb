// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do: sleep, and wake for the right reasons. Instantiated in loop_conformance_test.cpp.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::KernelLoopConformance;
using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;

// --- Other descriptors ---------------------------------------------------------------------------

TEST_P(KernelLoopConformance, APipeIsPolledOnceForEachRequest) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Recorder readable, writable;
  loop().poll(readable, ends[0], POLLIN);
  loop().poll(writable, ends[1], POLLOUT);
  ASSERT_TRUE(until([&] { return writable.ended; }));
  EXPECT_EQ(writable.last(), POLLOUT);
  EXPECT_FALSE(readable.ended);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  ASSERT_TRUE(until([&] { return readable.ended; }));
  EXPECT_EQ(readable.last(), POLLIN);
  // The byte is still there: a new request is answered by what holds, not by what changes.
  loop().poll(readable.again(), ends[0], POLLIN);
  ASSERT_TRUE(until([&] { return readable.ended; }));
  ::close(ends[1]);
  char byte;
  ASSERT_EQ(::read(ends[0], &byte, 1), 1);
  loop().poll(readable.again(), ends[0], POLLIN);
  ASSERT_TRUE(until([&] { return readable.ended; }));
  EXPECT_NE(readable.last() & POLLHUP, 0) << "hanging up is told unasked, as poll(2) does";
  ::close(ends[0]);
}

TEST_P(KernelLoopConformance, ANumberThatComesBackAsAnotherDescriptorIsPolledAfresh) {
  for (int round = 0; round < 3; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    Recorder first, second;
    loop().poll(first, ends[0], POLLIN);
    loop().poll(second, ends[0], POLLIN);
    settle();
    EXPECT_FALSE(first.ended || second.ended);
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    ASSERT_TRUE(until([&] { return first.ended && second.ended; })) << "both who asked are told";
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST_P(KernelLoopConformance, ARegularFileIsAlwaysReady) {
  const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Recorder poll;
  loop().poll(poll, fd, POLLIN);
  EXPECT_FALSE(poll.ended);
  ASSERT_TRUE(until([&] { return poll.ended; }));
  EXPECT_EQ(poll.last(), POLLIN);
  ::close(fd);
}

// --- Time ----------------------------------------------------------------------------------------

TEST_P(LoopConformance, TimersFireInOrderAndNeverEarly) {
  std::vector<int> order;
  Alarm alarms[4];
  const TimePoint start = loop().refresh();
  const Duration after[] = {30ms, 10ms, 20ms, 1'500us};
  for (int at = 0; at < 4; ++at) {
    alarms[at].then = [&, at] {
      order.push_back(at);
      EXPECT_GE(loop().refresh(), start + after[at]) << "alarm " << at;
    };
    loop().timers().arm(alarms[at], start + after[at]);
  }
  ASSERT_TRUE(until([&] { return order.size() == 4; }));
  EXPECT_EQ(order, (std::vector<int>{3, 1, 2, 0}));
}

TEST_P(LoopConformance, ASleepEndsWithTheNearestTimerAndItsTurnCountsIt) {
  Alarm alarm, later;
  const TimePoint start = loop().refresh();
  loop().timers().arm(alarm, start + 20ms);
  loop().timers().arm(later, start + 1h);
  EXPECT_EQ(sleep(), 1u) << "one turn: it does not come back before there is something";
  EXPECT_EQ(alarm.times, 1);
  EXPECT_GE(loop().now(), start + 20ms);
}

TEST_P(LoopConformance, ATimerAndBytesRaceAndBothAreSeen) {
  const auto [near, far] = connected_pair();
  Recorder heard, sent;
  Alarm timeout;
  timeout.then = [&, near = near] { loop().send(sent, near, "late"); };
  loop().receive(heard, far);
  loop().timers().arm(timeout, loop().refresh() + 5ms);
  ASSERT_TRUE(until([&] { return heard.bytes == "late"; }));
  EXPECT_EQ(timeout.times, 1);
}

TEST_P(LoopConformance, TheClockGoesOnlyForwardAndATurnReadsItOnce) {
  const TimePoint before = loop().refresh();
  loop().turn(Loop::Wait::no);
  const TimePoint during = loop().now();
  EXPECT_GE(during, before);
  EXPECT_EQ(loop().now(), during);
  EXPECT_GE(loop().refresh(), during);
  EXPECT_GT(loop().wall_time(), std::int64_t{1'500'000'000} * 1'000'000'000) << "after July 2017";
}

TEST_P(LoopConformance, ATurnThatMayNotWaitReturnsAtOnceWithNothing) {
  EXPECT_EQ(loop().turn(Loop::Wait::no), 0u);
  Alarm alarm;
  loop().timers().arm(alarm, loop().refresh() + 1h);
  EXPECT_EQ(loop().turn(Loop::Wait::no), 0u);
}

// --- Waking --------------------------------------------------------------------------------------

TEST_P(LoopConformance, AWakeBeforeTheSleepEndsItAndCountsAsNothing) {
  loop().wake();
  loop().wake();
  EXPECT_EQ(sleep(), 0u);
  // Both were one: the next sleep is a sleep.
  Alarm alarm;
  loop().timers().arm(alarm, loop().refresh() + 10ms);
  EXPECT_EQ(sleep(), 1u);
  EXPECT_EQ(alarm.times, 1);
}

TEST_P(LoopConformance, ATurnThatMayNotWaitDoesNotUseUpAWake) {
  loop().wake();
  settle();
  EXPECT_EQ(sleep(), 0u);
}

TEST_P(KernelLoopConformance, AnotherThreadEndsTheSleepEveryTime) {
  // Goal:   no wake is lost, whether it comes before, during or after falling asleep.
  // Method: ping-pong over two counters; the loop's thread sleeps without a timeout, as an idle core does.
  constexpr int kRounds = 2000;
  std::atomic<int> asked{0}, answered{0};
  std::thread other([&] {
    for (int round = 1; round <= kRounds; ++round) {
      asked.store(round, std::memory_order_release);
      loop().wake();
      while (answered.load(std::memory_order_acquire) < round) std::this_thread::yield();
    }
  });
  Alarm patience;
  loop().timers().arm(patience, loop().refresh() + kPatience);
  int seen = 0;
  while (seen < kRounds && patience.times == 0) {
    sleep();
    if (const int now = asked.load(std::memory_order_acquire); now != seen) {
      seen = now;
      answered.store(now, std::memory_order_release);
    }
  }
  EXPECT_EQ(seen, kRounds);
  answered.store(kRounds, std::memory_order_release);
  other.join();
}

TEST_P(KernelLoopConformance, ManyThreadsMayWakeAtOnceWhileBytesFlow) {
  const auto [near, far] = connected_pair();
  std::atomic<bool> stop{false};
  std::vector<std::thread> others;
  for (int at = 0; at < 3; ++at) {
    others.emplace_back([&] {
      while (!stop.load()) loop().wake();
    });
  }
  Recorder heard, sent;
  const std::string bytes = pattern(8 << 20, 17);
  loop().receive(heard, far);
  loop().send(sent, near, bytes);
  EXPECT_TRUE(until([&] { return heard.bytes.size() == bytes.size(); }));
  stop = true;
  for (auto& other : others) other.join();
  EXPECT_TRUE(heard.bytes == bytes);
}

TEST_P(KernelLoopConformance, ReadyTellsOfBytesBeforeTheTurnAndNotOfIdleness) {
  const auto [near, far] = connected_pair();
  Recorder heard;
  loop().receive(heard, far);
  settle();
  EXPECT_FALSE(loop().ready());
  ASSERT_EQ(::send(near, "now", 3, MSG_NOSIGNAL), 3);
  for (int look = 0; look < 100'000'000 && !loop().ready(); ++look) {
  }
  EXPECT_TRUE(loop().ready());
  loop().turn(Loop::Wait::no);
  EXPECT_EQ(heard.bytes, "now");
  settle();
  EXPECT_FALSE(loop().ready());
}

TEST_P(LoopConformance, ACoreThatSpinsOnReadyGetsItsRequestsSubmitted) {
  // A core that never sleeps but turns when ready() says so: everything it asks for still happens.
  const Listener listener = listen();
  Recorder accept, connect, heard, sent;
  loop().accept(accept, listener.handle);
  loop().connect(connect, listener.address);
  const auto spin_until = [this](const std::function<bool()>& holds) {
    const TimePoint patience = loop().refresh() + kPatience;
    while (!holds() && loop().refresh() < patience) {
      if (loop().ready()) loop().turn(Loop::Wait::no);
      pass_time();
    }
    return holds();
  };
  ASSERT_TRUE(spin_until([&] { return connect.ended && !accept.results.empty(); }));
  const Handle near = keep(connect.last()), far = keep(accept.results[0]);
  loop().receive(heard, far);
  loop().send(sent, near, "from one that spins");
  ASSERT_TRUE(spin_until([&] { return heard.bytes == "from one that spins"; }));
  loop().cancel(heard);
  ASSERT_TRUE(spin_until([&] { return heard.ended; }));
}

TEST_P(LoopConformance, ReadyTellsOfWhatEndedInsideASubmittingCall) {
  Recorder receive;
  loop().receive(receive, -1);
  EXPECT_TRUE(loop().ready());
  EXPECT_EQ(sleep(), 1u) << "and a turn does not sleep over it";
}

TEST_P(LoopConformance, PendingCountsWhatIsUnderWay) {
  const auto [near, far] = connected_pair();
  EXPECT_EQ(loop().pending(), 0u);
  Recorder receive, sent;
  loop().receive(receive, far);
  loop().send(sent, near, "x");
  EXPECT_EQ(loop().pending(), 2u) << "a send that the kernel took is pending until its completion";
  ASSERT_TRUE(until([&] { return sent.ended; }));
  EXPECT_EQ(loop().pending(), 1u);
  loop().cancel(receive);
  ASSERT_TRUE(until([&] { return receive.ended; }));
  EXPECT_EQ(loop().pending(), 0u);
}

}  // namespace
}  // namespace pulpo::io
