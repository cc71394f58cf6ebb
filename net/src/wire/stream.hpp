// SPDX-License-Identifier: Apache-2.0
//
// Where one message of a Stream ends: handshake messages and records are fields of one protobuf message, each a tag byte, a
// length and its bytes.
//
//   Errors     StreamStep::bad: not a field of Stream, or a length beyond the limit, known before its bytes come.
//   Cost       A few ns; nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "pulpo/bytes.hpp"

namespace pulpo::wire {

/// Field numbers of Stream in pulpo.proto.
enum class StreamField : std::uint8_t {
  none = 0,
  hello = 1,
  challenge = 2,
  proof = 3,
  confirmation = 4,
  refusal = 5,
  record = 6,
  sealed = 7
};

enum class StreamStep : std::uint8_t { whole, more, bad };

struct StreamPart {
  StreamStep step = StreamStep::more;
  StreamField field = StreamField::none;
  ByteView body = {};    ///< When whole.
  std::size_t size = 0;  ///< Tag, length and body; 0 as long as it is unknown.
  const char* why = "";  ///< When bad.
  /// Tag and length as they came, when whole.
  [[nodiscard]] ByteView head() const noexcept { return {body.data() - (size - body.size()), size - body.size()}; }
};

/// Looks at the field at the front of `bytes`, whose body may have `body_max` bytes.
[[nodiscard]] StreamPart next_part(ByteView bytes, std::size_t body_max) noexcept;

/// Appends a field to a stream.
void append_part(std::string& stream, StreamField field, ByteView body);
/// Writes tag and length of a sealed record whose body has `body_size` bytes; returns where the body goes.
[[nodiscard]] char* write_sealed_head(std::size_t body_size, char* at) noexcept;

/// True when `bytes`, of which there may be only one so far, begin as messages of Erlang's handshake do: 00 xx, then 'N',
/// 'n' or 's'. No field of ours begins with a zero byte.
[[nodiscard]] bool may_be_erlang(ByteView bytes) noexcept;
/// The same with certainty, once three bytes are there.
[[nodiscard]] bool is_erlang(ByteView bytes) noexcept;

}  // namespace pulpo::wire
