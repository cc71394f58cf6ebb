// SPDX-License-Identifier: Apache-2.0
//
// Fragments: a frame with a long body in pieces, between which other frames go.
//
// A fragment is a frame that begins with the number of its stream; what follows are the fields of the whole frame, as they come: the head
// and the beginning of the body in the first one, more of the body in each other. A long run of bytes (a binary) is itself cut: its
// length, parts, and its last part as the value. Definitions of atoms stand where they do in any frame, so that whatever is sent
// later, in whichever stream, may use them. The message is whole with the last value of its body.
//
//   Order      A stream's fragments in theirs. Streams and other frames are independent of each other.
//   Ownership  OutgoingStream shares the terms of its frame; IncomingStream owns what has come.
//   Threads    The link's core.
//   Bounds     FragmentLimits, which the sender keeps and the receiver checks.
//   Cost       The bytes of a binary are copied once at each end, and a third more where they arrive, for growing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "term/binary_builder.hpp"
#include "wire/frame.hpp"

namespace pulpo::wire {

struct FragmentLimits {
  /// A frame with tag and length: one receive buffer of the loop, and a length of two bytes.
  static constexpr std::size_t kBytesMax = 16 * 1024;
  /// So many messages of one direction can be on their way at a time: for each its receiver keeps some KiB at least. More wait.
  static constexpr std::size_t kStreamsMax = 64;
  /// While the unfinished messages on their way weigh more than this, the sender goes on with the oldest alone, which then ends …
  static constexpr std::size_t kSharedWeight = 256u << 20;
  /// … at the latest when it has the most bytes and terms that a message may have (256 MiB for each): so the receiver never holds more.
  static constexpr std::size_t kWeightMax = kSharedWeight + (513u << 20);
  /// What a value counts for beyond its bytes: the term that it becomes.
  static constexpr std::size_t kValueWeight = 16;
};

/// A container that is being written. Tuples, maps and bound arguments are walked by pointer: their parent keeps them alive. A list is
/// held, and asked for one element after the other, since a charlist has none to point at.
struct OpenTerm {
  const Term* at = nullptr;
  const Term* end = nullptr;
  Term list = {};
  std::size_t index = 0;
  std::size_t size = 0;  ///< Of the list, its improper tail counted.
};

/// A container that lacks elements.
struct OpenValue {
  std::uint64_t missing = 0;  ///< Values still to come.
  std::size_t first = 0;      ///< Where its values begin among those that are there.
  std::uint32_t shape = 0;    ///< The field that opened it.
};

struct FunctionHead {
  Atom module, name;
  std::uint8_t arity = 0;
};

/// What has not arrived in full: the stacks of the decoder.
struct UnfinishedBody {
  std::vector<OpenValue> open;          ///< Containers that lack elements.
  std::vector<Term> values;             ///< Elements of open containers, in order.
  std::vector<FunctionHead> functions;  ///< Of the open containers that are functions.
};

/// A message that leaves in fragments.
struct OutgoingStream {
  std::uint32_t number = 0;  ///< Below kStreamsMax; free again once the message is whole.
  Frame frame;
  std::vector<OpenTerm> levels = {};
  Term run = {};              ///< The binary that is being cut, or …
  std::string text = {};      ///< … the text of a charlist, the magnitude of an integer.
  std::uint32_t run_tag = 0;  ///< The field that it becomes; 0: none is being cut.
  std::size_t run_at = 0;
  std::size_t bytes = 0;  ///< Of its fragments so far.
  std::size_t terms = 0;
  bool begun = false;
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + terms * FragmentLimits::kValueWeight; }
};

/// A message of which fragments have come.
struct IncomingStream {
  Frame frame = {};
  UnfinishedBody body = {};
  std::optional<BinaryBuilder> run = {};
  std::size_t bytes = 0;
  std::size_t terms = 0;
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + terms * FragmentLimits::kValueWeight; }
};

}  // namespace pulpo::wire
