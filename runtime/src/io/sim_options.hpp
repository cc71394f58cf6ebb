// SPDX-License-Identifier: Apache-2.0
//
// SimOptions: what a simulated world is made of; the same options give the same world.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pulpo/time.hpp"

namespace pulpo::io {

using HostNumber = std::uint32_t;

struct SimOptions {
  std::uint64_t seed = 1;
  /// How long a segment between two hosts is on its way, drawn evenly for each: from a switch in one rack to a
  /// tired WLAN. A wide range is what reorders connections against each other.
  Duration delay_min = 20us;
  Duration delay_max = 2ms;
  /// The same within one host; bench_loop's round trip over the loopback device takes 5 us and more.
  Duration loopback_delay_min = 2us;
  Duration loopback_delay_max = 20us;
  /// Bytes of one direction that are with the "kernel": sent and not yet read by the application. Linux begins with
  /// 16 KiB to send and 128 KiB to receive (tcp_wmem, tcp_rmem) and grows both; less shows back-pressure sooner.
  std::size_t window_bytes = 128 * 1024;
  /// Of a thousand datagrams between two hosts, so many get lost, and so many arrive twice. Those within a host do neither.
  unsigned datagram_loss_permille = 0;
  unsigned datagram_twice_permille = 0;
  /// What a socket keeps of datagrams that nobody has read: Linux' default (net.core.rmem_default).
  std::size_t datagram_buffer_bytes = 208 * 1024;
  /// Wall time, for log stamps, when the virtual clock starts: 2026-01-01 00:00:00 UTC.
  std::int64_t wall_start_ns = std::int64_t{1'767'225'600} * 1'000'000'000;
};

}  // namespace pulpo::io
