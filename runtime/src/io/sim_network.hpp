// SPDX-License-Identifier: Apache-2.0
//
// SimNetwork: one simulated world for loops: hosts, what connects them, one virtual clock, and what goes wrong.
//
// Whoever drives it turns the loops that have work until none has, and then moves the clock:
//
//   while (...) {
//     for (auto& loop : loops) while (loop->has_work()) loop->turn(Loop::Wait::yes);
//     network.advance(std::min(network.next_event(), the least of the loops' next_due()));
//   }
//
//   Order      The same options and the same calls give the same world, byte for byte (trace()): nothing asks
//              the real clock, the kernel, or the address of an object.
//   Ownership  It must outlive its loops.
//   Threads    One, that of all its loops.
//   Suspends   Never.
//   Bounds     As SimOptions and SimTcp say; 65,534 hosts.
//   Cost       A segment is one event and no allocation. A small message there and back, with its driver: 1.4 us (1 M in 1.4 s
//              on a busy PC, -O2), so some 2,000 virtual seconds a second at 2 ms a round trip.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/sim_address.hpp"
#include "io/sim_disk.hpp"
#include "io/sim_loop.hpp"
#include "io/sim_options.hpp"
#include "io/sim_tcp.hpp"
#include "io/sim_udp.hpp"
#include "io/sim_wire.hpp"

namespace pulpo::io {

class SimNetwork {
 public:
  explicit SimNetwork(const SimOptions& options) : wire_(options), tcp_(wire_), udp_(wire_) {}
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;
  ~SimNetwork();

  /// A host with an address of its own (10.77.x.y). 127.0.0.0/8, ::1 and the unspecified address mean the host itself.
  HostNumber add_host();
  [[nodiscard]] Address address_of(HostNumber host, std::uint16_t port = 0) const noexcept { return sim::address_of(host, port); }
  /// One for each core of each simulated OS process on the host: any number.
  [[nodiscard]] std::unique_ptr<SimLoop> make_loop(HostNumber host);

  // --- Time ---------------------------------------------------------------------------------------
  [[nodiscard]] TimePoint now() const noexcept { return wire_.now(); }
  /// Of the network's own queue; kNever when it is empty. Loops have timers besides: SimLoop::next_due().
  [[nodiscard]] TimePoint next_event() const noexcept { return wire_.next_event(); }
  /// Sets the clock, and moves what happens up to then into the loops, which must be turned next. Never back.
  void advance(TimePoint to);

  // --- Faults: all take effect at now() -------------------------------------------------------------
  /// One way: nothing that `from` sends arrives at `to` until heal(). What was sent waits, and is sent again with
  /// growing pauses as TCP does it (up to 120 s apart), in order; after 15 tries the sender gets ETIMEDOUT. Datagrams are lost.
  void cut(HostNumber from, HostNumber to);
  void heal(HostNumber from, HostNumber to);
  /// Both ends of every connection between the two see ECONNRESET, each at its own moment; what was under way is lost.
  void reset_connections(HostNumber a, HostNumber b);
  /// kill -9: the process' sockets close and peers are told (a reset where bytes were unread, else the end of the
  /// stream), its ports are free again. Inside the loop every operation ends with -ECANCELED, and so does whatever is
  /// submitted later, so that what runs on it can be torn down. Not from inside a turn of that loop.
  void kill(SimLoop& loop);
  /// All processes of the host end without a word to anybody. What is sent to it vanishes until restore(), and is
  /// answered with a reset from then on. Not from inside a turn of one of its loops.
  void power_loss(HostNumber host);
  void restore(HostNumber host);
  [[nodiscard]] bool is_up(HostNumber host) const noexcept { return wire_.is_up(host); }
  /// SIGSTOP until then: the loop has no work and fires no timer; its "kernel" goes on to take bytes into its buffers.
  void stall(SimLoop& loop, TimePoint until);

  // --- Files and devices --------------------------------------------------------------------------
  /// See SimDisk for what its files are and are not.
  void write_file(HostNumber host, const std::string& path, ByteView bytes);
  /// Empty when there is none; has_file() tells.
  [[nodiscard]] std::string read_file(HostNumber host, const std::string& path) const;
  [[nodiscard]] bool has_file(HostNumber host, const std::string& path) const;
  /// Something to open with OpenOptions::device; stays as long as the network does.
  SimDevice& add_device(HostNumber host, const std::string& path);

  // --- Trace --------------------------------------------------------------------------------------
  /// Every event as a line of text: "12.000345678 0>1 c17 data 512 9f3c…": seconds since the start, hosts, number of the
  /// connection, what it is, how many bytes, their digest.
  void trace(std::function<void(std::string_view line)> write) { wire_.set_trace(std::move(write)); }

 private:
  friend class SimLoop;
  void forget(SimLoop& loop);
  void trace_fault(HostNumber from, HostNumber to, const char* what);

  SimWire wire_;
  SimTcp tcp_;
  SimUdp udp_;
  std::vector<SimDisk> disks_;  ///< By host.
  SimDevice::Scripts scripts_;
  std::vector<SimLoop*> loops_;  ///< In the order of their making; null where one has gone.
};

}  // namespace pulpo::io
