// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do: bytes, short of nothing and in order. Instantiated in loop_conformance_test.cpp.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::KernelLoopConformance;
using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;

// --- Bytes ---------------------------------------------------------------------------------------

TEST_P(LoopConformance, AHalfClosedConnectionStillCarriesTheOtherDirection) {
  const auto [near, far] = connected_pair();
  Recorder heard, answer_heard, answered;
  loop().receive(heard, far);
  loop().receive(answer_heard, near);
  loop().shutdown_send(near);
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.results, std::vector<std::int32_t>{0});
  loop().send(answered, far, "still here");
  ASSERT_TRUE(until([&] { return answer_heard.bytes.size() == 10; }));
  EXPECT_FALSE(answer_heard.ended);
}

TEST_P(LoopConformance, ShutdownWaitsForTheSendBeforeIt) {
  const auto [near, far] = connected_pair();
  const std::string bytes = pattern(8 << 20, 11);
  Recorder sent, heard;
  loop().send(sent, near, bytes);
  loop().shutdown_send(near);
  loop().receive(heard, far);
  ASSERT_TRUE(until([&] { return heard.ended && sent.ended; }));
  EXPECT_EQ(sent.last(), static_cast<std::int32_t>(bytes.size()));
  EXPECT_TRUE(heard.bytes == bytes) << heard.bytes.size();
  EXPECT_EQ(heard.last(), 0);
}

