// SPDX-License-Identifier: Apache-2.0
//
// Sealer and Opener: what a link's records look like to whoever listens on the wire.
//
// The stream of records, as it would be on a plain link, is cut into pieces; each piece travels as one field `sealed` of Stream:
//
//     3a | length | ChaCha20-Poly1305 (IETF) of the piece | 16 bytes of seal
//
// One key a direction and connection, from the handshake. The nonce is the number of the piece in its direction, which both sides count
// and nobody sends: a piece that is altered, left out, repeated, moved or reflected, or from another connection, does not verify. Tag
// and length are the associated data. A piece without bytes is the goodbye: an end of the stream without it is a cut.
//
//   Order      The Opener takes pieces in the order in which the Sealer made them, and no other.
//   Ownership  Own their keys, which are overwritten at rekeying and at the end.
//   Threads    One at a time.
//   Bounds     A field has kFieldBytesMax bytes at most; longer text becomes several of kPieceBytesMax. Rekeying: SealLimits.
//   Errors     Opened::verified is false; nothing of the piece is then in the buffer, and the link must end.
//   Cost       libsodium's own: a full piece in some 10 µs on a 2.6 GHz Xeon (bench_seal). No allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "pulpo/bytes.hpp"

namespace pulpo::links {

using SealKey = std::array<unsigned char, 32>;

/// When the next key takes the present one's place. ChaCha20-Poly1305 itself would do for far more (RFC 9001, 6.6: more packets than
/// can be numbered); these bound how much of what was said before a key opens that is stolen from memory.
struct SealLimits {
  std::uint64_t records = 65'536;             ///< A link that carries nothing but a tick every 2 s: a day and a half.
  std::uint64_t bytes = 256u * 1024u * 1024;  ///< The largest message; a key costs 0.3 µs, sealing so much 0.2 s.
};

/// The key and the number of the next piece of one direction.
class SealSchedule {
 public:
  using Nonce = std::array<unsigned char, 12>;
  SealSchedule(const SealKey& key, const SealLimits& limits) noexcept;
  SealSchedule(const SealSchedule&) = delete;
  SealSchedule& operator=(const SealSchedule&) = delete;
  ~SealSchedule();

  [[nodiscard]] const unsigned char* key() const noexcept { return key_.data(); }
  /// 4 zero bytes, then the number of the piece, little-endian.
  [[nodiscard]] Nonce nonce() const noexcept;
  /// A piece with so many bytes of text is done: on to the next number, and at a limit to the next key.
  void spend(std::size_t bytes) noexcept;

 private:
  SealKey key_;
  SealLimits limits_;
  std::uint64_t number_ = 0;  ///< Never starts again: 2^64 pieces are not sent in the life of a connection.
  std::uint64_t records_left_;
  std::uint64_t bytes_left_;
};

class Sealer {
 public:
  /// A receive buffer of the loop (io::Loop, Bounds): a field that lies in one is opened where it is.
  static constexpr std::size_t kFieldBytesMax = 16 * 1024;
  static constexpr std::size_t kSealBytes = 16;
  /// What a field has beyond its text: the tag, a length of at most two bytes, the seal.
  static constexpr std::size_t kOverheadMax = 3 + kSealBytes;
  /// 31 × 512: libsodium's code for AVX2 enciphers 512 bytes at once, and what is left over block by block.
  static constexpr std::size_t kPieceBytesMax = 15'872;
  static_assert(kPieceBytesMax + kOverheadMax <= kFieldBytesMax);

  explicit Sealer(const SealKey& key, const SealLimits& limits = {}) noexcept : schedule_(key, limits) {}

  /// Room that seal() needs for `text` bytes.
  [[nodiscard]] static constexpr std::size_t room_for(std::size_t text) noexcept {
    return text + (text / kPieceBytesMax + 1) * kOverheadMax;
  }
  /// Seals `text` in as many pieces as it takes, one behind the other at `out`, which must not overlap it; returns their end.
  [[nodiscard]] char* seal(ByteView text, char* out) noexcept;
  /// Writes the goodbye; nothing may be sealed after it.
  [[nodiscard]] char* seal_goodbye(char* out) noexcept { return seal_piece({}, out); }

 private:
  char* seal_piece(ByteView piece, char* out) noexcept;
  SealSchedule schedule_;
};

class Opener {
 public:
  /// The longest body that a field `sealed` may have: its head takes three bytes.
  static constexpr std::size_t kBodyBytesMax = Sealer::kFieldBytesMax - 3;

  explicit Opener(const SealKey& key, const SealLimits& limits = {}) noexcept : schedule_(key, limits) {}

  struct Opened {
    bool verified = false;
    std::size_t size = 0;  ///< Bytes of text.
    /// The peer has said that nothing follows.
    [[nodiscard]] bool is_goodbye() const noexcept { return verified && size == 0; }
  };
  /// Opens the next piece: `head` is its tag and length as they came, `body` what they announce. The text goes to `out`, which has
  /// room for `body` and does not overlap it.
  [[nodiscard]] Opened open(ByteView head, ByteView body, char* out) noexcept;

 private:
  SealSchedule schedule_;
};

}  // namespace pulpo::links
