// SPDX-License-Identifier: Apache-2.0
//
// SimUdp: the datagrams of simulated hosts.
//
// A datagram takes its own way: late, never or twice, as SimOptions say, and before another that left earlier. What is cut, or has no
// power, when it leaves or when it would arrive, loses it. Nobody is told, as with the real ones.
//
//   Order      None.
//   Bounds     SimOptions::datagram_buffer_bytes that a socket has not read; what comes beyond is dropped.
//   Ownership  A socket is a number; whoever got it closes it once.
//   Threads    One.
//   Errors     -errno, as the system calls of the same names.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.hpp"
#include "io/sim_wire.hpp"

namespace pulpo::io {

class SimUdp {
 public:
  struct Datagram {
    Address from;
    std::shared_ptr<const std::string> bytes;
  };

  explicit SimUdp(SimWire& wire) noexcept : wire_(wire) {}

  /// The socket's number, or -errno.
  int bind(HostNumber host, const Address& address, const DatagramOptions& options, SimOwner& owner, Handle handle);
  [[nodiscard]] const Address& address(int socket) const { return sockets_[static_cast<std::size_t>(socket)]->address; }
  int join(int socket, const Address& group);
  int send(int socket, ByteView bytes, const Address& to);
  /// False when there is none.
  bool read(int socket, Datagram& into);
  [[nodiscard]] short poll(int socket) const;  ///< POLLIN, POLLOUT
  void close(int socket);

  /// One arrives.
  void handle(const SimEvent& event);

 private:
  struct Socket {
    HostNumber host = 0;
    Address address;
    DatagramOptions options;
    SimOwner* owner = nullptr;
    Handle handle = -1;
    std::vector<Address> groups;
    std::deque<Datagram> waiting;
    std::size_t waiting_bytes = 0;
  };
  struct UnderWay {
    HostNumber from_host = 0;
    HostNumber to_host = 0;
    Address to;
    Datagram datagram;
  };

  [[nodiscard]] bool is_taken(HostNumber host, const Address& address, const DatagramOptions& options) const;
  std::uint16_t free_port(HostNumber host);
  void send_to_host(HostNumber from, HostNumber to_host, const Address& to, const Datagram& datagram);
  [[nodiscard]] bool happens(unsigned permille) { return permille != 0 && wire_.draw(1000) < permille; }
  [[nodiscard]] static bool is_for(const Socket& socket, const Address& to) noexcept;
  void arrive(Socket& socket, const UnderWay& what);
  void trace(const UnderWay& what, const char* kind);

  SimWire& wire_;
  std::vector<std::unique_ptr<Socket>> sockets_;  ///< By number; null once closed.
  std::vector<UnderWay> under_way_;               ///< By SimEvent::connection.
  std::vector<std::uint32_t> free_;
  std::uint16_t last_port_ = 0;
};

}  // namespace pulpo::io
