// SPDX-License-Identifier: Apache-2.0
#include "io/sim_udp.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "io/sim_address.hpp"

namespace pulpo::io {
namespace {

/// What fits UDP over IPv4.
constexpr std::size_t kBytesMax = 65'507;

bool is_to_many(const Address& address) noexcept { return sim::is_multicast(address) || sim::is_broadcast(address); }

}  // namespace

// --- Sockets ---------------------------------------------------------------------------------------

bool SimUdp::is_taken(HostNumber host, const Address& address, const DatagramOptions& options) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const std::unique_ptr<Socket>& other) {
    return other && other->host == host && !(other->options.reuse_address && options.reuse_address) &&
           sim::collide(address, options.v6_only, other->address, other->options.v6_only);
  });
}

std::uint16_t SimUdp::free_port(HostNumber host) {
  do {
    last_port_ =
        last_port_ < sim::kFirstPort || last_port_ == sim::kLastPort ? sim::kFirstPort : static_cast<std::uint16_t>(last_port_ + 1);
  } while (is_taken(host, Address::any_v6(last_port_), {}));
  return last_port_;
}

int SimUdp::bind(HostNumber host, const Address& address, const DatagramOptions& options, SimOwner& owner, Handle handle) {
  if (address.family() == AF_UNSPEC) return -EAFNOSUPPORT;
  if (!is_to_many(address) && sim::host_of(address, host, wire_.hosts()) != host) return -EADDRNOTAVAIL;
  Address bound = address;
  if (bound.port() == 0) bound.set_port(free_port(host));
  if (is_taken(host, bound, options)) return -EADDRINUSE;
  const auto number = static_cast<int>(sockets_.size());
  Socket& socket = *sockets_.emplace_back(std::make_unique<Socket>());
  socket.host = host;
  socket.address = bound;
  socket.options = options;
  socket.owner = &owner;
  socket.handle = handle;
  return number;
}

int SimUdp::join(int number, const Address& group) {
  if (!sim::is_multicast(group)) return -EINVAL;
  auto& groups = sockets_[static_cast<std::size_t>(number)]->groups;
  if (std::any_of(groups.begin(), groups.end(), [&](const Address& one) { return one.same_host(group); })) return -EADDRINUSE;
  groups.push_back(group);
  return 0;
}

void SimUdp::close(int number) { sockets_[static_cast<std::size_t>(number)].reset(); }

short SimUdp::poll(int number) const {
  return static_cast<short>((sockets_[static_cast<std::size_t>(number)]->waiting.empty() ? 0 : POLLIN) | POLLOUT);
}

bool SimUdp::read(int number, Datagram& into) {
  Socket& socket = *sockets_[static_cast<std::size_t>(number)];
  if (socket.waiting.empty()) return false;
  into = std::move(socket.waiting.front());
  socket.waiting.pop_front();
  socket.waiting_bytes -= into.bytes->size();
  return true;
}

// --- On their way ----------------------------------------------------------------------------------

void SimUdp::trace(const UnderWay& what, const char* kind) {
  if (wire_.is_traced()) wire_.trace(what.from_host, what.to_host, 0, kind, what.datagram.bytes->size(), *what.datagram.bytes);
}

int SimUdp::send(int number, ByteView bytes, const Address& to) {
  const Socket& socket = *sockets_[static_cast<std::size_t>(number)];
  if (to.family() == AF_UNSPEC) return -EDESTADDRREQ;
  if (bytes.size() > kBytesMax) return -EMSGSIZE;
  if (sim::is_broadcast(to) && !socket.options.broadcast) return -EACCES;
  Address from = socket.address;
  if (sim::is_unspecified(from) || is_to_many(from)) {
    from = to.is_loopback() ? (to.family() == AF_INET6 ? Address::parse("::1", 0).value() : Address::loopback_v4(0))
                            : sim::address_of(socket.host, 0);
    from.set_port(socket.address.port());
  }
  const Datagram datagram{.from = from, .bytes = std::make_shared<const std::string>(bytes)};
  if (!is_to_many(to)) {
    send_to_host(socket.host, sim::host_of(to, socket.host, wire_.hosts()), to, datagram);
  } else {
    const bool reaches_itself = sim::is_broadcast(to) || socket.options.multicast_loop;
    for (HostNumber host = 0; host < wire_.hosts(); ++host) {
      if (host != socket.host || reaches_itself) send_to_host(socket.host, host, to, datagram);
    }
  }
  return static_cast<int>(bytes.size());
}

void SimUdp::send_to_host(HostNumber from, HostNumber to_host, const Address& to, const Datagram& datagram) {
  const SimOptions& options = wire_.options();
  UnderWay what{.from_host = from, .to_host = to_host, .to = to, .datagram = datagram};
  const bool is_lost =
      to_host == SimWire::kNoHost || !wire_.is_open(from, to_host) || (from != to_host && happens(options.datagram_loss_permille));
  if (is_lost) return trace(what, "datagram-lost");
  const bool is_twice = from != to_host && happens(options.datagram_twice_permille);
  for (int copy = 0; copy < (is_twice ? 2 : 1); ++copy) {
    SimEvent event;
    event.kind = SimEvent::Kind::datagram;
    if (free_.empty()) {
      event.connection = static_cast<std::uint32_t>(under_way_.size());
      under_way_.push_back(what);
    } else {
      event.connection = free_.back();
      free_.pop_back();
      under_way_[event.connection] = what;
    }
    wire_.schedule(event, wire_.now() + wire_.draw_delay(from, to_host));
  }
}

bool SimUdp::is_for(const Socket& socket, const Address& to) noexcept {
  if (!is_to_many(to)) return sim::is_bound_to(socket.address, socket.options.v6_only, to);
  if (socket.address.port() != to.port()) return false;
  const bool takes_family =
      sim::is_any_v6(socket.address) ? !(socket.options.v6_only && sim::v4_of(to) != 0) : socket.address.family() == to.family();
  if (!takes_family || (!sim::is_unspecified(socket.address) && !socket.address.same_host(to))) return false;
  if (sim::is_broadcast(to)) return true;
  return std::any_of(socket.groups.begin(), socket.groups.end(), [&](const Address& group) { return group.same_host(to); });
}

void SimUdp::arrive(Socket& socket, const UnderWay& what) {
  // A datagram of no bytes takes room, too; Linux counts some 768 bytes for any.
  constexpr std::size_t kOverhead = 768;
  const std::size_t room = socket.waiting.size() * kOverhead + socket.waiting_bytes + what.datagram.bytes->size();
  if (room > wire_.options().datagram_buffer_bytes) return trace(what, "datagram-dropped");
  socket.waiting.push_back(what.datagram);
  socket.waiting_bytes += what.datagram.bytes->size();
  socket.owner->readable(socket.handle);
}

void SimUdp::handle(const SimEvent& event) {
  const UnderWay what = std::exchange(under_way_[event.connection], {});
  free_.push_back(event.connection);
  if (!wire_.is_open(what.from_host, what.to_host)) return trace(what, "datagram-lost");
  trace(what, "datagram");
  const bool is_for_all = is_to_many(what.to);
  for (std::size_t number = 0; number < sockets_.size(); ++number) {
    Socket* const socket = sockets_[number].get();
    if (socket == nullptr || socket->host != what.to_host || !is_for(*socket, what.to)) continue;
    arrive(*socket, what);
    if (!is_for_all) return;
  }
}

}  // namespace pulpo::io
