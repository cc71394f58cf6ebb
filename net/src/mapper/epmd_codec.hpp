// SPDX-License-Identifier: Apache-2.0
//
// EPMD's wire format: requests and replies as bytes, and nothing else (EPMD-2 … EPMD-12).
//
// A request is its length (16 bits) and its body, whose first byte is its kind. Replies have no length: they end at a
// fixed size (registration, look-up) or where the mapper closes (the texts). All integers are big-endian.
//
//   Bounds     kRequestSizeMax, kNameCharactersMax, kNameBytesMax, kExtraBytesMax: the reference daemon's.
//   Ownership  Decoded values own their bytes.
//   Threads    Any: pure functions.
//   Errors     decode_…(): Errc::bad_message, with what was wrong; the mapper closes without an answer then. What is well
//              formed and yet not acceptable (refusal_of) is answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "pulpo/bytes.hpp"
#include "pulpo/result.hpp"

namespace pulpo::mapper {

inline constexpr std::uint16_t kDefaultPort = 4369;
inline constexpr std::size_t kRequestSizeMax = 3057;        ///< EPMD-2: 3058 and more closes.
inline constexpr std::size_t kNameCharactersMax = 255;      ///< EPMD-4: what an atom holds.
inline constexpr std::size_t kNameBytesMax = 1020;          ///< EPMD-4: 255 characters of four bytes.
inline constexpr std::size_t kExtraBytesMax = 1020;         ///< EPMD-4.
inline constexpr std::uint32_t kRefusedCreation = 99;       ///< EPMD-5: stands where a refusal has no creation.
inline constexpr std::uint32_t kSmallestCreation = 4;       ///< EPMD-7: 0 to 3 are never given.
inline constexpr std::uint8_t kNormalNode = 77;             ///< EPMD-4: seen by the others.
inline constexpr std::uint8_t kHiddenNode = 72;             ///< EPMD-4.
inline constexpr std::string_view kPulpoExtra = "pulpo/1";  ///< Marks a node that speaks our protocol.

enum class RequestKind : std::uint8_t {
  alive = 120,        ///< 'x': register, and stay connected (EPMD-4).
  port_please = 122,  ///< 'z': where is this name (EPMD-8).
  names = 110,        ///< 'n': all names, for people (EPMD-9).
  dump = 100,         ///< 'd': the same with more detail (EPMD-10).
  kill = 107,         ///< 'k': end the mapper (EPMD-11).
  stop = 115,         ///< 's': take a name away (EPMD-12).
};

/// What a node says of itself when it registers, and what a look-up returns.
struct NodeRecord {
  std::uint16_t port = 0;
  std::uint8_t type = kNormalNode;
  std::uint8_t protocol = 0;  ///< 0: TCP over IP.
  std::uint16_t highest = 6;  ///< The range of Erlang's handshake versions that it knows.
  std::uint16_t lowest = 5;
  std::string name = {};   ///< The part before '@'.
  std::string extra = {};  ///< Opaque to the mapper.

  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

struct Request {
  RequestKind kind = RequestKind::names;
  NodeRecord node = {};  ///< alive: all of it; port_please, stop: its name.
};

// --- Requests ----------------------------------------------------------------------------------
/// The request with its length in front, ready to be sent.
[[nodiscard]] std::string encode_request(const Request& request);
/// Reads a body, without its length.
[[nodiscard]] Outcome<Request> decode_request(ByteView body);
/// Why a well-formed registration must be refused (EPMD-5: name too long, not UTF-8 …), in words; nullptr when it need not.
[[nodiscard]] const char* refusal_of(const NodeRecord& node);

// --- Replies -----------------------------------------------------------------------------------
struct AliveReply {
  bool accepted = false;
  std::uint32_t creation = kRefusedCreation;
};
/// The form depends on `highest`, the asker's newest handshake version (EPMD-5); old ones get creation mod 3 + 1 (EPMD-7).
[[nodiscard]] std::string encode_alive_reply(std::uint16_t highest, const AliveReply& reply);
/// Nothing while `bytes` are too few to tell.
[[nodiscard]] Outcome<std::optional<AliveReply>> decode_alive_reply(ByteView bytes);

/// The reply to a look-up; nullptr stands for a name that nobody has (EPMD-8).
[[nodiscard]] std::string encode_port_reply(const NodeRecord* node);
/// Nothing while `bytes` are too few to tell; Errc::not_found when the mapper does not know the name.
[[nodiscard]] Outcome<std::optional<NodeRecord>> decode_port_reply(ByteView bytes);

/// The port of the mapper, which precedes the text of names and dump (EPMD-9).
[[nodiscard]] std::string encode_port_word(std::uint16_t port);

/// The replies to names and dump: the mapper's own port, and text.
struct TextReply {
  std::uint32_t port = 0;
  std::string lines;
};
/// Reads a whole reply, once the mapper has closed.
[[nodiscard]] Outcome<TextReply> decode_text_reply(ByteView bytes);

/// How many characters `text` has; nothing when it is not UTF-8 (shortest forms only, no surrogates).
[[nodiscard]] std::optional<std::size_t> utf8_length(ByteView text);
/// `name` for a log line: what is not printable ASCII as \xNN, cut after 64 bytes, since it comes from a stranger.
[[nodiscard]] std::string printable(ByteView name);

}  // namespace pulpo::mapper
