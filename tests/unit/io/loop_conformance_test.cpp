// SPDX-License-Identifier: Apache-2.0
//
// What every loop on a real kernel must do, run for each of them.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>

#include "base/random.hpp"
#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::LoopFixture;
using testing_support::Recorder;
using testing_support::Variant;

class LoopConformance : public LoopFixture {};

/// Bytes that tell where a mix-up or a gap began.
std::string pattern(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  SeededRandom(seed).fill(bytes.data(), size);
  return bytes;
}

// --- Connections -----------------------------------------------------------------------------------

TEST_P(LoopConformance, AConnectionEchoesAndEnds) {
  const auto [near, far] = connected_pair();
  Recorder heard, echoed, said, answered;
  heard.then = [&, far = far](const Completion& completion) {
    if (completion.result > 0) loop().send(answered, far, heard.bytes);
  };
  loop().receive(heard, far);
  loop().receive(echoed, near);
  loop().send(said, near, "hello");
  ASSERT_TRUE(until([&] { return echoed.bytes.size() == 5 && said.ended && answered.ended; }));
  EXPECT_EQ(said.last(), 5);
  EXPECT_EQ(echoed.bytes, "hello");
  EXPECT_FALSE(heard.ended);

  close(near);
  ASSERT_TRUE(until([&] { return heard.ended && echoed.ended; }));
  EXPECT_EQ(heard.last(), 0) << "the end of the stream";
  EXPECT_EQ(echoed.last(), -ECANCELED);
}

TEST_P(LoopConformance, BothEndsOfAConnectionKnowEachOthersAddressAndDelayNothing) {
  const Listener listener = listen();
  Recorder accept, connect;
  loop().accept(accept, listener.handle);
  loop().connect(connect, listener.address);
  ASSERT_TRUE(until([&] { return connect.ended && !accept.results.empty(); }));
  const Handle near = keep(connect.last()), far = keep(accept.results[0]);
  EXPECT_EQ(loop().peer_address(near)->text(), listener.address.text());
  EXPECT_EQ(loop().peer_address(far)->text(), loop().local_address(near)->text());
  for (const Handle handle : {near, far}) {
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    ASSERT_EQ(::getsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
    EXPECT_NE(::fcntl(handle, F_GETFD) & FD_CLOEXEC, 0);
  }
  EXPECT_FALSE(accept.ended) << "accept goes on";
  loop().cancel(accept);
  ASSERT_TRUE(until([&] { return accept.ended; }));
}

TEST_P(LoopConformance, Ipv6AndBothFamiliesAtOnceAreServed) {
  const Listener listener = listen(Address::any_v6(0));
  Recorder accept, four, six;
  loop().accept(accept, listener.handle);
  loop().connect(four, Address::loopback_v4(listener.address.port()));
  loop().connect(six, Address::parse("::1", listener.address.port()).value());
  ASSERT_TRUE(until([&] { return four.ended && six.ended && accept.results.size() == 2; }));
  for (const auto handle : {four.last(), six.last(), accept.results[0], accept.results[1]}) {
    ASSERT_GE(handle, 0);
    keep(handle);
  }
  loop().cancel(accept);
}

TEST_P(LoopConformance, NobodyListeningIsConnectionRefused) {
  const Listener listener = listen();
  close(listener.handle);
  Recorder connect;
  loop().connect(connect, listener.address);
  ASSERT_TRUE(until([&] { return connect.ended; }));
  EXPECT_EQ(connect.results, std::vector<std::int32_t>{-ECONNREFUSED});
}

TEST_P(LoopConformance, AnAddressThatIsNoneIsAnErrorAndNotACrash) {
  Recorder connect;
  loop().connect(connect, Address{});
  EXPECT_TRUE(connect.results.empty()) << "never inside the submitting call";
  ASSERT_TRUE(until([&] { return connect.ended; }));
  EXPECT_LT(connect.last(), 0);
}

TEST_P(LoopConformance, APortInUseIsNamedInTheError) {
  const Listener listener = listen();
  const auto second = loop().listen(listener.address, {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Errc::already_exists);
  EXPECT_EQ(second.error().sys, EADDRINUSE);
  const std::string text = second.error().text();
  EXPECT_NE(text.find(std::to_string(listener.address.port())), std::string::npos) << text;
  EXPECT_NE(text.find("in use"), std::string::npos) << text;
}

TEST_P(LoopConformance, AnAddressOfAnotherHostCannotBeListenedOn) {
  const auto listener = loop().listen(Address::parse("192.0.2.1", 0).value(), {});  // TEST-NET-1 is nobody's.
  ASSERT_FALSE(listener.has_value());
  EXPECT_EQ(listener.error().code, Errc::bad_argument);
  EXPECT_NE(listener.error().text().find("192.0.2.1 is not an address of this host"), std::string::npos) << listener.error().text();
}

TEST_P(LoopConformance, AListenerFromElsewhereIsAdopted) {
  for (const int extra : {0, int{SOCK_NONBLOCK}}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | extra, 0);
    const Address any = Address::loopback_v4(0);
    ASSERT_EQ(::bind(fd, any.kernel(), any.kernel_size()), 0);
    ASSERT_EQ(::listen(fd, 8), 0);
    const auto handle = loop().adopt(fd);
    ASSERT_TRUE(handle.has_value());
    keep(*handle);
    Recorder accept, connect;
    loop().accept(accept, *handle);
    settle();
    EXPECT_TRUE(accept.results.empty());
    loop().connect(connect, loop().local_address(*handle).value());
    ASSERT_TRUE(until([&] { return connect.ended && !accept.results.empty(); }));
    keep(connect.last());
    keep(accept.results[0]);
    loop().cancel(accept);
    ASSERT_TRUE(until([&] { return accept.ended; }));
  }
}

TEST_P(LoopConformance, WhatIsNotAListenerIsNotAdopted) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(loop().adopt(ends[0]).error().sys, ENOTSOCK);
  EXPECT_EQ(loop().adopt(-1).error().sys, EBADF);
  const int idle = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(loop().adopt(idle).error().code, Errc::bad_argument);
  for (const int fd : {ends[0], ends[1], idle}) ::close(fd);
}

