// SPDX-License-Identifier: Apache-2.0
//
// The simulated loop where the kernel's loops are tested on real descriptors: each test of KernelLoopConformance has its
// counterpart here, on scripted things.
#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>

#include "unit/io/sim_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::pattern;
using testing_support::Recorder;
using testing_support::SimWorld;

TEST(SimLoop, ASocketIsPolledOnceForEachRequest) {
  SimWorld world(1);
  SimLoop& loop = world[0];
  const auto [near, far] = world.connect(0, 0);
  Recorder readable, writable, another, sent;
  loop.poll(readable, far, POLLIN);
  loop.poll(another, far, POLLIN);
  loop.poll(writable, near, POLLOUT);
  EXPECT_FALSE(writable.ended) << "never inside the submitting call";
  EXPECT_TRUE(world.until([&] { return writable.ended; }));
  EXPECT_EQ(writable.last(), POLLOUT);
  EXPECT_FALSE(readable.ended);
  loop.send(sent, near, "x");
  EXPECT_TRUE(world.until([&] { return readable.ended && another.ended; })) << "both who asked are told";
  EXPECT_EQ(readable.last(), POLLIN);
  // The byte is still there: a new request is answered by what holds, not by what changes.
  loop.poll(readable.again(), far, POLLIN);
  EXPECT_TRUE(world.until([&] { return readable.ended; }));
  loop.abort(near);
  world.pass(1s);
  loop.poll(readable.again(), far, POLLIN);
  EXPECT_TRUE(world.until([&] { return readable.ended; }));
  EXPECT_NE(readable.last() & POLLHUP, 0) << "hanging up is told unasked, as poll(2) does";
}

TEST(SimLoop, AListenerFromElsewhereIsAdopted) {
  SimWorld world(1);
  SimLoop& loop = world[0];
  const int fd = loop.give_listener(Address::loopback_v4(0)).value();
  const auto handle = loop.adopt(fd);
  ASSERT_TRUE(handle.has_value());
  Recorder accept, dial;
  loop.accept(accept, *handle);
  loop.connect(dial, loop.local_address(*handle).value());
  EXPECT_TRUE(world.until([&] { return dial.ended && !accept.results.empty(); }));
  EXPECT_GE(dial.last(), 0);
  EXPECT_EQ(loop.adopt(dial.last()).error().code, Errc::bad_argument) << "a connection does not listen";
  EXPECT_EQ(loop.adopt(-1).error().sys, EBADF);
  loop.close(*handle);
  EXPECT_TRUE(world.until([&] { return accept.ended; }));
}

TEST(SimLoop, ALargeTransferToASlowReaderArrivesWholeAndIsOneCompletion) {
  // Goal:   a receiver that does not read suspends its sender; the sender hears once.
  // Method: the reader takes what one turn gives it, stops, and comes back a second later.
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  const std::string bytes = pattern(2 << 20, 12);
  Recorder sent, heard;
  heard.then = [&](const Completion& completion) {
    if (completion.more) world[1].cancel(heard);
  };
  world[0].send(sent, near, bytes);
  world.pass(10s);
  EXPECT_FALSE(sent.ended) << "more than any socket buffers";
  while (heard.bytes.size() < bytes.size()) {
    world[1].receive(heard.again(), far);
    EXPECT_TRUE(world.until([&] { return heard.ended; }));
    if (heard.bytes.size() + SimOptions{}.window_bytes < bytes.size()) {
      EXPECT_FALSE(sent.ended) << heard.bytes.size();
    }
    world.pass(1s);
  }
  EXPECT_EQ(sent.results, std::vector<std::int32_t>{static_cast<std::int32_t>(bytes.size())});
  EXPECT_TRUE(heard.bytes == bytes);
}

TEST(SimLoop, RunningOutOfDescriptorsPausesAcceptAndLosesNoConnection) {
  SimWorld world(2);
  const Handle listener = world[1].listen(Address::any_v4(7000), {}).value();
  Recorder accept, one, two;
  world[1].set_handles_max(world[1].next_handle());
  world[1].accept(accept, listener);
  for (Recorder* dial : {&one, &two}) world[0].connect(*dial, world.network.address_of(1, 7000));
  EXPECT_TRUE(world.until([&] { return !accept.results.empty(); }));
  EXPECT_EQ(accept.last(), -EMFILE);
  EXPECT_FALSE(accept.ended);
  const TimePoint reported = world.network.now();
  EXPECT_TRUE(world.until([&] { return accept.results.size() == 2; }));
  EXPECT_GE(world.network.now() - reported, 100ms);
  world[1].set_handles_max(1024);
  EXPECT_TRUE(world.until([&] { return accept.results.size() == 4; }));
  EXPECT_GE(accept.results[2], 0);
  EXPECT_GE(accept.results[3], 0);
  world[1].cancel(accept);
  EXPECT_TRUE(world.until([&] { return accept.ended; }));
}

TEST(SimLoop, ReadyAndHasWorkTellOfBytesBeforeTheTurnAndNotOfIdleness) {
  SimWorld world(2);
  const auto [near, far] = world.connect(0, 1);
  Recorder heard, sent;
  world[1].receive(heard, far);
  world.pass(1s);
  EXPECT_FALSE(world[1].ready() || world[1].has_work());
  EXPECT_EQ(world[1].next_due(), kNever);
  world[0].send(sent, near, "now");
  EXPECT_FALSE(world[1].ready()) << "it is on its way";
  world.network.advance(world.network.now() + 10ms);
  EXPECT_TRUE(world[1].ready() && world[1].has_work());
  EXPECT_GT(world[1].turn(Loop::Wait::no), 0u);
  EXPECT_EQ(heard.bytes, "now");
  EXPECT_FALSE(world[1].ready() || world[1].has_work());
}

TEST(SimLoop, AWakeIsWorkUntilATurnThatMaySleepHasSeenIt) {
  SimWorld world(1);
  EXPECT_FALSE(world[0].has_work());
  world[0].wake();
  EXPECT_TRUE(world[0].has_work());
  world[0].turn(Loop::Wait::no);
  EXPECT_TRUE(world[0].has_work());
  world[0].turn(Loop::Wait::yes);
  EXPECT_FALSE(world[0].has_work());
}

TEST(SimLoop, ATimerIsWorkOnceVirtualTimeHasReachedIt) {
  SimWorld world(1);
  Alarm alarm;
  const TimePoint deadline = world.network.now() + 24h;
  world[0].timers().arm(alarm, deadline);
  EXPECT_TRUE(!world[0].has_work() && world[0].next_due() <= deadline);
  world.pass(24h);
  EXPECT_EQ(alarm.times, 1);
  EXPECT_EQ(world[0].now(), deadline);
  EXPECT_EQ(world[0].wall_time(), SimOptions{}.wall_start_ns + std::int64_t{24} * 3600 * 1'000'000'000);
}

}  // namespace
}  // namespace pulpo::io
