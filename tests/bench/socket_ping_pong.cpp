// SPDX-License-Identifier: Apache-2.0
//
// Question: what does one request and its reply cost between two OS processes over loopback TCP, with blocking
//           sockets and nothing else?
// Reading:  two sends, two receives and two wake-ups of a sleeping thread a round trip. It is the floor of
//           `pulpo bench call --concurrency 1`: compare the p50 of both in one sitting, since loopback latency
//           follows the machine's load and its sleep states. Where the two processes run decides most: on one CPU the
//           wake-up is a context switch (5 us on a virtual machine), on two it is an interrupt to a sleeping CPU (75 us
//           there), and unpinned the kernel picks either, differently from run to run. So pin both sides of a
//           comparison: --cpus here, taskset for nodes.
// Floor:    none below it; it is the kernel's own cost.
//
// usage: bench_socket_ping_pong [--smoke] [--duration SECONDS] [--payload BYTES] [--cpus CALLER,SERVER] [--json]

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Settings {
  double duration_s = 2;
  /// Round trips before measuring: the first ones find cold caches and sleeping cores.
  std::uint32_t warm_up_count = 2'000;
  std::size_t payload_bytes = 64;  ///< About what a remote `:ping` takes with its frame.
  int caller_cpu = -1;             ///< -1: where the kernel likes.
  int server_cpu = -1;
  bool json = false;
};

[[noreturn]] void die(const char* step) {
  fmt::print(stderr, "bench_socket_ping_pong: {}: {}\n", step, std::strerror(errno));
  std::exit(1);
}

[[noreturn]] void wrong(std::string_view what) {
  fmt::print(stderr, "bench_socket_ping_pong: {}\n", what);
  fmt::print(stderr, "usage: bench_socket_ping_pong [--smoke] [--duration SECONDS] [--payload BYTES] [--cpus CALLER,SERVER] [--json]\n");
  std::exit(2);
}

double number(const char* text, double least, double most) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value >= least && value <= most)) {
    wrong(fmt::format("'{}' is not a number from {} to {}", text, least, most));
  }
  return value;
}

/// "0,1": the CPU of the caller and that of the server.
void read_cpus(const char* text, Settings& settings) {
  const char* comma = std::strchr(text, ',');
  if (comma == nullptr) wrong(fmt::format("--cpus takes two numbers, as 0,1, not '{}'", text));
  settings.caller_cpu = static_cast<int>(number(std::string(text, comma).c_str(), 0, CPU_SETSIZE - 1));
  settings.server_cpu = static_cast<int>(number(comma + 1, 0, CPU_SETSIZE - 1));
}

void run_on(int cpu) {
  if (cpu < 0) return;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(cpu), &cpus);
  if (sched_setaffinity(0, sizeof cpus, &cpus) != 0) die("pinning to a CPU");
}

Settings read_settings(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const bool has_value = i + 1 < argc;
    if (option == "--smoke") {
      settings.duration_s = 0.02;
      settings.warm_up_count = 10;
    } else if (option == "--json") {
      settings.json = true;
    } else if (option == "--duration" && has_value) {
      settings.duration_s = number(argv[++i], 0.001, 3600);
    } else if (option == "--payload" && has_value) {
      settings.payload_bytes = static_cast<std::size_t>(number(argv[++i], 1, 1 << 20));
    } else if (option == "--cpus" && has_value) {
      read_cpus(argv[++i], settings);
    } else {
      wrong(fmt::format("unknown option or missing value: {}", option));
    }
  }
  return settings;
}

void no_delay(int socket) {
  const int on = 1;
  if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
}

void send_all(int socket, const std::vector<unsigned char>& frame) {
  for (std::size_t sent = 0; sent < frame.size();) {
    const ssize_t n = send(socket, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) die("send");
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
}

/// False when the other side has closed.
bool receive_all(int socket, std::vector<unsigned char>& frame) {
  for (std::size_t got = 0; got < frame.size();) {
    const ssize_t n = recv(socket, frame.data() + got, frame.size() - got, 0);
    if (n == 0) return false;
    if (n < 0 && errno != EINTR) die("recv");
    if (n > 0) got += static_cast<std::size_t>(n);
  }
  return true;
}

/// The server: sends back each frame with its first byte inverted, so that the caller can tell a reply from an echo.
void serve(int listener, std::size_t payload_bytes) {
  const int socket = accept(listener, nullptr, nullptr);
  if (socket < 0) die("accept");
  no_delay(socket);
  std::vector<unsigned char> frame(payload_bytes);
  while (receive_all(socket, frame)) {
    frame[0] = static_cast<unsigned char>(~frame[0]);
    send_all(socket, frame);
  }
}

/// The caller: one request in flight. Returns each round trip's nanoseconds.
std::vector<std::uint32_t> call(int socket, const Settings& settings, double& elapsed_s) {
  std::vector<std::uint32_t> samples;
  // Twice what one CPU gave on the machine above; growing in between would be measured.
  samples.reserve(static_cast<std::size_t>(settings.duration_s * 400'000) + 1);
  std::vector<unsigned char> request(settings.payload_bytes, 0x2a);
  std::vector<unsigned char> reply(settings.payload_bytes);
  const auto round_trip = [&](std::uint64_t count) {
    request[0] = static_cast<unsigned char>(count);
    send_all(socket, request);
    if (!receive_all(socket, reply)) die("the server has ended");
    if (reply[0] != static_cast<unsigned char>(~request[0])) die("the reply is not the request's");
  };
  for (std::uint32_t i = 0; i < settings.warm_up_count; ++i) round_trip(i);

  const auto begin = Clock::now();
  const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(settings.duration_s));
  auto before = begin;
  while (before < end) {
    round_trip(samples.size());
    const auto after = Clock::now();
    const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(after - before).count();
    samples.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(took, UINT32_MAX)));
    before = after;
  }
  elapsed_s = std::chrono::duration<double>(before - begin).count();
  return samples;
}