TEST_P(LoopConformance, TwoHundredConnectionsAreServedAtOnce) {
  constexpr std::size_t kConnections = 200;
  const Listener listener = listen(Address::loopback_v4(0), {.backlog = 256});
  struct Server {
    Recorder receive, send;
  };
  struct Client {
    Recorder connect, receive, send;
    std::string text;
  };
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<Client>> clients;
  Recorder accept;
  accept.then = [&](const Completion& completion) {
    if (completion.result < 0) return;
    const Handle handle = keep(completion.result);
    Server& server = *servers.emplace_back(std::make_unique<Server>());
    server.receive.then = [&, handle](const Completion& heard) {
      if (server.receive.bytes.size() == 8 && heard.result > 0) loop().send(server.send, handle, server.receive.bytes);
    };
    loop().receive(server.receive, handle);
  };
  loop().accept(accept, listener.handle);
  for (std::size_t number = 0; number < kConnections; ++number) {
    Client& client = *clients.emplace_back(std::make_unique<Client>());
    client.text = std::to_string(10'000'000 + number);
    client.connect.then = [&](const Completion& completion) {
      ASSERT_GE(completion.result, 0);
      keep(completion.result);
      loop().receive(client.receive, completion.result);
      loop().send(client.send, completion.result, client.text);
    };
    loop().connect(client.connect, listener.address);
  }
  ASSERT_TRUE(until(
      [&] { return std::all_of(clients.begin(), clients.end(), [](const auto& client) { return client->receive.bytes.size() == 8; }); }));
  for (const auto& client : clients) EXPECT_EQ(client->receive.bytes, client->text);
  EXPECT_EQ(accept.results.size(), kConnections);
  while (!handles_.empty()) close(handles_.back());
  ASSERT_TRUE(until([&] { return loop().pending() == 0; }));
}

// --- Bytes -----------------------------------------------------------------------------------------

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

TEST_P(LoopConformance, ALargeTransferToASlowReaderArrivesWholeAndIsOneCompletion) {
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
  }
  EXPECT_TRUE(sent.last() == -EPIPE || sent.last() == -ECONNRESET) << sent.last();
}

