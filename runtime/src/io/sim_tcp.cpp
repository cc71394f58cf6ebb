// SPDX-License-Identifier: Apache-2.0
#include "io/sim_tcp.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "io/sim_address.hpp"

namespace pulpo::io {
HostNumber SimTcp::host_of(const Address& address, HostNumber self) const noexcept { return sim::host_of(address, self, wire_.hosts()); }

// --- Listeners -------------------------------------------------------------------------------------

bool SimTcp::is_taken(HostNumber host, const Address& address, bool v6_only) const {
  if (host >= listeners_of_.size()) return false;
  return std::any_of(listeners_of_[host].begin(), listeners_of_[host].end(), [&](int number) {
    const Listener& other = *listeners_[static_cast<std::size_t>(number)];
    return sim::collide(address, v6_only, other.address, other.options.v6_only);
  });
}

std::uint16_t SimTcp::free_port(HostNumber host) {
  if (ports_.size() <= host) ports_.resize(host + 1, sim::kLastPort);
  std::uint16_t& last = ports_[host];
  do {
    last = last == sim::kLastPort ? sim::kFirstPort : static_cast<std::uint16_t>(last + 1);
  } while (is_taken(host, Address::any_v6(last), false));
  return last;
}

int SimTcp::listen(HostNumber host, const Address& address, const ListenOptions& options, SimOwner& owner, Handle handle) {
  if (address.family() == AF_UNSPEC) return -EAFNOSUPPORT;
  if (host_of(address, host) != host) return -EADDRNOTAVAIL;
  Address bound = address;
  if (bound.port() == 0) bound.set_port(free_port(host));
  if (is_taken(host, bound, options.v6_only)) return -EADDRINUSE;
  const auto number = static_cast<int>(listeners_.size());
  auto& listener = *listeners_.emplace_back(std::make_unique<Listener>());
  listener.host = host;
  listener.address = bound;
  listener.options = options;
  listener.owner = &owner;
  listener.handle = handle;
  if (listeners_of_.size() <= host) listeners_of_.resize(host + 1);
  listeners_of_[host].push_back(number);
  return number;
}

int SimTcp::find_listener(HostNumber host, const Address& dialled) const {
  if (host >= listeners_of_.size()) return -1;
  for (const int number : listeners_of_[host]) {
    const Listener& listener = *listeners_[static_cast<std::size_t>(number)];
    if (sim::is_bound_to(listener.address, listener.options.v6_only, dialled)) return number;
  }
  return -1;
}

SimTcp::Socket SimTcp::accept(int listener, SimOwner& owner, Handle handle) {
  auto& waiting = listeners_[static_cast<std::size_t>(listener)]->waiting;
  const Socket socket = {.place = waiting.front(), .side = 1};
  waiting.pop_front();
  End& end = connection(socket).ends[1];
  end.state = End::State::open;
  end.owner = &owner;
  end.handle = handle;
  return socket;
}

void SimTcp::close_listener(int number) {
  auto& listener = listeners_[static_cast<std::size_t>(number)];
  for (const std::uint32_t place : listener->waiting) close_end(place, 1, true);
  std::erase(listeners_of_[listener->host], number);
  listener.reset();
}

// --- Connections -----------------------------------------------------------------------------------

SimTcp::Socket SimTcp::connect(HostNumber host, const Address& address, SimOwner& owner, Handle handle) {
  std::uint32_t place = 0;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(connections_.size());
    connections_.push_back(std::make_unique<Connection>());
  } else {
    place = free_.back();
    free_.pop_back();
    *connections_[place] = Connection{};
  }
  Connection& at = *connections_[place];
  at.serial = ++serial_;
  Address to = address;
  if (sim::is_unspecified(to)) to = to.family() == AF_INET ? Address::loopback_v4(to.port()) : Address::parse("::1", to.port()).value();
  at.ends[1].address = to;
  at.ends[1].host = host_of(to, host);
  End& near = at.ends[0];
  near.state = End::State::connecting;
  near.host = host;
  near.owner = &owner;
  near.handle = handle;
  near.address = to.is_loopback() ? to : sim::address_of(host, 0);
  near.address.set_port(free_port(host));
  dial(place);
  return {.place = place, .side = 0};
}

