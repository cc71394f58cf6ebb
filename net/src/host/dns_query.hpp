// SPDX-License-Identifier: Apache-2.0
//
// DnsQuery: the addresses of one whole name, of both families, by DNS.
//
// Both questions go to a server by UDP, from a port and with numbers that are drawn anew for each try; an answer counts when it comes from
// there, with the number and the question. One that says it is cut off is asked for again by TCP. A server that does not answer
// within a second, or says that it cannot, leaves the question to the next, and all of them are asked twice. When one family's
// addresses are there, the other's are waited for a quarter of a second: some routers lose the questions that they do not know.
//
//   Ownership  The asker's. Destroying it ends the question; its function is then not called. `loop` and `random` outlive it.
//   Threads    The loop's.
//   Suspends   Never: the answer comes as one call, on the loop, not inside the constructor. The function may destroy the object.
//   Errors     not_found: a server knows no address of that name. timeout: none answered. bad_argument: it is no name of DNS. The
//              detail is half a sentence, "DNS 192.0.2.1 says that altair.lan does not exist".
//   Bounds     A message has 64 KiB at most, and a name 16 addresses.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "host/dns_message.hpp"
#include "io/callback_timer.hpp"
#include "io/datagram_socket.hpp"
#include "io/tcp_stream.hpp"

namespace pulpo::host {

inline constexpr std::size_t kAddressesMax = 16;  ///< Of one name: more would only make a failing dial longer.

class DnsQuery final : private io::DatagramSocket::Owner {
 public:
  using Done = std::function<void(Outcome<std::vector<io::Address>>)>;
  /// `servers` with their ports; `port` is put into the answers.
  DnsQuery(io::Loop& loop, Random& random, std::vector<io::Address> servers, std::string name, std::uint16_t port, Done done);

 private:
  /// One of the two questions.
  struct Half final : io::TcpStream::Owner {
    Half(DnsQuery& query_, RecordType type_) noexcept : query(query_), type(type_) {}
    void connected() override { stream->send(std::exchange(outgoing, {})); }
    void received(ByteView bytes) override;
    void ended(int error) override;
    DnsQuery& query;
    const RecordType type;
    std::uint16_t id = 0;
    bool answered = false;
    std::string question;
    io::TcpStream::Pointer stream = nullptr;
    std::string outgoing, incoming;  ///< By TCP.
  };

  void received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) override;
  void next_try();
  [[nodiscard]] Outcome<void> open_socket(const io::Address& server);
  void ask_by_tcp(Half& half);
  [[nodiscard]] bool answers(const Half& half, const DnsMessage& message) const;
  void take(Half& half, const DnsMessage& message);
  void server_failed(std::string how);
  void expired();
  void finish_found();
  void finish(Outcome<std::vector<io::Address>> outcome);
  [[nodiscard]] const io::Address& server() const noexcept { return servers_[(tries_ - 1) % servers_.size()]; }

  io::Loop& loop_;
  Random& random_;
  const std::vector<io::Address> servers_;
  const std::string name_;
  const std::uint16_t port_;
  Done done_;
  std::size_t tries_ = 0;
  std::vector<std::string> failures_;  ///< What each server did instead of answering, by its number.
  std::unique_ptr<io::DatagramSocket> socket_;
  std::array<Half, 2> halves_{Half{*this, RecordType::a}, Half{*this, RecordType::aaaa}};
  std::array<std::vector<io::Address>, 2> found_;
  io::CallbackTimer<DnsQuery> timer_{*this, &DnsQuery::expired};
};

}  // namespace pulpo::host