TEST_P(LoopConformance, AConnectionThatIsResetEndsItsReceiver) {
  const auto [near, far] = connected_pair();
  Recorder heard;
  loop().receive(heard, near);
  settle();
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(far, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  close(far);
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
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int closed = ::dup(ends[0]);
  ::close(closed);
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
  Recorder receive;
  loop().receive(receive, ends[0]);
  ASSERT_TRUE(until([&] { return receive.ended; }));
  EXPECT_EQ(receive.last(), -ENOTSOCK);
  EXPECT_FALSE(loop().local_address(closed).has_value());
  EXPECT_FALSE(loop().peer_address(ends[0]).has_value());
  ::close(ends[0]);
  ::close(ends[1]);
}

// --- Ending ----------------------------------------------------------------------------------------

TEST_P(LoopConformance, CancelIsAnsweredExactlyOnceByEveryKind) {
  const auto [near, far] = connected_pair();
  const Listener listener = listen();
  const std::string bytes = pattern(12 << 20, 14);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Recorder accept, receive, send, poll;
  loop().accept(accept, listener.handle);
  loop().receive(receive, far);
  loop().send(send, far, bytes);  // near does not read.
  loop().poll(poll, ends[0], POLLIN);
  settle();
  for (Recorder* one : {&accept, &receive, &send, &poll}) {
    EXPECT_FALSE(one->ended);
    loop().cancel(*one);
    loop().cancel(*one);
    EXPECT_FALSE(one->ended) << "not inside cancel()";
  }
  ASSERT_TRUE(until([&] { return accept.ended && receive.ended && send.ended && poll.ended; }));
  for (const Recorder* one : {&accept, &receive, &send, &poll}) EXPECT_EQ(one->results, std::vector<std::int32_t>{-ECANCELED});
  settle();  // A second answer would fail in Recorder.
  EXPECT_EQ(loop().pending(), 0u);
  (void)near;
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_P(LoopConformance, CancelBeforeTheFirstTurnAndOfWhatIsIdleAreBothFine) {
  const auto [near, far] = connected_pair();
  (void)far;
  Recorder receive;
  loop().cancel(receive);
  EXPECT_FALSE(receive.is_pending());
  loop().receive(receive, near);
  loop().cancel(receive);
  ASSERT_TRUE(until([&] { return receive.ended; }));
  EXPECT_EQ(receive.results, std::vector<std::int32_t>{-ECANCELED});
}

TEST_P(LoopConformance, CancelOfWhatHasHappenedKeepsWhatHasHappened) {
  const auto [near, far] = connected_pair();
  (void)far;
  Recorder sent;
  loop().send(sent, near, "small");
  settle();
  if (!sent.ended) loop().cancel(sent);
  ASSERT_TRUE(until([&] { return sent.ended; }));
  EXPECT_EQ(sent.last(), 5);
}

TEST_P(LoopConformance, BytesThatArriveAfterACancelledReceiveAreThereForTheNext) {
  const auto [near, far] = connected_pair();
  Recorder first, second, sent;
  loop().receive(first, far);
  settle();
  loop().cancel(first);
  ASSERT_TRUE(until([&] { return first.ended; }));
  loop().send(sent, near, "for the second");
  settle();
  loop().receive(second, far);
  ASSERT_TRUE(until([&] { return second.bytes == "for the second"; }));
  EXPECT_EQ(first.bytes, "");
}

TEST_P(LoopConformance, AReceiverMayCancelItselfWhileItIsGivenBytes) {
  const auto [near, far] = connected_pair();
  Recorder heard, sent, rest;
  const std::string bytes = pattern(256 << 10, 15);
  heard.then = [&](const Completion& completion) {
    if (completion.more) loop().cancel(heard);
  };
  loop().send(sent, near, bytes);
  loop().receive(heard, far);
  ASSERT_TRUE(until([&] { return heard.ended; }));
  EXPECT_EQ(heard.last(), -ECANCELED);
  loop().receive(rest, far);
  ASSERT_TRUE(until([&] { return heard.bytes.size() + rest.bytes.size() == bytes.size(); }));
  EXPECT_TRUE(heard.bytes + rest.bytes == bytes) << "no byte is lost between the two";
}

TEST_P(LoopConformance, CloseEndsWhatIsPendingAndThePeerHearsOfItAfterwards) {
  const auto [near, far] = connected_pair();
  const std::string bytes = pattern(12 << 20, 16);
  Recorder receive, send, poll, peer;
  loop().receive(receive, far);
  loop().send(send, far, bytes);
  loop().poll(poll, far, POLLPRI);
  settle();
  close(far);
  EXPECT_FALSE(receive.ended || send.ended || poll.ended) << "not inside close()";
  EXPECT_EQ(::fcntl(far, F_GETFD), FD_CLOEXEC) << "the number stays taken until the last has ended";
  ASSERT_TRUE(until([&] { return receive.ended && send.ended && poll.ended; }));
  for (const Recorder* one : {&receive, &send, &poll}) EXPECT_EQ(one->results, std::vector<std::int32_t>{-ECANCELED});
  EXPECT_EQ(::fcntl(far, F_GETFD), -1);
  loop().receive(peer, near);
  ASSERT_TRUE(until([&] { return peer.ended; }));
}

TEST_P(LoopConformance, AHandleThatIsClosingTakesNoMoreOperations) {
  const auto [near, far] = connected_pair();
  (void)near;
  Recorder receive, late;
  loop().receive(receive, far);
  settle();
  close(far);
  loop().send(late, far, "too late");
  ASSERT_TRUE(until([&] { return receive.ended && late.ended; }));
  EXPECT_EQ(late.last(), -EBADF);
}

TEST_P(LoopConformance, AConnectThatIsCancelledLeavesNoSocketBehind) {
  // A listener whose backlog is full leaves further connects unanswered.
  const Listener listener = listen(Address::loopback_v4(0), {.backlog = 0});
  std::vector<std::unique_ptr<Recorder>> fillers;
  for (int at = 0; at < 4; ++at) loop().connect(*fillers.emplace_back(std::make_unique<Recorder>()), listener.address);
  settle();
  Recorder connect;
  loop().connect(connect, listener.address);
  settle();
  ASSERT_FALSE(connect.ended);
  const int before = ::dup(0);
  ::close(before);
  loop().cancel(connect);
  for (const auto& filler : fillers) loop().cancel(*filler);
  ASSERT_TRUE(until([&] { return loop().pending() == 0; }));
  EXPECT_EQ(connect.last(), -ECANCELED);
  const int after = ::dup(0);
  ::close(after);
  EXPECT_LT(after, before) << "its descriptor is free again";
  for (const auto& filler : fillers) {
    if (filler->last() >= 0) keep(filler->last());
  }
}

TEST_P(LoopConformance, AnOperationMayBeDestroyedInItsFinalCompletion) {
  struct Ephemeral final : Operation {
    explicit Ephemeral(bool& flag) : gone(flag) {}
    ~Ephemeral() override { gone = true; }
    void completed(const Completion& completion) override {
      if (!completion.more) delete this;
    }
    bool& gone;
  };
  const auto [near, far] = connected_pair();
  (void)far;
  bool receive_gone = false, send_gone = false;
  auto* receive = new Ephemeral(receive_gone);
  loop().receive(*receive, near);
  loop().send(*new Ephemeral(send_gone), near, "x");
  settle();
  loop().cancel(*receive);
  ASSERT_TRUE(until([&] { return receive_gone && send_gone; }));
  EXPECT_EQ(loop().pending(), 0u);
}

TEST_P(LoopConformance, AnOperationMayBeSubmittedAgainInItsFinalCompletion) {
  const auto [near, far] = connected_pair();
  (void)far;
  Recorder sent;
  sent.then = [&, near = near](const Completion&) {
    if (sent.results.size() < 5) loop().send(sent.again(), near, "again");
  };
  loop().send(sent, near, "first");
  ASSERT_TRUE(until([&] { return sent.results.size() == 5; }));
}

TEST_P(LoopConformance, HandlesMayBeClosedInsideACompletionOfTheirs) {
  const auto [near, far] = connected_pair();
  Recorder heard, sent;
  heard.then = [&, far = far](const Completion& completion) {
    if (completion.more) close(far);
  };
  loop().receive(heard, far);
  loop().send(sent, near, "close yourself");
  ASSERT_TRUE(until([&] { return heard.ended && sent.ended; }));
  EXPECT_EQ(heard.bytes, "close yourself");
  EXPECT_EQ(::fcntl(far, F_GETFD), -1);
}

// --- Running out -----------------------------------------------------------------------------------

/// In a child, since the limit on descriptors is the whole process's. Answers how it went.
enum class Verdict : int { good = 0, no_loop, no_error_reported, error_was_final, retried_too_soon, never_recovered };

int lowest_free() {
  const int fd = ::dup(0);
  ::close(fd);
  return fd;
}

int exhaust_descriptors(Variant variant) {
  auto made = testing_support::make(variant);
  if (!made) return static_cast<int>(Verdict::no_loop);
  Loop& loop = **made;
  testing_support::current_loop = &loop;
  const Handle listener = loop.listen(Address::loopback_v4(0), {}).value();
  const Address address = loop.local_address(listener).value();
  const int clients[] = {::socket(AF_INET, SOCK_STREAM, 0), ::socket(AF_INET, SOCK_STREAM, 0)};
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = static_cast<rlim_t>(lowest_free());
  ::setrlimit(RLIMIT_NOFILE, &limit);
  for (const int client : clients) (void)::connect(client, address.kernel(), address.kernel_size());

  Recorder accept;
  Alarm patience;
  loop.timers().arm(patience, loop.refresh() + 20s);
  loop.accept(accept, listener);
  while (accept.results.empty() && patience.times == 0) loop.turn(Loop::Wait::yes);
  if (accept.last() != -EMFILE) return static_cast<int>(Verdict::no_error_reported);
  if (accept.ended) return static_cast<int>(Verdict::error_was_final);
  const TimePoint reported = loop.refresh();
  while (accept.results.size() < 2 && patience.times == 0) loop.turn(Loop::Wait::yes);
  if (loop.refresh() - reported < 90ms) return static_cast<int>(Verdict::retried_too_soon);
  limit.rlim_cur = before;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto taken = [&] { return std::count_if(accept.results.begin(), accept.results.end(), [](auto result) { return result >= 0; }); };
  while (taken() < 2 && patience.times == 0) loop.turn(Loop::Wait::yes);
  loop.cancel(accept);
  while (loop.pending() > 0 && patience.times == 0) loop.turn(Loop::Wait::yes);
  return static_cast<int>(taken() == 2 && accept.ended ? Verdict::good : Verdict::never_recovered);
}

TEST_P(LoopConformance, RunningOutOfDescriptorsPausesAcceptAndLosesNoConnection) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(exhaust_descriptors(GetParam()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Verdict::good));
}

// --- Other descriptors -----------------------------------------------------------------------------

TEST_P(LoopConformance, APipeIsPolledOnceForEachRequest) {
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

TEST_P(LoopConformance, ANumberThatComesBackAsAnotherDescriptorIsPolledAfresh) {
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

TEST_P(LoopConformance, ARegularFileIsAlwaysReady) {
  const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  Recorder poll;
  loop().poll(poll, fd, POLLIN);
  EXPECT_FALSE(poll.ended);
  ASSERT_TRUE(until([&] { return poll.ended; }));
  EXPECT_EQ(poll.last(), POLLIN);
  ::close(fd);
}

// --- Time ------------------------------------------------------------------------------------------

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
  EXPECT_EQ(loop().turn(Loop::Wait::yes), 1u) << "one turn: it does not come back before there is something";
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

// --- Waking ----------------------------------------------------------------------------------------

TEST_P(LoopConformance, AWakeBeforeTheSleepEndsItAndCountsAsNothing) {
  loop().wake();
  loop().wake();
  EXPECT_EQ(loop().turn(Loop::Wait::yes), 0u);
  // Both were one: the next sleep is a sleep.
  Alarm alarm;
  loop().timers().arm(alarm, loop().refresh() + 10ms);
  EXPECT_EQ(loop().turn(Loop::Wait::yes), 1u);
  EXPECT_EQ(alarm.times, 1);
}

TEST_P(LoopConformance, ATurnThatMayNotWaitDoesNotUseUpAWake) {
  loop().wake();
  settle();
  EXPECT_EQ(loop().turn(Loop::Wait::yes), 0u);
}

TEST_P(LoopConformance, AnotherThreadEndsTheSleepEveryTime) {
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
    loop().turn(Loop::Wait::yes);
    if (const int now = asked.load(std::memory_order_acquire); now != seen) {
      seen = now;
      answered.store(now, std::memory_order_release);
    }
  }
  EXPECT_EQ(seen, kRounds);
  answered.store(kRounds, std::memory_order_release);
  other.join();
}

TEST_P(LoopConformance, ManyThreadsMayWakeAtOnceWhileBytesFlow) {
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

TEST_P(LoopConformance, ReadyTellsOfBytesBeforeTheTurnAndNotOfIdleness) {
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

TEST_P(LoopConformance, ReadyTellsOfWhatEndedInsideASubmittingCall) {
  Recorder receive;
  loop().receive(receive, -1);
  EXPECT_TRUE(loop().ready());
  EXPECT_EQ(loop().turn(Loop::Wait::yes), 1u) << "and a turn does not sleep over it";
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

std::string variant_name(const testing::TestParamInfo<Variant>& info) {
  switch (info.param) {
    case Variant::epoll:
      return "Epoll";
    case Variant::uring:
      return "Uring";
    case Variant::uring_without_defer:
      return "UringWithoutDefer";
    case Variant::uring_sending_in_the_ring:
      return "UringSendingInTheRing";
  }
  return {};
}

/// The ring is tested wherever it can be had. Where it cannot (emulators, containers), LoopChoice sees to it that
/// asking for it is a clear error, and the epoll loop is tested alone.
std::vector<Variant> variants() {
  if (!probe_uring().available) return {Variant::epoll};
  return {Variant::epoll, Variant::uring, Variant::uring_without_defer, Variant::uring_sending_in_the_ring};
}

INSTANTIATE_TEST_SUITE_P(EveryLoop, LoopConformance, testing::ValuesIn(variants()), variant_name);

}  // namespace
}  // namespace pulpo::io
