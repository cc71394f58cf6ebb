// SPDX-License-Identifier: Apache-2.0
//
// CPace over ristretto255 and SHA-512 (draft-irtf-cfrg-cpace): two sides that know the same password agree on a strong key,
// and nobody who watches or meddles can test guesses off line.
//
//   Ownership  Secrets live in Cpace and are wiped with it; what is returned is the caller's to wipe.
//   Threads    Any, one at a time.
//   Errors     finish() is false when the peer's share does not decode, or is the identity: the peer must then get the same
//              answer, after the same work, as one with another password.
//   Cost       Two scalar multiplications in all: 0.1 ms on a PC, some ms on an ARMv7 board.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/random.hpp"
#include "pulpo/bytes.hpp"

namespace pulpo::links {

inline constexpr std::size_t kShareBytes = 32;
using Share = std::array<unsigned char, kShareBytes>;
using Isk = std::array<unsigned char, 64>;

/// Overwrites `bytes` in a way that the compiler keeps.
void wipe(void* bytes, std::size_t size) noexcept;
inline void wipe(std::string& bytes) noexcept { wipe(bytes.data(), bytes.size()); }

/// Appends the length of `bytes` as LEB128, then themselves.
void append_lv(std::string& to, ByteView bytes);

class Cpace {
 public:
  /// `password` is the draft's PRS, `channel` its CI, `session` its sid.
  Cpace(ByteView password, ByteView channel, ByteView session, Random& random);
  /// With a given scalar instead of a random one: for the draft's test vectors.
  Cpace(ByteView password, ByteView channel, ByteView session, const std::array<unsigned char, 32>& scalar);
  Cpace(const Cpace&) = delete;
  Cpace& operator=(const Cpace&) = delete;
  ~Cpace();

  /// What to send: Y = y * g.
  [[nodiscard]] const Share& share() const noexcept { return share_; }
  [[nodiscard]] const std::array<unsigned char, 32>& generator() const noexcept { return generator_; }

  enum class Side : unsigned char { initiator, responder };
  /// The key that both sides get. `own_data` and `peer_data` are the draft's ADs. On false `isk` is filled with random bytes,
  /// so that what is computed from it is as much work and as wrong as with another password.
  [[nodiscard]] bool finish(Side side, ByteView own_data, ByteView peer_share, ByteView peer_data, Random& random, Isk& isk);

  /// The string that is hashed to the generator; for the tests.
  [[nodiscard]] static std::string generator_string(ByteView password, ByteView channel, ByteView session);
  /// K = scalar * share; false when that must be refused.
  [[nodiscard]] static bool multiply(const std::array<unsigned char, 32>& scalar, ByteView share, std::array<unsigned char, 32>& product);

 private:
  void begin(ByteView password, ByteView channel);
  std::string session_;
  std::array<unsigned char, 32> scalar_{};
  std::array<unsigned char, 32> generator_{};
  Share share_{};
};

}  // namespace pulpo::links