int SimTcp::connect_result(Socket socket) const {
  const End& end = connection(socket).ends[socket.side];
  if (end.error != 0) return -end.error;
  if (end.state == End::State::connecting) return -EINPROGRESS;
  return end.dead ? -ENOTCONN : 0;
}

int SimTcp::read(Socket socket, char* into, std::size_t size) {
  Connection& at = connection(socket);
  End& end = at.ends[socket.side];
  Flow& flow = at.flows[1 - socket.side];
  const auto got = std::min<std::uint64_t>(size, flow.arrived - flow.read);
  if (got > 0) {
    std::memcpy(into, flow.bytes.data() + flow.head, got);
    flow.head += got;
    flow.read += got;
    // Read bytes leave when they are as many as those that stay: every byte is moved once at most.
    if (flow.head * 2 >= flow.bytes.size()) {
      flow.bytes.erase(0, flow.head);
      flow.head = 0;
    }
    if (!end.dead) update_credit(socket.place, 1 - socket.side);
    return static_cast<int>(got);
  }
  if (end.error != 0) return -std::exchange(end.error, 0);
  return flow.fin_arrived || end.dead ? 0 : -EAGAIN;
}

int SimTcp::write(Socket socket, ByteView bytes) {
  Connection& at = connection(socket);
  End& end = at.ends[socket.side];
  Flow& flow = at.flows[socket.side];
  if (end.error != 0) return -std::exchange(end.error, 0);
  if (end.dead || flow.fin) return -EPIPE;
  if (bytes.empty()) return 0;
  const std::uint64_t waiting = flow.taken - flow.credit;
  const std::size_t window = wire_.options().window_bytes;
  if (waiting >= window) {
    flow.blocked = true;
    update_credit(socket.place, socket.side);
    if (at.ends[1 - socket.side].forgotten) lose(socket.place, socket.side);
    return -EAGAIN;
  }
  const auto taken = std::min<std::uint64_t>(bytes.size(), window - waiting);
  flow.bytes.append(bytes.data(), taken);
  const std::uint64_t from = flow.taken;
  flow.taken += taken;
  send_bytes(socket.place, socket.side, from);
  return static_cast<int>(taken);
}

void SimTcp::shut_down(Socket socket) {
  Connection& at = connection(socket);
  Flow& flow = at.flows[socket.side];
  if (at.ends[socket.side].state != End::State::open || at.ends[socket.side].dead || flow.fin) return;
  flow.fin = true;
  send_in_flow(socket.place, Kind::fin, socket.side);
}

void SimTcp::close(Socket socket) { close_end(socket.place, socket.side, false); }

void SimTcp::abort(Socket socket) { close_end(socket.place, socket.side, true); }

void SimTcp::close_end(std::uint32_t place, int side, bool with_reset) {
  Connection& at = *connections_[place];
  End& end = at.ends[side];
  const End::State before = end.state;
  end.state = End::State::closed;
  end.owner = nullptr;
  if (before == End::State::connecting) {
    if (at.ends[1].state == End::State::half_open) answer_reset(place, side);
  } else if (!end.dead) {
    const Flow& in = at.flows[1 - side];
    if (with_reset || in.arrived > in.read) {
      answer_reset(place, side);
    } else if (Flow& out = at.flows[side]; !out.fin) {
      out.fin = true;
      send_in_flow(place, Kind::fin, side);
    }
  }
  free_if_done(place);
}

