// SPDX-License-Identifier: Apache-2.0
//
// The messages of the handshake, as plain structs, to and from bytes.
//
//   Ownership  What is read owns its bytes, but Challenge::hello, which is a view of those it was read from: the exact
//              bytes of a Hello are hashed into the keys.
//   Errors     read_…(): Errc::bad_message. Fields that are not known are skipped.
#pragma once

#include <cstdint>
#include <string>

#include "pulpo/bytes.hpp"
#include "pulpo/result.hpp"

namespace pulpo::wire {

struct Hello {
  std::uint32_t version = 0;
  std::string name = {};
  std::uint32_t creation = 0;
  bool hidden = false;
  std::uint64_t features = 0;
  std::string nonce = {};
  std::string target = {};
  std::uint32_t tick_time_ms = 0;
};

struct Challenge {
  ByteView hello = {};  ///< Bytes of a Hello.
  std::string share = {};
};

struct Proof {
  std::string share = {};
  std::string confirmation = {};
};

struct Refusal {
  std::uint32_t code = 0;
  std::string detail = {};
};

[[nodiscard]] std::string write_hello(const Hello& hello);
[[nodiscard]] std::string write_challenge(const Challenge& challenge);
[[nodiscard]] std::string write_proof(const Proof& proof);
[[nodiscard]] std::string write_confirmation(ByteView confirmation);
[[nodiscard]] std::string write_refusal(const Refusal& refusal);

[[nodiscard]] Outcome<Hello> read_hello(ByteView bytes);
[[nodiscard]] Outcome<Challenge> read_challenge(ByteView bytes);
[[nodiscard]] Outcome<Proof> read_proof(ByteView bytes);
[[nodiscard]] Outcome<std::string> read_confirmation(ByteView bytes);
[[nodiscard]] Outcome<Refusal> read_refusal(ByteView bytes);

}  // namespace pulpo::wire
