// SPDX-License-Identifier: Apache-2.0
#include "link/heartbeat.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pulpo/log.hpp"

namespace pulpo::links {

Heartbeat::Heartbeat(io::Loop& loop, Connection& connection, Duration tick_time)
    : loop_(loop),
      connection_(connection),
      pause_(std::max<Duration>(tick_time / kIntensity, 1ms)),
      received_(connection.bytes_received()),
      sent_(connection.bytes_sent()) {
  arm();
}

void Heartbeat::arm() { loop_.timers().arm(*this, loop_.now() + pause_); }

void Heartbeat::expired() {
  if (!connection_.is_established()) return;  // it is closing, and has a deadline for that
  const std::uint64_t received = connection_.bytes_received();
  silent_looks_ = received == received_ ? silent_looks_ + 1 : 0;
  if (silent_looks_ == kIntensity) {
    const std::string& peer = connection_.peer().name;
    log::error("** Node {} not responding **", peer);
    log::error("** Removing (timedout) connection **");
    connection_.abort(Cause::silent, {.code = Errc::timeout,
                                      .where = "net tick",
                                      .detail = fmt::format("nothing came from {} for {} s", peer,
                                                            std::chrono::duration<double>(pause_ * kIntensity).count())});
    return;
  }
  // The tick of the last look is no reason to leave this one out.
  if (connection_.bytes_sent() - sent_ <= kTickBytesMax && !connection_.is_sending()) connection_.flush_even_empty();
  received_ = received;
  sent_ = connection_.bytes_sent();
  arm();
}

}  // namespace pulpo::links
