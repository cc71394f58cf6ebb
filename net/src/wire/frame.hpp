// SPDX-License-Identifier: Apache-2.0
//
// Frame: one signal between two nodes, as the session gives it to the encoder and gets it from the decoder.
//
// Which fields a kind carries stands beside the kind. Identifiers in a frame's head name no node on the wire, because
// their kind already does: `from` is the sender's own process, `to` the receiver's; `ref` was made by the sender in
// request, cancel, monitor, demonitor and spawn_request, and by the receiver in reply, down, spawn_reply and alias. In C++ the sender's own
// is kOwnNode while encoding, and the receiver's own is kOwnNode after decoding; the other side's carries its NodeIndex.
//
//   Ownership  The body is a Term like any other: nothing in a decoded frame points into the bytes it came from.
//   Threads    A value.
#pragma once

#include <cstdint>

#include "pulpo/atom.hpp"
#include "pulpo/pid.hpp"
#include "pulpo/term.hpp"

namespace pulpo::wire {

/// The numbers are those of FrameKind in pulpo.proto. "target" is `to`, or `to_name` when that is not nil.
enum class FrameKind : std::uint8_t {
  reply = 0,           ///< to, ref, body. Ends the monitor that the request set.
  request = 1,         ///< from, target, ref, body: a call. The target is monitored under `ref` until the reply.
  send = 2,            ///< to, body; from when known.
  send_name = 3,       ///< to_name, body; from when known.
  cancel = 4,          ///< ref: the caller gave up. No reply is wanted, and the monitor is gone.
  link = 5,            ///< from, to.
  unlink = 6,          ///< from, to, unlink_id: `to`'s node answers unlink_ack before any other signal of that pair.
  unlink_ack = 7,      ///< from, to, unlink_id of the unlink.
  exit = 8,            ///< from, to, body: a link broke, for the reason in the body.
  exit2 = 9,           ///< from, to, body: exit(to, reason).
  monitor = 10,        ///< from, target, ref.
  demonitor = 11,      ///< ref; target as in the monitor when known.
  down = 12,           ///< ref, body: what was monitored (or asked) ended, or never was (noproc); to, from when known.
  spawn_request = 13,  ///< from, ref, body {options, leader, module, name, arguments}: a process that calls that function.
  spawn_reply = 14,    ///< to, ref; from and body (its links and monitors as SpawnOption) when it began, else body: why it did not.
  alias = 15,          ///< ref, body; from when known: for whoever has made this alias.
};
inline constexpr unsigned kFrameKindCount = 16;

/// Bits of what a spawn_request wants and a spawn_reply has done; SpawnOption in pulpo.proto.
inline constexpr int kSpawnLink = 1;
inline constexpr int kSpawnMonitor = 2;
inline constexpr int kSpawnReply = 4;
inline constexpr int kSpawnReplyOnError = 8;
/// As in Erlang; Function::arity has eight bits.
inline constexpr std::size_t kSpawnArgumentsMax = 255;

/// Which queue of the link a frame waits in.
enum class Lane : std::uint8_t { small = 0, control = 1, bulk = 2 };

struct Frame {
  FrameKind kind = FrameKind::reply;
  Lane lane = Lane::small;
  Atom to_name = {};  ///< nil: none. No process can be registered as nil.
  Pid from = {};      ///< Pid{}: none.
  Pid to = {};
  Ref ref = {};
  std::uint64_t unlink_id = 0;
  Term body = {};  ///< nil for kinds without one.
};

[[nodiscard]] const char* to_string(FrameKind kind) noexcept;
/// What is wrong with the body of a spawn_request or a spawn_reply; null when nothing is, and for other kinds.
[[nodiscard]] const char* body_fault(const Frame& frame) noexcept;

}  // namespace pulpo::wire
