// SPDX-License-Identifier: Apache-2.0
//
// World: a loop of each kind that this kernel has, a mapper on a free loopback port, and clients that speak raw bytes.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "io/loop.hpp"
#include "mapper/mapper.hpp"
#include "pulpo/log.hpp"

namespace pulpo::mapper {

using namespace std::string_literals;

/// Bytes as erlang-interop.md prints them: "00 01 6e".
inline std::string hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 3)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
  return bytes;
}

inline std::vector<io::LoopKind> loop_kinds() {
  std::vector<io::LoopKind> kinds = {io::LoopKind::epoll};
  if (io::probe_uring().available) kinds.push_back(io::LoopKind::uring);
  return kinds;
}

inline std::string kind_name(const testing::TestParamInfo<io::LoopKind>& info) {
  return info.param == io::LoopKind::uring ? "uring" : "epoll";
}

/// A client in the test itself, on a socket that never blocks.
class RawClient {
 public:
  /// With a `receive_buffer` it leaves all but some bytes of an answer with who sends it.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) std::abort();
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  RawClient(RawClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)), to_send_(other.to_send_) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }

  void send(std::string_view bytes) {
    to_send_ += bytes;
    pump();
  }
  /// Leaves what has come where it is.
  void send_only(std::string_view bytes) { static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }
  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  /// The peer hears of it as an error.
  void reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  /// Moves what can be moved without waiting.
  void pump() {
    while (!to_send_.empty()) {
      const ssize_t sent = ::send(socket_, to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      to_send_.erase(0, static_cast<std::size_t>(sent));
    }
    char part[16 * 1024];
    ssize_t size = 0;
    while ((size = ::recv(socket_, part, sizeof part, 0)) > 0) received_.append(part, static_cast<std::size_t>(size));
    if (size == 0 || (errno != EAGAIN && errno != ENOTCONN)) is_closed_ = true;
  }
  [[nodiscard]] const std::string& received() {
    pump();
    return received_;
  }
  [[nodiscard]] bool is_closed() {
    if (!is_closed_) pump();
    return is_closed_;
  }

 private:
  int socket_;
  std::string to_send_;
  std::string received_;
  bool is_closed_ = false;
};

/// Keeps the lines of the log while it lives.
class LogLines {
 public:
  LogLines() : before_(log::exchange_target({.sink = keep, .context = this})) {}
  ~LogLines() { log::exchange_target(before_); }
  [[nodiscard]] bool contain(std::string_view part) const { return text_.find(part) != std::string::npos; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static void keep(void* context, const log::Entry& entry) {
    static_cast<LogLines*>(context)->text_ += entry.message;
    static_cast<LogLines*>(context)->text_ += '\n';
  }
  std::string text_;
  log::Target before_;
};

class World : public testing::TestWithParam<io::LoopKind> {
 protected:
  static constexpr std::uint64_t kSeed = 4369;

  void SetUp() override {
    RecordProperty("seed", static_cast<int>(kSeed));
    make_loop();
  }
  void TearDown() override {
    mapper.reset();
    EXPECT_TRUE(until([this] { return loop->pending() == 0; })) << "operations are still pending";
  }

  void make_loop() {
    auto made = io::make_loop(GetParam());
    ASSERT_TRUE(made.has_value()) << made.error().text();
    loop = std::move(*made);
  }

  /// A mapper on 127.0.0.1 at a free port, or at the port of `options`.
  void start_mapper(Options options = {.port = 0}) {
    if (options.addresses.empty()) options.addresses = {io::Address::loopback_v4(0)};
    mapper = std::make_unique<Mapper>(*loop, random, options);
    auto started = mapper->start();
    ASSERT_TRUE(started.has_value()) << started.error().text();
  }
  void start_relaxed_mapper() {
    Options options{.port = 0};
    options.relaxed_command_check = true;
    start_mapper(options);
  }

  /// Turns the loop until `condition` holds; false when 20 s were not enough.
  bool until(const std::function<bool()>& condition) {
    const TimePoint end = loop->refresh() + 20s;
    while (!condition()) {
      if (loop->refresh() > end) return false;
      loop->timers().arm(tick_, loop->now() + 1ms);  // the raw clients' sockets do not wake the loop
      loop->turn(io::Loop::Wait::yes);
    }
    return true;
  }

  /// Sends a whole request on a connection of its own, and returns everything that came until the mapper closed.
  std::string ask(std::string_view request) {
    RawClient client(mapper->port());
    client.send(request);
    EXPECT_TRUE(until([&] { return client.is_closed(); })) << "the mapper did not close";
    return client.received();
  }
  /// Registers, and returns the creation: 0 when it was refused.
  std::uint32_t register_on(RawClient& client, const std::string& name, std::uint16_t port = 1) {
    client.send(encode_request({.kind = RequestKind::alive, .node = {.port = port, .name = name}}));
    EXPECT_TRUE(until([&] { return client.received().size() >= 6; })) << "no answer for " << name;
    auto reply = decode_alive_reply(client.received());
    return reply.has_value() && reply->has_value() && (*reply)->accepted ? (*reply)->creation : 0;
  }

  SeededRandom random{kSeed};
  std::unique_ptr<io::Loop> loop;
  std::unique_ptr<Mapper> mapper;

 private:
  class Tick final : public io::Timer {
    void expired() override {}
  };
  Tick tick_;
};

}  // namespace pulpo::mapper
