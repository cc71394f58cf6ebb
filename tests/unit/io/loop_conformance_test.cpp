// SPDX-License-Identifier: Apache-2.0
//
// What every loop must do, run for each of them: connections, their life and their end. The suite goes on
// in loop_bytes_test.cpp and loop_waking_test.cpp.
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::KernelLoopConformance;
using testing_support::LoopConformance;
using testing_support::pattern;
using testing_support::Recorder;
using testing_support::Variant;

// --- Connections ---------------------------------------------------------------------------------

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

TEST_P(LoopConformance, BothEndsOfAConnectionKnowEachOthersAddress) {
  const Listener listener = listen();
  Recorder accept, connect;
  loop().accept(accept, listener.handle);
  loop().connect(connect, listener.address);
  ASSERT_TRUE(until([&] { return connect.ended && !accept.results.empty(); }));
  const Handle near = keep(connect.last()), far = keep(accept.results[0]);
  EXPECT_EQ(loop().peer_address(near)->text(), listener.address.text());
  EXPECT_EQ(loop().peer_address(far)->text(), loop().local_address(near)->text());
  EXPECT_FALSE(accept.ended) << "accept goes on";
  loop().cancel(accept);
  ASSERT_TRUE(until([&] { return accept.ended; }));
}

TEST_P(KernelLoopConformance, ConnectionsDelayNothingAndEndWithTheProgramsTheyAreOf) {
  const auto [near, far] = connected_pair();
  for (const Handle handle : {near, far}) {
    int no_delay = 0;
    socklen_t size = sizeof no_delay;
    ASSERT_EQ(::getsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
    EXPECT_NE(no_delay, 0);
    EXPECT_NE(::fcntl(handle, F_GETFD) & FD_CLOEXEC, 0);
  }
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

TEST_P(KernelLoopConformance, AListenerFromElsewhereIsAdopted) {
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

TEST_P(KernelLoopConformance, WhatIsNotAListenerIsNotAdopted) {
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

// --- Ending --------------------------------------------------------------------------------------

TEST_P(LoopConformance, CancelIsAnsweredExactlyOnceByEveryKind) {
  const auto [near, far] = connected_pair();
  const Listener listener = listen();
  const std::string bytes = pattern(12 << 20, 14);
  Recorder accept, receive, send, poll;
  loop().accept(accept, listener.handle);
  loop().receive(receive, far);
  loop().send(send, far, bytes);  // near does not read.
  loop().poll(poll, listener.handle, POLLIN);
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
  EXPECT_TRUE(is_taken(far)) << "the number stays taken until the last has ended";
  ASSERT_TRUE(until([&] { return receive.ended && send.ended && poll.ended; }));
  for (const Recorder* one : {&receive, &send, &poll}) EXPECT_EQ(one->results, std::vector<std::int32_t>{-ECANCELED});
  EXPECT_FALSE(is_taken(far));
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
  const int before = lowest_free();
  loop().cancel(connect);
  for (const auto& filler : fillers) loop().cancel(*filler);
  ASSERT_TRUE(until([&] { return loop().pending() == 0; }));
  EXPECT_EQ(connect.last(), -ECANCELED);
  EXPECT_LT(lowest_free(), before) << "its descriptor is free again";
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
  EXPECT_FALSE(is_taken(far));
}

// --- Running out ---------------------------------------------------------------------------------

/// In a child, since the limit on descriptors is the whole process's. Answers how it went.
enum class Verdict : int { good = 0, no_loop, no_error_reported, error_was_final, retried_too_soon, never_recovered };

int lowest_free_descriptor() {
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
  limit.rlim_cur = static_cast<rlim_t>(lowest_free_descriptor());
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

TEST_P(KernelLoopConformance, RunningOutOfDescriptorsPausesAcceptAndLosesNoConnection) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(exhaust_descriptors(GetParam()));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Verdict::good));
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
    case Variant::sim:
      return "Sim";
  }
  return {};
}

/// The ring is tested wherever it can be had. Where it cannot (emulators, containers), LoopChoice sees to it that
/// asking for it is a clear error, and the epoll loop is tested alone.
std::vector<Variant> kernel_variants() {
  if (!probe_uring().available) return {Variant::epoll};
  return {Variant::epoll, Variant::uring, Variant::uring_without_defer, Variant::uring_sending_in_the_ring};
}

std::vector<Variant> variants() {
  std::vector<Variant> all = kernel_variants();
  all.push_back(Variant::sim);
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryLoop, LoopConformance, testing::ValuesIn(variants()), variant_name);
INSTANTIATE_TEST_SUITE_P(EveryKernelLoop, KernelLoopConformance, testing::ValuesIn(kernel_variants()), variant_name);

}  // namespace
}  // namespace pulpo::io
