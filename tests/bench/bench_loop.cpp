// SPDX-License-Identifier: Apache-2.0
//
// Question: what does a loop add to the bare sockets it drives, one call at a time and in batches?
// Reading:  PingPong is one 64-byte call to another thread and its answer, both asleep between: mostly two wakes of
//           a CPU. Spinning, each end looks for 50 us before it sleeps, which pays only with a CPU to each. Frames is
//           a stream of 64-byte frames answered in batches of a window, both ends on one loop: what remains of a frame
//           when batches are large. OneThread is a call whose both ends one loop serves: no wake.
// Floor:    the Raw rows: blocking send(2) and recv(2) of the same bytes.
// Aim:      PingPong at most 1.3 x Raw; Frames at least 3 M frames/s (both directions are counted).
#include <benchmark/benchmark.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "io/loop.hpp"
#include "io/uring_loop.hpp"

namespace {

using namespace pulpo;      // NOLINT: a program, not a header
using namespace pulpo::io;  // NOLINT

constexpr std::size_t kFrame = 64;

enum Variant : int { kEpoll, kUring, kUringSendInRing };

std::unique_ptr<Loop> make(std::int64_t variant) {
  if (variant == kUringSendInRing) return UringLoop::make({.send_at_once = false}).value();
  return make_loop(variant == kEpoll ? LoopKind::epoll : LoopKind::uring).value();
}

struct Function final : Operation {
  void completed(const Completion& completion) override { then(completion); }
  std::function<void(const Completion&)> then = [](const Completion&) {};
};

struct Connection {
  int near = -1, far = -1;
};

Connection connect_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address any = Address::loopback_v4(0);
  sockaddr_storage name;
  socklen_t size = sizeof name;
  PULPO_ASSERT(::bind(listener, any.kernel(), any.kernel_size()) == 0 && ::listen(listener, 1) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size);
  Connection made;
  made.near = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PULPO_ASSERT(::connect(made.near, reinterpret_cast<sockaddr*>(&name), size) == 0);
  made.far = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  ::close(listener);
  constexpr int kOn = 1;
  for (const int fd : {made.near, made.far}) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  return made;
}

/// Percentiles of single calls beside the mean.
class Latencies {
 public:
  Latencies() { all_.reserve(1 << 20); }
  void begin() { begun_ = std::chrono::steady_clock::now(); }
  void end() {
    if (all_.size() < all_.capacity())
      all_.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun_).count());
  }
  void report(benchmark::State& state) {
    std::sort(all_.begin(), all_.end());
    if (all_.empty()) return;
    state.counters["p50_us"] = all_[all_.size() / 2];
    state.counters["p99_us"] = all_[all_.size() * 99 / 100];
  }

 private:
  std::chrono::steady_clock::time_point begun_;
  std::vector<double> all_;
};

/// A turn as a core takes it: it looks for completions for up to 50 us before it sleeps, or sleeps at once.
void turn(Loop& loop, bool spin) {
  if (spin) {
    for (const TimePoint end = loop.refresh() + 50us; loop.refresh() < end;) {
      for (int look = 0; look < 32; ++look) {
        if (loop.ready()) {
          loop.turn(Loop::Wait::no);
          return;
        }
      }
    }
  }
  loop.turn(Loop::Wait::yes);
}

void raw_echo(int fd) {
  char bytes[kFrame];
  while (::recv(fd, bytes, sizeof bytes, MSG_WAITALL) == static_cast<ssize_t>(sizeof bytes)) {
    if (::send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) < 0) return;
  }
}

