// SPDX-License-Identifier: Apache-2.0
//
// MdnsQuery: the addresses of a name in `.local`, by asking everybody on the network (RFC 6762, a one-shot question).
//
// The question leaves by every interface, from a port of ours, so that whoever has the name answers to us alone ("legacy unicast"); it is
// repeated after a quarter of a second and after one, since multicast gets lost, and given up after two. We answer nobody: that is a
// daemon's matter (avahi, systemd-resolved), which has port 5353.
//
//   Ownership  The asker's. Destroying it ends the question; its function is then not called. `loop` and `random` outlive it.
//   Threads    The loop's.
//   Suspends   Never: the answer comes as one call, on the loop, not inside the constructor. The function may destroy the object.
//   Errors     timeout: nobody answered; the detail is half a sentence. bad_argument: it is no name of DNS.
//   Bounds     kSocketsMax interfaces' addresses are asked by; 16 addresses a name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "host/dns_message.hpp"
#include "io/callback_timer.hpp"
#include "io/datagram_socket.hpp"

namespace pulpo::host {

inline constexpr std::uint16_t kMdnsPort = 5353;

class MdnsQuery final : private io::DatagramSocket::Owner {
 public:
  static constexpr std::size_t kSocketsMax = 16;
  using Done = std::function<void(Outcome<std::vector<io::Address>>)>;
  /// `port` is put into the answers. Tests ask on another `mdns_port`.
  MdnsQuery(io::Loop& loop, Random& random, std::string name, std::uint16_t port, Done done, std::uint16_t mdns_port = kMdnsPort);

 private:
  struct Way {
    std::unique_ptr<io::DatagramSocket> socket;
    io::Address to;
    std::uint32_t scope = 0;  ///< What link-local addresses that come by it need.
  };
  void received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) override;
  void expired();
  void open_ways();
  void finish_found();
  void finish(Outcome<std::vector<io::Address>> outcome);

  io::Loop& loop_;
  Random& random_;
  const std::string name_;
  const std::uint16_t port_;
  Done done_;
  const std::uint16_t mdns_port_;
  std::uint16_t id_ = 0;
  std::vector<Way> ways_;
  std::vector<io::Address> found_;
  unsigned asked_ = 0;
  io::CallbackTimer<MdnsQuery> timer_{*this, &MdnsQuery::expired};
};

}  // namespace pulpo::host
