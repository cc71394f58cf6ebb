// SPDX-License-Identifier: Apache-2.0
//
// Ending: why a connection is over, as one cause that a person can act on and the fault with its details.
#pragma once

#include <cstdint>

#include "pulpo/result.hpp"

namespace pulpo::links {

/// The first nine travel as RefusalCode in pulpo.proto, with these numbers.
enum class Cause : std::uint8_t {
  cookie_refused = 1,     ///< The two cookies differ.
  version = 2,            ///< No protocol version in common.
  wrong_name = 3,         ///< Another node than the one that was dialled answered.
  not_allowed = 4,        ///< Not on the allow list, or no record format in common.
  already_connected = 5,  ///< NODE-33: the acceptor has a connection with this node.
  simultaneous = 6,       ///< NODE-30: both dialled, and the acceptor's own attempt goes on.
  busy = 7,               ///< A limit for peers not yet authenticated; try later.
  malformed = 8,          ///< Bytes that are not our protocol.
  stopping = 9,           ///< The node is shutting down.
  speaks_erlang = 32,     ///< The peer speaks Erlang's distribution protocol.
  closed = 33,            ///< The peer closed the connection, and on a sealed link said so under seal.
  timeout = 34,           ///< The handshake did not end in time.
  unreachable = 35,       ///< connect(2) failed; Fault::sys says how.
  io = 36,                ///< A send or receive failed; Fault::sys says how.
  closed_here = 37,       ///< close() or abort() by its owner.
  cut = 38,               ///< A sealed link ended without a goodbye: the node or the way failed, or somebody on the way cut it.
  altered = 39,           ///< What came on a sealed link does not verify.
  silent = 40,            ///< Nothing came for the net tick time (NODE-41).
};

/// Half a sentence for a person, e.g. "cookie refused".
[[nodiscard]] const char* to_string(Cause cause) noexcept;

/// What a caller can do about it.
[[nodiscard]] Errc errc_of(Cause cause) noexcept;

struct Ending {
  Cause cause = Cause::closed;
  Fault fault;
};

}  // namespace pulpo::links