void RawPingPong(benchmark::State& state) {
  const Connection connection = connect_pair();
  std::thread server([fd = connection.far] { raw_echo(fd); });
  char bytes[kFrame] = {};
  Latencies latencies;
  for (auto _ : state) {
    latencies.begin();
    PULPO_ASSERT(::send(connection.near, bytes, sizeof bytes, MSG_NOSIGNAL) == sizeof bytes);
    PULPO_ASSERT(::recv(connection.near, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes);
    latencies.end();
  }
  latencies.report(state);
  ::close(connection.near);
  server.join();
  ::close(connection.far);
}

/// Answers what it gets, one send in flight, the rest gathers: as a link does.
class Echo {
 public:
  Echo(Loop& loop, int fd) : loop_(loop), fd_(fd) {
    receive_.then = [this](const Completion& completion) {
      if (!completion.more) ended_ = true;
      gathered_.append(completion.data);
      flush();
    };
    send_.then = [this](const Completion&) { flush(); };
    loop_.receive(receive_, fd_);
  }
  bool ended() const { return ended_ && !send_.is_pending(); }

 private:
  void flush() {
    if (send_.is_pending() || gathered_.empty() || ended_) return;
    going_.swap(gathered_);
    gathered_.clear();
    loop_.send(send_, fd_, going_);
  }
  Loop& loop_;
  int fd_;
  bool ended_ = false;
  Function receive_, send_;
  std::string gathered_, going_;
};

void PingPong(benchmark::State& state) {
  const bool spin = state.range(1) != 0;
  const Connection connection = connect_pair();
  std::thread server([&] {
    const auto loop = make(state.range(0));
    Echo echo(*loop, connection.far);
    while (!echo.ended()) turn(*loop, spin);
    loop->close(connection.far);
  });
  {
    const auto loop = make(state.range(0));
    state.SetLabel(std::string(state.range(0) == kUringSendInRing ? "uring, send in the ring" : loop->name()) + (spin ? ", spinning" : ""));
    Function receive, send;
    std::size_t got = 0;
    const std::string bytes(kFrame, 'x');
    receive.then = [&](const Completion& completion) { got += completion.data.size(); };
    loop->receive(receive, connection.near);
    Latencies latencies;
    for (auto _ : state) {
      latencies.begin();
      got = 0;
      loop->send(send, connection.near, bytes);
      while (got < kFrame || send.is_pending()) turn(*loop, spin);
      latencies.end();
    }
    latencies.report(state);
    loop->close(connection.near);
    while (loop->pending() > 0) loop->turn(Loop::Wait::yes);
  }
  server.join();
}

void OneThread(benchmark::State& state) {
  const Connection connection = connect_pair();
  const auto loop = make(state.range(0));
  state.SetLabel(state.range(0) == kUringSendInRing ? "uring, send in the ring" : loop->name());
  Echo echo(*loop, connection.far);
  Function receive, send;
  std::size_t got = 0;
  const std::string bytes(kFrame, 'x');
  receive.then = [&](const Completion& completion) { got += completion.data.size(); };
  loop->receive(receive, connection.near);
  for (auto _ : state) {
    got = 0;
    loop->send(send, connection.near, bytes);
    while (got < kFrame || send.is_pending()) loop->turn(Loop::Wait::yes);
  }
  loop->close(connection.near);
  while (!echo.ended()) loop->turn(Loop::Wait::yes);
  loop->close(connection.far);
  while (loop->pending() > 0) loop->turn(Loop::Wait::yes);
}

void Frames(benchmark::State& state) {
  const auto window = static_cast<std::size_t>(state.range(1));
  const Connection connection = connect_pair();
  const auto loop = make(state.range(0));
  state.SetLabel(state.range(0) == kUringSendInRing ? "uring, send in the ring" : loop->name());
  Echo echo(*loop, connection.far);
  Function receive, send;
  std::size_t got = 0;
  const std::string bytes(kFrame * window, 'x');
  receive.then = [&](const Completion& completion) { got += completion.data.size(); };
  loop->receive(receive, connection.near);
  for (auto _ : state) {
    got = 0;
    loop->send(send, connection.near, bytes);
    while (got < bytes.size() || send.is_pending()) loop->turn(Loop::Wait::yes);
  }
  state.counters["frames/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(2 * window), benchmark::Counter::kIsRate);
  loop->close(connection.near);
  while (!echo.ended()) loop->turn(Loop::Wait::yes);
  loop->close(connection.far);
  while (loop->pending() > 0) loop->turn(Loop::Wait::yes);
}

void RawFrames(benchmark::State& state) {
  const auto window = static_cast<std::size_t>(state.range(0));
  const Connection connection = connect_pair();
  std::string bytes(kFrame * window, 'x');
  for (auto _ : state) {
    for (const auto& [from, to] : {std::pair{connection.near, connection.far}, std::pair{connection.far, connection.near}}) {
      PULPO_ASSERT(::send(from, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
      PULPO_ASSERT(::recv(to, bytes.data(), bytes.size(), MSG_WAITALL) == static_cast<ssize_t>(bytes.size()));
    }
  }
  state.counters["frames/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(2 * window), benchmark::Counter::kIsRate);
  ::close(connection.near);
  ::close(connection.far);
}

std::vector<std::int64_t> variants() {
  if (probe_uring().available) return {kEpoll, kUring, kUringSendInRing};
  return {kEpoll};
}

void ArmAndCancel(benchmark::State& state) {
  struct Idle final : Timer {
    void expired() override {}
  };
  const auto count = static_cast<std::size_t>(state.range(0));
  TimerWheel wheel(TimePoint{});
  std::vector<Idle> pending(count);
  std::uint64_t mixed = 1;
  const auto next = [&mixed] { return TimePoint{Duration((mixed = mixed * 6364136223846793005u + 1442695040888963407u) >> 24)}; };
  for (auto& timer : pending) wheel.arm(timer, next());
  Idle timer;
  for (auto _ : state) {
    wheel.arm(timer, TimePoint{5s});
    wheel.cancel(timer);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto kinds = variants();
  benchmark::RegisterBenchmark("RawPingPong", RawPingPong)->UseRealTime();
  benchmark::RegisterBenchmark("PingPong", PingPong)->ArgsProduct({kinds, {0, 1}})->UseRealTime();
  benchmark::RegisterBenchmark("OneThread", OneThread)->ArgsProduct({kinds});
  benchmark::RegisterBenchmark("RawFrames", RawFrames)->Arg(1)->Arg(64)->Arg(256)->Arg(1024);
  benchmark::RegisterBenchmark("Frames", Frames)->ArgsProduct({kinds, {1, 64, 256, 1024}});
  benchmark::RegisterBenchmark("ArmAndCancel", ArmAndCancel)->Arg(0)->Arg(1'000'000);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