short SimTcp::poll(Socket socket) const {
  const Connection& at = connection(socket);
  const End& end = at.ends[socket.side];
  const Flow& in = at.flows[1 - socket.side];
  const Flow& out = at.flows[socket.side];
  int events = 0;
  if (in.arrived > in.read || in.fin_arrived || end.dead) events |= POLLIN;
  if (end.dead || out.fin || (end.state == End::State::open && out.taken - out.credit < wire_.options().window_bytes)) events |= POLLOUT;
  if (end.dead || (in.fin_arrived && out.fin)) events |= POLLHUP;
  if (end.error != 0) events |= POLLERR;
  return static_cast<short>(events);
}

// --- Faults ----------------------------------------------------------------------------------------

void SimTcp::reset_connections(HostNumber a, HostNumber b) {
  for (std::uint32_t place = 0; place < connections_.size(); ++place) {
    Connection& at = *connections_[place];
    const HostNumber one = at.ends[0].host, other = at.ends[1].host;
    if (at.serial == 0 || at.severed || !((one == a && other == b) || (one == b && other == a))) continue;
    at.severed = true;
    for (const int side : {0, 1}) {
      ++at.flows[side].epoch;
      at.flows[side].lost = true;  // And no timer: it stays so.
      schedule(place, Kind::severed, side, wire_.now() + wire_.draw_delay(a, b));
    }
  }
}

void SimTcp::lose_power(HostNumber host) {
  if (host < listeners_of_.size()) {
    for (const int number : listeners_of_[host]) listeners_[static_cast<std::size_t>(number)].reset();
    listeners_of_[host].clear();
  }
  for (std::uint32_t place = 0; place < connections_.size(); ++place) {
    Connection& at = *connections_[place];
    if (at.serial == 0) continue;
    for (const int side : {0, 1}) {
      End& end = at.ends[side];
      if (end.host != host || end.state == End::State::none) continue;
      end.state = End::State::closed;
      end.forgotten = true;
      end.owner = nullptr;
      empty(at.flows[side]);
      // Who waits for room there asks from time to time whether there is some (Linux: window probes).
      if (at.flows[1 - side].blocked) lose(place, 1 - side);
      if (at.ends[1].state == End::State::half_open) at.ends[1].state = End::State::closed;
    }
    free_if_done(place);
  }
}

// --- Ends ------------------------------------------------------------------------------------------

/// What was not delivered never will be, and what is under way does not arrive.
void SimTcp::empty(Flow& flow) {
  flow.bytes.resize(flow.head + (flow.arrived - flow.read));
  flow.taken = flow.arrived;
  flow.lost = flow.fin = flow.reset = false;
  ++flow.epoch;
}

void SimTcp::end_with(std::uint32_t place, int side, int error) {
  Connection& at = *connections_[place];
  End& end = at.ends[side];
  end.dead = true;
  end.error = error;
  if (!at.severed) empty(at.flows[side]);
  trace(at, 1 - side, error == ETIMEDOUT ? "timed-out" : "reset-seen");
  tell_reader(end);
  tell_writer(end);
}

void SimTcp::free_if_done(std::uint32_t place) {
  Connection& at = *connections_[place];
  const auto is_over = [](const End& end) { return end.state == End::State::none || end.state == End::State::closed; };
  if (at.serial == 0 || !is_over(at.ends[0]) || !is_over(at.ends[1])) return;
  at.serial = 0;  // What is still under way finds nobody.
  at.flows = {};
  free_.push_back(place);
}

void SimTcp::tell_reader(const End& end) {
  if (end.owner != nullptr) end.owner->readable(end.handle);
}

void SimTcp::tell_writer(const End& end) {
  if (end.owner != nullptr) end.owner->writable(end.handle);
}

void SimTcp::trace(const Connection& at, int from_side, const char* kind, std::uint64_t size, ByteView bytes) {
  if (wire_.is_traced()) wire_.trace(at.ends[from_side].host, at.ends[1 - from_side].host, at.serial, kind, size, bytes);
}

}  // namespace pulpo::io
