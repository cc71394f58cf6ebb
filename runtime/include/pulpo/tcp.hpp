// SPDX-License-Identifier: Apache-2.0
//
// TcpListener, TcpStream: TCP for processes.
//
//   auto listener = TcpListener::listen(Endpoint::any_v4(8080)).value();
//   for (;;) {
//     auto stream = listener.accept().value();
//     spawn([stream = std::move(stream)]() mutable {
//       while (auto line = stream.read_line(30s).value()) (void)stream.write(*line + "\n");
//     });
//   }
//
//   Ownership  Whoever has the object: a process that ends closes what it holds. Moved, not copied.
//   Threads    Processes of the core that made it; spawn() stays there. A connection cannot be handed to another core.
//   Suspends   accept(), connect() and what pulpo/stream.hpp says, each with a deadline.
//   Bounds     16 accepted connections that nobody has taken, then the kernel's backlog.
//   Errors     listen(): already_exists (the port is in use), not_allowed, bad_argument. accept(): busy when too many files are open; the
//              next call goes on. connect(): unreachable, timeout. All: killed, where nothing may be thrown.
#pragma once

#include <cstdint>
#include <string_view>

#include "pulpo/endpoint.hpp"
#include "pulpo/stream.hpp"

namespace pulpo {

class TcpStream : public ByteStream {
 public:
  /// Nagle's delay is off. Without a deadline the kernel gives up after some two minutes.
  [[nodiscard]] static Result<TcpStream> connect(const Endpoint& to, Timeout timeout = Timeout::infinity());
  /// `ip` is a numeric address.
  [[nodiscard]] static Result<TcpStream> connect(std::string_view ip, std::uint16_t port, Timeout timeout = Timeout::infinity());

  /// No more will be written: the other side reads the end of the stream, and can still answer.
  void shutdown() noexcept;
  [[nodiscard]] Result<Endpoint> local_endpoint() const;
  [[nodiscard]] Result<Endpoint> peer_endpoint() const;

 private:
  friend class TcpListener;
  explicit TcpStream(detail::DescriptorPtr stream) noexcept : ByteStream(std::move(stream)) {}
};

struct TcpListenOptions {
  int backlog = 128;     ///< Connections that the kernel keeps for us, at most.
  bool v6_only = false;  ///< Of an IPv6 endpoint: leaves IPv4 to others.
};

class TcpListener {
 public:
  /// Port 0 lets the kernel choose: see local_endpoint(). A port whose last listener was closed a moment ago, perhaps by the predecessor of
  /// a restarted server, is waited for, up to 100 ms.
  [[nodiscard]] static Result<TcpListener> listen(const Endpoint& at, const TcpListenOptions& options = {});
  /// The next connection.
  [[nodiscard]] Result<TcpStream> accept(Timeout timeout = Timeout::infinity());

  [[nodiscard]] Result<Endpoint> local_endpoint() const;
  [[nodiscard]] bool is_open() const noexcept;
  void close() noexcept { acceptor_.reset(); }
  [[nodiscard]] int descriptor() const noexcept;

 private:
  explicit TcpListener(detail::DescriptorPtr acceptor) noexcept : acceptor_(std::move(acceptor)) {}
  detail::DescriptorPtr acceptor_;
};

}  // namespace pulpo
