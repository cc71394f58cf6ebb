// SPDX-License-Identifier: Apache-2.0
//
// Encoder, Decoder: frames to bytes and back, for one direction of one connection each.
//
// The bytes are the message Frame of pulpo.proto. A body is a flat run of fields in preorder (a tuple's size, then its
// elements), so neither side recurses, whatever the peer sends. Long ones may come in fragments: wire/fragment.hpp.
//
//   Order      Frames must be decoded in the order they were encoded: atom definitions are in them.
//   Bounds     Limits below. A count that a peer claims reserves nothing: memory grows with the bytes that came.
//   Threads    The link's core.
//   Errors     encode(): Errc::bad_argument, and the buffer and the atom table are as before the call. decode():
//              Errc::bad_message, naming the field or the limit; the connection must end, its tables are undefined.
//   Cost       A request with an inline body: encode 20 ns, decode 40 ns of CPU on a 2.6 GHz EPYC (bench_wire); no allocation once
//              the buffers have grown.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "wire/atoms.hpp"
#include "wire/fragment.hpp"
#include "wire/frame.hpp"
#include "wire/out_buffer.hpp"

namespace pulpo::wire {

/// The runtime's node table, as far as pids and references of third nodes need it.
class NodeNumbers {
 public:
  struct Name {
    Atom name = {};
    std::uint32_t creation = 0;
  };
  virtual ~NodeNumbers() = default;
  /// The entry of that node in that incarnation, made when new; kOwnNode for our own. Empty when the table is full.
  [[nodiscard]] virtual std::optional<NodeIndex> index_of(Atom name, std::uint32_t creation) = 0;
  [[nodiscard]] virtual Name name_of(NodeIndex node) const = 0;
};

struct Limits {
  std::size_t message_bytes_max = 256u * 1024 * 1024;  ///< architecture.md, Defaults and limits.
  std::size_t depth_max = Term::kDepthMax;
  std::size_t terms_max = 16u * 1024 * 1024;  ///< A value takes two bytes of a message, but 16 of memory: as much again.
  std::size_t unfinished_weight_max = FragmentLimits::kWeightMax;
};

class Encoder {
 public:
  /// `peer` is the other side's entry in `nodes`.
  Encoder(NodeNumbers& nodes, NodeIndex peer, const Limits& limits = {}) noexcept : nodes_(nodes), peer_(peer), limits_(limits) {}

  /// Appends `frame` to `out`.
  Outcome<void> encode(OutBuffer& out, const Frame& frame);
  /// Appends the next fragment of `stream`, of FragmentLimits::kBytesMax at most. True: it was the last. On an error the receiver is
  /// owed encode_dropped(), if the stream has begun.
  Outcome<bool> encode_fragment(OutBuffer& out, OutgoingStream& stream);
  /// Takes a stream back: its receiver forgets what has come of it.
  static void encode_dropped(OutBuffer& out, const OutgoingStream& stream);
  [[nodiscard]] const AtomsOut& atoms() const noexcept { return atoms_; }

 private:
  friend struct EncoderRun;
  NodeNumbers& nodes_;
  NodeIndex peer_;
  Limits limits_;
  AtomsOut atoms_;
  std::vector<OpenTerm> levels_;  ///< Containers that are open; kept for its capacity.
};

class Decoder {
 public:
  Decoder(NodeNumbers& nodes, NodeIndex peer, AtomQuota& quota, const Limits& limits = {}) noexcept
      : nodes_(nodes), peer_(peer), limits_(limits), atoms_(quota) {}

  /// Reads one frame (what stands in the record's field, without tag and length) into `frame`.
  Outcome<void> decode(ByteView bytes, Frame& frame);
  /// Whether what decode() read made a frame whole; false after a fragment that is not its stream's last, and `frame` says nothing then.
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }
  [[nodiscard]] std::size_t unfinished_weight() const noexcept { return streams_weight_; }
  [[nodiscard]] const AtomsIn& atoms() const noexcept { return atoms_; }

 private:
  Outcome<void> decode_fragment(ByteView bytes, Frame& frame);
  friend struct DecoderRun;
  NodeNumbers& nodes_;
  NodeIndex peer_;
  Limits limits_;
  AtomsIn atoms_;
  UnfinishedBody body_;  ///< Of the frame that is being read; kept for its capacity.
  bool whole_ = false;
  std::array<std::unique_ptr<IncomingStream>, FragmentLimits::kStreamsMax> streams_;
  std::size_t streams_weight_ = 0;  ///< Of all of streams_.
};

}  // namespace pulpo::wire
