// SPDX-License-Identifier: Apache-2.0
//
// UdpSocket: datagrams for processes, to one, to all on the link (broadcast), or to a group (multicast).
//
//   auto socket = UdpSocket::bind(Endpoint::any_v4(5353), {.reuse_address = true}).value();
//   (void)socket.join("224.0.0.251");
//   while (auto datagram = socket.receive_from(5s)) answer(datagram->from, datagram->bytes);
//
//   Order      None; datagrams get lost, are doubled, and overtake each other.
//   Bounds     256 datagrams or 64 KiB that nobody has taken, then the kernel's buffer; what comes beyond is dropped. One has at most
//   65,507
//              bytes; those above the link's size (1,472 on Ethernet) travel in pieces and are lost with any of them.
//   Ownership  Whoever has the object; its destructor closes. Moved, not copied.
//   Threads    Processes of the core that made it. One receives at a time and one sends; a second is told busy.
//   Suspends   receive_from(), send_to().
//   Errors     bind(): already_exists (the port is in use), not_allowed, bad_argument. send_to(): bad_argument (too large), not_allowed
//              (broadcast without the option), unreachable. receive_from(): timeout. All: closed; killed, where nothing may be thrown.
#pragma once

#include <string>
#include <string_view>

#include "pulpo/bytes.hpp"
#include "pulpo/detail/descriptor_ptr.hpp"
#include "pulpo/endpoint.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

struct UdpOptions {
  bool broadcast = false;      ///< May send to broadcast addresses, such as 255.255.255.255.
  bool reuse_address = false;  ///< Others on this host that say so too may bind the port; all get what is broadcast or multicast.
  bool v6_only = false;        ///< Of an IPv6 endpoint: leaves IPv4 to others.
  bool multicast_loop = true;  ///< What it multicasts reaches members on this host as well.
  int multicast_hops = 1;      ///< 1: stays on the link.
};

struct Datagram {
  Endpoint from;
  std::string bytes;
};

class UdpSocket {
 public:
  /// Port 0 lets the kernel choose: see local_endpoint(). A port whose last socket was closed a moment ago is waited for, up to 100 ms.
  [[nodiscard]] static Result<UdpSocket> bind(const Endpoint& at, const UdpOptions& options = {});

  /// Receives what is sent to the multicast group from now on. IPv4: `interface` is an address of this host, "" lets the kernel choose;
  /// what this socket multicasts leaves there, too. IPv6: the group names its interface, "ff02::1%eth0".
  Result<void> join(std::string_view group, std::string_view interface = "");
  /// Returns when the kernel has taken the datagram; whether it arrives nobody knows.
  Result<void> send_to(const Endpoint& to, ByteView bytes, Timeout timeout = Timeout::infinity());
  /// The next datagram.
  [[nodiscard]] Result<Datagram> receive_from(Timeout timeout = Timeout::infinity());

  [[nodiscard]] Result<Endpoint> local_endpoint() const;
  [[nodiscard]] bool is_open() const noexcept;
  void close() noexcept { socket_.reset(); }
  [[nodiscard]] int descriptor() const noexcept;

 private:
  explicit UdpSocket(detail::DescriptorPtr socket) noexcept : socket_(std::move(socket)) {}
  detail::DescriptorPtr socket_;
};

}  // namespace pulpo
