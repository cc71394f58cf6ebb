// SPDX-License-Identifier: Apache-2.0
//
// Question: how many requests a second does one TCP connection over loopback carry when so many are outstanding at a time, with
//           epoll, recv(2) and send(2) and nothing else?
// Reading:  the server gives back the bytes that it got; the caller sends a frame anew when its answer has come, and measures each. Larger
//           windows make larger batches: what is left of a call is then parsing and copying. It is the floor of `pulpo bench call
//           --concurrency N`; at a window of 1 that of bench_socket_ping_pong, which is simpler, is lower.
// Floor:    none below it but another interface of the kernel's; see tests/bench/bench_loop.cpp.
//
// usage: bench_socket_window [--smoke] [--window N] [--duration SECONDS] [--payload BYTES] [--json]

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  unsigned window = 64;
  double duration_s = 2;
  double warm_up_s = 0.5;
  std::size_t payload_bytes = 64;  ///< About what a remote `:ping` takes with its frame.
  bool json = false;
};

[[noreturn]] void fail(const char* what) {
  fmt::print(stderr, "bench_socket_window: {}: {}\n", what, std::strerror(errno));
  std::exit(1);
}

/// A socket of which all is read that came, and to which all is written that it takes.
class Stream {
 public:
  explicit Stream(int fd) : fd_(fd), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    constexpr int kOn = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll");
  }
  std::string out;

  /// Sends what is in `out`, then gives what came to `take(bytes, size)`, sleeping for it when there is nothing. False at the end.
  template <class Take>
  bool turn(const Take& take) {
    for (;;) {
      flush();
      const ssize_t got = ::recv(fd_, in_.data(), in_.size(), 0);
      if (got == 0) return false;
      if (got > 0) {
        take(in_.data(), static_cast<std::size_t>(got));
        flush();
        return true;
      }
      if (errno != EAGAIN && errno != EINTR) return false;
      epoll_event event{};
      if (errno == EAGAIN) (void)::epoll_wait(epoll_, &event, 1, -1);
    }
  }

 private:
  void flush() {
    while (sent_ < out.size()) {
      const ssize_t wrote = ::send(fd_, out.data() + sent_, out.size() - sent_, MSG_NOSIGNAL);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) break;
      sent_ += static_cast<std::size_t>(wrote);
    }
    if (sent_ == out.size()) {
      out.clear();
      sent_ = 0;
    }
  }

  int fd_;
  int epoll_;
  std::size_t sent_ = 0;
  std::vector<char> in_ = std::vector<char>(256 * 1024);  // more than a window of 1,000 small frames
};

void serve(int fd) {
  Stream stream(fd);
  while (stream.turn([&](const char* bytes, std::size_t size) { stream.out.append(bytes, size); })) {
  }
}

double cpu_seconds(const rusage& used) {
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Result {
  pulpo::Histogram latency;
  double seconds = 0;
  std::uint64_t calls = 0;  ///< Warm-up included, as the processor time is.
};

Result call(int fd, const Settings& settings) {
  Stream stream(fd);
  const std::size_t frame_bytes = sizeof(std::uint32_t) + settings.payload_bytes;
  std::vector<Clock::time_point> begun(settings.window);
  std::string frame(frame_bytes, '\7'), rest;
  const auto issue = [&](std::uint32_t number, Clock::time_point at) {
    begun[number] = at;
    std::memcpy(frame.data(), &number, sizeof number);
    stream.out += frame;
  };
  Result result;
  const auto start = Clock::now();
  const auto from = start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings.warm_up_s));
  const auto until = from + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings.duration_s));
  for (std::uint32_t number = 0; number < settings.window; ++number) issue(number, start);
  auto now = start;
  while (now < until) {
    const bool open = stream.turn([&](const char* bytes, std::size_t size) {
      rest.append(bytes, size);
      now = Clock::now();
      std::size_t at = 0;
      for (; rest.size() - at >= frame_bytes; at += frame_bytes) {
        std::uint32_t number = 0;
        std::memcpy(&number, rest.data() + at, sizeof number);
        if (number >= settings.window || rest[at + frame_bytes - 1] != '\7') fail("a frame came back changed");
        ++result.calls;
        const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(now - begun[number]).count();
        if (begun[number] >= from && now < until) result.latency.record(static_cast<std::uint64_t>(taken));
        issue(number, now);
      }
      rest.erase(0, at);
    });
    if (!open) fail("the connection ended");
  }
  result.seconds = std::chrono::duration<double>(until - from).count();
  return result;
}

Settings read_arguments(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--smoke") {
      settings.duration_s = 0.02;
      settings.warm_up_s = 0.01;
    } else if (word == "--json") {
      settings.json = true;
    } else if (word == "--window" && has_value && std::atoi(argv[i + 1]) > 0) {
      settings.window = static_cast<unsigned>(std::atoi(argv[++i]));
    } else if (word == "--duration" && has_value && std::atof(argv[i + 1]) > 0) {
      settings.duration_s = std::atof(argv[++i]);
    } else if (word == "--payload" && has_value && std::atoi(argv[i + 1]) > 0) {
      settings.payload_bytes = static_cast<std::size_t>(std::atoi(argv[++i]));
    } else {
      fmt::print(stderr, "usage: bench_socket_window [--smoke] [--window N] [--duration SECONDS] [--payload BYTES] [--json]\n");
      std::exit(2);
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read_arguments(argc, argv);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, name, size) != 0 || ::listen(listener, 1) != 0 || ::getsockname(listener, name, &size) != 0) {
    fail("listen");
  }
  const pid_t server = ::fork();
  if (server < 0) fail("fork");
  if (server == 0) {
    serve(::accept(listener, nullptr, nullptr));
    std::_Exit(0);
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, name, size) != 0) fail("connect");
  Result result = call(fd, settings);
  ::close(fd);
  rusage here{}, there{};
  ::getrusage(RUSAGE_SELF, &here);
  ::waitpid(server, nullptr, 0);
  ::getrusage(RUSAGE_CHILDREN, &there);

  const double rate = static_cast<double>(result.latency.count()) / result.seconds;
  const double cpu = (cpu_seconds(here) + cpu_seconds(there)) * 1e6 / static_cast<double>(result.calls);
  const auto microseconds = [&](double share) { return static_cast<double>(result.latency.percentile(share)) / 1000; };
  if (settings.json) {
    fmt::print("{{\"calls_per_second\":{:.1f},\"p50_us\":{:.3f},\"p99_us\":{:.3f},\"cpu_seconds_per_million\":{:.4f},\"window\":{}}}\n",
               rate, microseconds(0.5), microseconds(0.99), cpu, settings.window);
  } else {
    fmt::print("window {}: {:.0f} calls/s, p50 {:.1f} us, p99 {:.1f} us, {:.2f} s of processor per million calls\n", settings.window, rate,
               microseconds(0.5), microseconds(0.99), cpu);
  }
  return result.latency.count() > 0 ? 0 : 1;
}
