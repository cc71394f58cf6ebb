// SPDX-License-Identifier: Apache-2.0
//
// Handshake: two nodes prove to each other that they know the same cookie, and agree on keys.
//
// A pure state machine, bytes in and bytes out. The initiator (A, who dialled) and the responder (B):
//
//     A -> B  Hello            who A is, whom it believes it dials, a nonce
//     B -> A  Challenge        who B is, its nonce, its CPace share
//     A -> B  Proof            A's share, A's confirmation
//     B -> A  Confirmation     only when A's proof is right (else Refusal and the line in the log)
//
// PROTOCOL.md explains what is hashed into what. Neither the cookie nor anything to test guesses against off line
// crosses the wire; an impostor gets one guess a connection.
//
//   Ownership  Copies what it needs of Identity; `cookies` and `random` must outlive it. Keys and secrets are wiped.
//   Threads    One.
//   Bounds     A message may have kMessageBytesMax bytes; more is refused from its length alone.
//   Errors     Step::failed, with ending().
//   Cost       Two scalar multiplications and three hashes a side: 0.1 ms on a PC.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "link/ending.hpp"
#include "link/seal.hpp"
#include "pulpo/bytes.hpp"
#include "pulpo/time.hpp"
#include "wire/stream.hpp"

namespace pulpo::links {

inline constexpr std::uint32_t kProtocolVersion = 1;

/// What a node can do on a link. Two nodes need one record format in common; plain is taken only when both allow it.
enum Feature : std::uint64_t {
  kPlainRecords = 1u << 0,
  kSealedRecords = 1u << 1,
  kRemoteSpawn = 1u << 2,  ///< Frames of the kinds spawn_request and spawn_reply are known.
  kFragments = 1u << 3,    ///< Large messages may come in fragments.
  kAliases = 1u << 4,      ///< Frames of the kind alias are known.
};
inline constexpr std::uint64_t kRecordFormats = kPlainRecords | kSealedRecords;

/// What a node says of itself.
struct Identity {
  std::string name = {};  ///< "a@altair"; passes is_node_name().
  std::uint32_t creation = 0;
  bool hidden = false;
  std::uint64_t features = kSealedRecords;
  Duration tick_time = 8s;  ///< net_ticktime; the two use the larger of theirs.
};

/// What a node knows of an authenticated peer.
struct Peer {
  std::string name;
  std::uint32_t creation = 0;
  bool hidden = false;
  std::uint64_t features = 0;  ///< Those both have.
  Duration tick_time = 8s;     ///< The agreed one.
  /// Both allow plain records, as both have confirmed; otherwise they are sealed.
  [[nodiscard]] bool is_plain() const noexcept { return (features & kPlainRecords) != 0; }
};

/// NODE-15: one cookie of ours, and others for single peers.
class Cookies {
 public:
  virtual ~Cookies() = default;
  /// Valid until the next call; read at once and never kept.
  [[nodiscard]] virtual std::string_view cookie_for(std::string_view peer) const = 0;
};

enum class Role : std::uint8_t { dial, accept };

class Handshake {
 public:
  static constexpr std::size_t kMessageBytesMax = 2048;
  using Key = SealKey;

  enum class Step : std::uint8_t {
    more,         ///< Send what output() holds, and give it the bytes that come.
    admit,        ///< Responder only: the peer's proof is right. Say accept() or refuse().
    choose,       ///< Initiator without a target only: B has said its name, unproven: claimed_name(). Say go_on() or refuse().
    established,  ///< Send what output() holds; what follows in the stream are records.
    failed,       ///< Send what output() holds, close; ending() says why.
  };

  /// `target` is the name dialled; empty for Role::accept, and for who dials an address without knowing who listens there.
  Handshake(Role role, const Identity& self, std::string_view target, const Cookies& cookies, Random& random);
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake();

  /// Begins; the initiator then has output.
  Step start();
  /// Takes bytes from the front of `input` (removing them from the view) as far as whole messages reach and the
  /// handshake needs them; the rest is to be offered again, with more behind it.
  Step receive(ByteView& input);
  /// After Step::admit: confirms (Step::established), or refuses with `cause` (Step::failed), as may be done after Step::choose.
  Step accept();
  Step refuse(Cause cause, std::string_view detail);
  /// After Step::choose: with whom it is.
  Step go_on();

  /// What to send now; the caller takes it.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  /// From Step::admit on.
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  /// The name the peer gave, unproven; empty before its first message.
  [[nodiscard]] const std::string& claimed_name() const noexcept { return peer_.name; }
  [[nodiscard]] const Ending& ending() const noexcept { return ending_; }
  /// True when the peer's proof was wrong: a guess at the cookie.
  [[nodiscard]] bool proof_refused() const noexcept { return proof_refused_; }
  /// Established only: keys for sealing what we send and what we receive.
  [[nodiscard]] const Key& send_key() const noexcept;
  [[nodiscard]] const Key& receive_key() const noexcept;
  /// Overwrites them: what seals has its own copy, and shall be able to forget it.
  void forget_keys() noexcept;

 private:
  struct Secrets;
  enum class State : std::uint8_t { start, hello, challenge, choosing, proof, deciding, confirmation, done, failed };
  Step fail(Cause cause, std::string detail, bool tell);
  Step take(wire::StreamField field, ByteView body);
  Step on_hello(ByteView body);
  Step on_challenge(ByteView body);
  Step answer(ByteView challenge_body);
  Step on_proof(ByteView body);
  Step on_confirmation(ByteView body);
  Step on_refusal(ByteView body);
  [[nodiscard]] std::string hello_bytes();
  /// Reads the peer's hello, and fails unless we can talk with such a peer.
  bool meet(ByteView body, std::string& target);
  /// Both hellos are known: draws our share.
  void begin_pake();
  /// Both shares are known: the keys. False when the peer's share is none; the keys are then nobody's.
  [[nodiscard]] bool end_pake(ByteView peer_share, ByteView challenge);
  [[nodiscard]] bool is_initiator() const noexcept { return role_ == Role::dial; }

  Role role_;
  State state_ = State::start;
  bool proof_refused_ = false;
  Identity self_;
  std::string target_;
  const Cookies& cookies_;
  Random& random_;
  Peer peer_;
  Ending ending_;
  std::string output_;
  std::string own_hello_, peer_hello_;  ///< Bodies, byte for byte: the associated data of CPace.
  std::string own_nonce_, peer_nonce_;
  std::string challenge_;       ///< Responder: the body of its own Challenge, for the transcript.
  std::string kept_challenge_;  ///< Initiator without a target: the peer's, until go_on().
  std::unique_ptr<Secrets> secrets_;
};

}  // namespace pulpo::links
