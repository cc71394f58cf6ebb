// SPDX-License-Identifier: Apache-2.0
//
// Heartbeat: says on a connection that we live, and notices when the peer does not (NODE-40).
//
// Four times in the net tick time it looks: where nothing was sent since the last look, a record without frames leaves; where nothing came
// for four looks in a row, the peer is taken for dead. Looks are counted, and not the time between them: a core that stood still looks
// once when it goes on, after it has read what had come meanwhile, and so does not take its own sleep for the peer's.
//
//   Order      Ends the connection with Cause::silent.
//   Ownership  Borrows loop and connection; goes before they do.
//   Threads    The loop's.
//   Cost       A timer; 5 to 30 bytes each quarter of the tick time on a link that is idle, nothing on a busy one.
#pragma once

#include <cstdint>

#include "io/loop.hpp"
#include "link/connection.hpp"

namespace pulpo::links {

class Heartbeat final : private io::Timer {
 public:
  /// net_tickintensity: looks in a tick time (section K).
  static constexpr unsigned kIntensity = 4;
  /// Of a record without frames, its numbers at their longest, and its seal.
  static constexpr std::uint64_t kTickBytesMax = 64;

  /// Of an established connection; the two ends agree on `tick_time` in the handshake.
  Heartbeat(io::Loop& loop, Connection& connection, Duration tick_time);

 private:
  void expired() override;
  void arm();

  io::Loop& loop_;
  Connection& connection_;
  Duration pause_;
  std::uint64_t received_ = 0;  ///< Bytes, at the last look.
  std::uint64_t sent_ = 0;
  unsigned silent_looks_ = 0;
};

}  // namespace pulpo::links