TEST_P(KernelLoopConformance, ALargeTransferToASlowReaderArrivesWholeAndIsOneCompletion) {
  // Goal:   short sends are continued; the sender hears once, when all is with the kernel.
  // Method: the reader is not a loop: it takes a few KiB between turns, so that the socket stays full.
  const auto [near, far] = connected_pair();
  const std::string bytes = pattern(12 << 20, 12);
  Recorder sent;
  loop().send(sent, near, bytes);
  settle();
  EXPECT_FALSE(sent.ended) << "more than any socket buffers";
  std::string got;
  std::string part(60'000, '\0');
  while (got.size() < bytes.size()) {
    const ssize_t size = ::recv(far, part.data(), part.size(), MSG_DONTWAIT);
    if (size > 0) {
      got.append(part, 0, static_cast<std::size_t>(size));
      loop().turn(Loop::Wait::no);
    } else {
      ASSERT_EQ(errno, EAGAIN);
      ASSERT_TRUE(until([&, far = far] {
        char byte;
        return ::recv(far, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 || sent.ended;
      }));
    }
  }
  ASSERT_TRUE(until([&] { return sent.ended; }));
  EXPECT_EQ(sent.results, std::vector<std::int32_t>{static_cast<std::int32_t>(bytes.size())});
  EXPECT_TRUE(got == bytes);
}

TEST_P(LoopConformance, MoreBytesThanThePoolHasBuffersArriveInOrderOnEveryConnection) {
  // Goal:   a pool that ran dry (ENOBUFS) costs a re-arming and no bytes.
  // Method: 4 x 4 MiB wait in the sockets before anybody receives; the pool holds 1 MiB.
  constexpr std::size_t kPairs = 4;
  std::vector<Pair> pairs;
  for (std::size_t at = 0; at < kPairs; ++at) pairs.push_back(connected_pair());
  Recorder sent[kPairs], heard[kPairs];
  std::vector<std::string> bytes;
  for (std::size_t at = 0; at < kPairs; ++at) bytes.push_back(pattern(4 << 20, 20 + at));
  for (std::size_t at = 0; at < kPairs; ++at) loop().send(sent[at], pairs[at].near, bytes[at]);
  settle();
  for (std::size_t at = 0; at < kPairs; ++at) loop().receive(heard[at], pairs[at].far);
  ASSERT_TRUE(until(
      [&] { return std::all_of(std::begin(heard), std::end(heard), [](const Recorder& one) { return one.bytes.size() == 4 << 20; }); }));
  for (std::size_t at = 0; at < kPairs; ++at) EXPECT_TRUE(heard[at].bytes == bytes[at]) << "connection " << at;
}

TEST_P(LoopConformance, AReceiverOfPlentyLeavesTurnsToTheOthers) {
  const Pair busy = connected_pair(), calm = connected_pair();
  const std::string bytes = pattern(8 << 20, 30);
  Recorder flood, flood_heard, said, heard;
  std::size_t flooded_before = 0;
  heard.then = [&](const Completion&) { flooded_before = flood_heard.bytes.size(); };
  loop().send(flood, busy.near, bytes);
  settle();
  loop().receive(flood_heard, busy.far);
  loop().receive(heard, calm.far);
  loop().send(said, calm.near, "me too");
  ASSERT_TRUE(until([&] { return heard.bytes == "me too"; }));
  EXPECT_LE(flooded_before, bytes.size() / 4) << "a turn's share is bounded: 32 buffers of a ring, less on epoll";
  ASSERT_TRUE(until([&] { return flood_heard.bytes.size() == bytes.size(); }));
}

TEST_P(LoopConformance, AnEmptySendIsAnswered) {
  const auto [near, far] = connected_pair();
  (void)far;
  Recorder sent;
  loop().send(sent, near, "");
  EXPECT_TRUE(sent.results.empty());
  ASSERT_TRUE(until([&] { return sent.ended; }));
  EXPECT_EQ(sent.last(), 0);
}

TEST_P(LoopConformance, SendingToAPeerThatIsGoneIsAnErrorAndNoSignal) {
  const auto [near, far] = connected_pair();
  close(far);
  settle();
  Recorder sent;
  for (int tries = 0; tries < 1000 && sent.last() != -EPIPE && sent.last() != -ECONNRESET; ++tries) {
    loop().send(sent.again(), near, "anybody?");
    ASSERT_TRUE(until([&] { return sent.ended; }));
    settle();
  }
  EXPECT_TRUE(sent.last() == -EPIPE || sent.last() == -ECONNRESET) << sent.last();
}

TEST_P(LoopConformance, AConnectionThatIsResetEndsItsReceiver) {
  const auto [near, far] = connected_pair();
  Recorder heard;
  loop().receive(heard, near);
  settle();
  reset(far);
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.results, std::vector<std::int32_t>{-ECONNRESET});
}

TEST_P(LoopConformance, ASecondSenderOrReceiverOfAHandleIsTurnedAway) {
  const auto [near, far] = connected_pair();
  const std::string bytes = pattern(12 << 20, 13);
  Recorder first, second, reader, another;
  loop().send(first, near, bytes);
  loop().send(second, near, "in between");
  loop().receive(reader, near);
  loop().receive(another, near);
  ASSERT_TRUE(until([&] { return second.ended && another.ended; }));
  EXPECT_EQ(second.last(), -EBUSY);
  EXPECT_EQ(another.last(), -EBUSY);
  EXPECT_FALSE(first.ended);
  EXPECT_FALSE(reader.ended);
  Recorder heard;
  loop().receive(heard, far);
  ASSERT_TRUE(until([&] { return first.ended && heard.bytes.size() == bytes.size(); }));
  EXPECT_TRUE(heard.bytes == bytes);
  close(near);
  ASSERT_TRUE(until([&] { return reader.ended; }));
}

TEST_P(LoopConformance, BadHandlesAreAnsweredLaterWithTheirError) {
  const int closed = lowest_free();
  for (const Handle bad : {-1, closed}) {
    Recorder accept, receive, send, poll;
    loop().accept(accept, bad);
    loop().receive(receive, bad);
    loop().send(send, bad, "x");
    loop().poll(poll, bad, POLLIN);
    for (const Recorder* one : {&accept, &receive, &send, &poll}) EXPECT_TRUE(one->results.empty());
    ASSERT_TRUE(until([&] { return accept.ended && receive.ended && send.ended && poll.ended; }));
    // Two of them on one number: the second may be turned away before the kernel is asked about the first.
    EXPECT_EQ(accept.last(), -EBADF);
    EXPECT_TRUE(receive.last() == -EBADF || receive.last() == -EBUSY) << receive.last();
    EXPECT_EQ(send.last(), -EBADF);
    EXPECT_EQ(poll.last(), -EBADF);
  }
  EXPECT_FALSE(loop().local_address(closed).has_value());
  EXPECT_FALSE(loop().peer_address(closed).has_value());
}

TEST_P(KernelLoopConformance, APipeIsNoSocket) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Recorder receive;
  loop().receive(receive, ends[0]);
  ASSERT_TRUE(until([&] { return receive.ended; }));
  EXPECT_EQ(receive.last(), -ENOTSOCK);
  EXPECT_FALSE(loop().peer_address(ends[0]).has_value());
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace pulpo::io