double cpu_seconds(const rusage& usage) {
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(const Settings& settings, std::vector<std::uint32_t> samples, double elapsed_s, double cpu_s) {
  std::sort(samples.begin(), samples.end());
  const auto quantile_us = [&](double q) {
    const auto index = static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1));
    return static_cast<double>(samples[index]) / 1e3;
  };
  const auto cpu_name = [](int cpu) { return cpu < 0 ? std::string("any") : fmt::format("{}", cpu); };
  const std::string placement = fmt::format("{},{}", cpu_name(settings.caller_cpu), cpu_name(settings.server_cpu));
  const double rate = static_cast<double>(samples.size()) / elapsed_s;
  // The warm-up used the processor too.
  const double cpu_per_million = cpu_s / static_cast<double>(samples.size() + settings.warm_up_count) * 1e6;
  utsname system{};
  uname(&system);
  if (settings.json) {
    fmt::print(
        "{{\"calls_per_second\": {:.0f}, \"p50_us\": {:.2f}, \"p99_us\": {:.2f}, \"p999_us\": {:.2f}, \"max_us\": {:.2f}, \"errors\": 0, "
        "\"cpu_seconds_per_million\": {:.2f}, \"concurrency\": 1, \"payload_bytes\": {}, \"sealed\": false, \"loop\": \"blocking\", "
        "\"calls\": {}, \"on_cpus\": \"{}\", \"kernel\": \"{}\", \"machine\": \"{}\", \"cpus\": {}}}\n",
        rate, quantile_us(0.5), quantile_us(0.99), quantile_us(0.999), quantile_us(1), cpu_per_million, settings.payload_bytes,
        samples.size(), placement, system.release, system.machine, sysconf(_SC_NPROCESSORS_ONLN));
    return;
  }
  fmt::print("blocking sockets, loopback TCP, {} bytes each way, one in flight, caller and server on CPU {}\n", settings.payload_bytes,
             placement);
  fmt::print("  {:.0f} round trips/s ({} in {:.2f} s)\n", rate, samples.size(), elapsed_s);
  fmt::print("  latency us: p50 {:.2f}  p99 {:.2f}  p99.9 {:.2f}  max {:.2f}\n", quantile_us(0.5), quantile_us(0.99), quantile_us(0.999),
             quantile_us(1));
  fmt::print("  {:.2f} CPU seconds per million, both ends\n", cpu_per_million);
  fmt::print("  Linux {} {}, {} CPUs, compiler {}\n", system.release, system.machine, sysconf(_SC_NPROCESSORS_ONLN), __VERSION__);
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = read_settings(argc, argv);

  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0) die("bind");
  if (listen(listener, 1) != 0) die("listen");
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) die("getsockname");

  const pid_t server = fork();
  if (server < 0) die("fork");
  if (server == 0) {
    run_on(settings.server_cpu);
    serve(listener, settings.payload_bytes);
    _exit(0);
  }
  close(listener);
  run_on(settings.caller_cpu);

  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) die("socket");
  if (connect(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) die("connect");
  no_delay(socket);
  double elapsed_s = 0;
  std::vector<std::uint32_t> samples = call(socket, settings, elapsed_s);
  close(socket);  // The server sees the end and leaves.

  rusage own{};
  rusage child{};
  int status = 0;
  if (waitpid(server, &status, 0) != server || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fmt::print(stderr, "bench_socket_ping_pong: the server did not end well (status {})\n", status);
    return 1;
  }
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &child);
  report(settings, std::move(samples), elapsed_s, cpu_seconds(own) + cpu_seconds(child));
  return 0;
}
