// SPDX-License-Identifier: Apache-2.0
#include "link/handshake.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <optional>

#include "link/cpace.hpp"
#include "link/node_name.hpp"
#include "link/sodium_bytes.hpp"
#include "pulpo/assert.hpp"
#include "pulpo/log.hpp"
#include "wire/messages.hpp"

namespace pulpo::links {
namespace {

constexpr std::size_t kNonceBytes = 16;
constexpr std::size_t kDetailBytesMax = 200;  // Of a peer's refusal: a line for a person.

using Key = Handshake::Key;

ByteView view(const Key& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }

/// BLAKE2b-256, keyed when there is a key.
Key hash(ByteView message, ByteView key = {}) {
  Key out{};
  crypto_generichash(out.data(), out.size(), sodium_bytes(message), message.size(), key.empty() ? nullptr : sodium_bytes(key), key.size());
  return out;
}

/// What a peer says, fit for our log: printable ASCII of bounded length.
std::string printable(std::string text) {
  if (text.size() > kDetailBytesMax) text.resize(kDetailBytesMax);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return text;
}

std::string channel_identifier(std::string_view initiator, std::string_view responder) {
  std::string text;
  append_lv(text, "pulpo");
  append_lv(text, fmt::format("{}", kProtocolVersion));
  append_lv(text, "initiator");
  append_lv(text, initiator);
  append_lv(text, "responder");
  append_lv(text, responder);
  return text;
}

}  // namespace

struct Handshake::Secrets {
  std::optional<Cpace> pake;
  Key transcript{};  ///< Hash of all that was said before the confirmations.
  Key confirm_initiator{};
  Key confirm_responder{};
  Key seal_initiator{};
  Key seal_responder{};

  Secrets() = default;
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;
  ~Secrets() { forget(); }
  void forget() noexcept {
    for (auto* const key : {&confirm_initiator, &confirm_responder, &seal_initiator, &seal_responder}) wipe(key->data(), key->size());
  }

  void derive(const Isk& isk) {
    const ByteView secret(reinterpret_cast<const char*>(isk.data()), isk.size());
    confirm_initiator = hash("pulpo/1 confirm initiator", secret);
    confirm_responder = hash("pulpo/1 confirm responder", secret);
    seal_initiator = hash("pulpo/1 seal initiator to responder", secret);
    seal_responder = hash("pulpo/1 seal responder to initiator", secret);
  }
  [[nodiscard]] Key initiators_confirmation() const { return hash(view(transcript), view(confirm_initiator)); }
  [[nodiscard]] Key responders_confirmation() const {
    std::string said(view(transcript));
    const auto initiators = initiators_confirmation();
    said.append(view(initiators));
    return hash(said, view(confirm_responder));
  }
};

Handshake::Handshake(Role role, const Identity& self, std::string_view target, const Cookies& cookies, Random& random)
    : role_(role), self_(self), target_(target), cookies_(cookies), random_(random), secrets_(std::make_unique<Secrets>()) {
  PULPO_ASSERT(role == Role::dial || target.empty());
}

Handshake::~Handshake() = default;

const Handshake::Key& Handshake::send_key() const noexcept {
  PULPO_ASSERT(state_ == State::done);
  return is_initiator() ? secrets_->seal_initiator : secrets_->seal_responder;
}
const Handshake::Key& Handshake::receive_key() const noexcept {
  PULPO_ASSERT(state_ == State::done);
  return is_initiator() ? secrets_->seal_responder : secrets_->seal_initiator;
}

void Handshake::forget_keys() noexcept { secrets_->forget(); }

std::string Handshake::hello_bytes() {
  own_nonce_.resize(kNonceBytes);
  random_.fill(own_nonce_.data(), own_nonce_.size());
  const auto tick_time = std::chrono::duration_cast<std::chrono::milliseconds>(self_.tick_time).count();
  return wire::write_hello({.version = kProtocolVersion,
                            .name = self_.name,
                            .creation = self_.creation,
                            .hidden = self_.hidden,
                            .features = self_.features,
                            .nonce = own_nonce_,
                            .target = target_,
                            .tick_time_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(tick_time, 1, UINT32_MAX))});
}

Handshake::Step Handshake::start() {
  PULPO_ASSERT(state_ == State::start);
  if (!is_initiator()) {
    state_ = State::hello;
    return Step::more;
  }
  own_hello_ = hello_bytes();
  wire::append_part(output_, wire::StreamField::hello, own_hello_);
  state_ = State::challenge;
  return Step::more;
}

Handshake::Step Handshake::receive(ByteView& input) {
  for (;;) {
    switch (state_) {
      case State::deciding:
        return Step::admit;
      case State::choosing:
        return Step::choose;
      case State::done:
        return Step::established;
      case State::failed:
        return Step::failed;
      default:
        break;
    }
    if ((state_ == State::hello || state_ == State::challenge) && wire::may_be_erlang(input)) {
      if (!wire::is_erlang(input)) return Step::more;
      return fail(Cause::speaks_erlang, "the peer speaks Erlang's distribution protocol, and this is a pulpo node", false);
    }
    const auto part = wire::next_part(input, kMessageBytesMax);
    if (part.step == wire::StreamStep::more) return Step::more;
    // Who began with other bytes than ours would not understand an answer.
    if (part.step == wire::StreamStep::bad) return fail(Cause::malformed, part.why, state_ != State::hello && state_ != State::challenge);
    const auto step = take(part.field, part.body);
    input.remove_prefix(part.size);
    if (step != Step::more) return step;
  }
}

Handshake::Step Handshake::take(wire::StreamField field, ByteView body) {
  using wire::StreamField;
  if (field == StreamField::refusal) return on_refusal(body);
  if (state_ == State::hello && field == StreamField::hello) return on_hello(body);
  if (state_ == State::challenge && field == StreamField::challenge) return on_challenge(body);
  if (state_ == State::proof && field == StreamField::proof) return on_proof(body);
  if (state_ == State::confirmation && field == StreamField::confirmation) return on_confirmation(body);
  return fail(Cause::malformed, fmt::format("message {} of the handshake came out of turn", static_cast<unsigned>(field)), true);
}

Handshake::Step Handshake::fail(Cause cause, std::string detail, bool tell) {
  if (tell) {
    wire::append_part(output_, wire::StreamField::refusal,
                      wire::write_refusal({.code = static_cast<std::uint32_t>(cause), .detail = detail}));
  }
  state_ = State::failed;
  secrets_ = std::make_unique<Secrets>();
  ending_ = {.cause = cause, .fault = {.code = errc_of(cause), .where = "handshake", .detail = std::move(detail)}};
  return Step::failed;
}

bool Handshake::meet(ByteView body, std::string& target) {
  const auto hello = wire::read_hello(body);
  if (!hello) {
    fail(Cause::malformed, hello.error().detail, true);
    return false;
  }
  if (hello->version != kProtocolVersion) {
    fail(Cause::version,
         fmt::format("{} speaks version {} of pulpo's protocol, the peer version {}", self_.name, kProtocolVersion, hello->version), true);
    return false;
  }
  // NODE-34: a malformed name gets no answer.
  if (!is_node_name(hello->name) || hello->nonce.size() != kNonceBytes) {
    fail(Cause::malformed, "a hello without a node's name or without a nonce", false);
    return false;
  }
  if ((self_.features & hello->features & kRecordFormats) == 0) {
    fail(Cause::not_allowed, "no record format in common: one side does not seal, and the other does not allow plain links", true);
    return false;
  }
  peer_.name = hello->name;
  peer_.creation = hello->creation;
  peer_.hidden = hello->hidden;
  peer_.features = hello->features & self_.features;
  peer_.tick_time = std::max<Duration>(self_.tick_time, std::chrono::milliseconds(hello->tick_time_ms));
  peer_hello_ = body;
  peer_nonce_ = hello->nonce;
  target = hello->target;
  return true;
}

void Handshake::begin_pake() {
  const bool first = is_initiator();
  std::string nonces;
  append_lv(nonces, first ? own_nonce_ : peer_nonce_);
  append_lv(nonces, first ? peer_nonce_ : own_nonce_);
  const auto session = hash(nonces);
  const auto channel = first ? channel_identifier(self_.name, peer_.name) : channel_identifier(peer_.name, self_.name);
  secrets_->pake.emplace(cookies_.cookie_for(peer_.name), channel, view(session), random_);
}

bool Handshake::end_pake(ByteView peer_share, ByteView challenge) {
  const bool first = is_initiator();
  auto& pake = *secrets_->pake;
  const ByteView own_share(reinterpret_cast<const char*>(pake.share().data()), kShareBytes);
  // All that was said: both hellos and the responder's share (in its challenge), then the initiator's share.
  std::string said;
  append_lv(said, "pulpo/1 transcript");
  append_lv(said, first ? own_hello_ : peer_hello_);
  append_lv(said, challenge);
  append_lv(said, first ? own_share : peer_share);
  secrets_->transcript = hash(said);
  Isk isk{};
  const bool good = pake.finish(first ? Cpace::Side::initiator : Cpace::Side::responder, own_hello_, peer_share, peer_hello_, random_, isk);
  secrets_->derive(isk);
  wipe(isk.data(), isk.size());
  return good;
}

Handshake::Step Handshake::on_hello(ByteView body) {
  std::string target;
  if (!meet(body, target)) return Step::failed;
  // Empty: A dials an address, of which a beacon or a mapper told, and hears the name from us.
  if (!target.empty() && target != self_.name)
    return fail(Cause::wrong_name, fmt::format("this is {}, not {}", self_.name, printable(target)), true);
  if (peer_.name == self_.name) return fail(Cause::not_allowed, "that is this node's own name", true);  // NODE-33
  own_hello_ = hello_bytes();
  begin_pake();
  const auto& share = secrets_->pake->share();
  challenge_ = wire::write_challenge({.hello = own_hello_, .share = std::string(share.begin(), share.end())});
  wire::append_part(output_, wire::StreamField::challenge, challenge_);
  state_ = State::proof;
  return Step::more;
}

Handshake::Step Handshake::on_challenge(ByteView body) {
  const auto challenge = wire::read_challenge(body);
  if (!challenge) return fail(Cause::malformed, challenge.error().detail, true);
  std::string unused;
  if (!meet(challenge->hello, unused)) return Step::failed;
  if (!target_.empty() && peer_.name != target_)
    return fail(Cause::wrong_name, fmt::format("{} answered instead of {}", peer_.name, target_), true);
  if (peer_.name == self_.name) return fail(Cause::not_allowed, "that is this node's own name", true);  // NODE-33
  if (target_.empty()) {
    kept_challenge_ = body;
    state_ = State::choosing;
    return Step::choose;
  }
  return answer(body);
}

Handshake::Step Handshake::go_on() {
  PULPO_ASSERT(state_ == State::choosing);
  return answer(std::exchange(kept_challenge_, {}));
}

Handshake::Step Handshake::answer(ByteView body) {
  const auto challenge = wire::read_challenge(body);
  begin_pake();
  // A share that is none makes keys that nobody has: our proof is then refused, as with another cookie.
  (void)end_pake(challenge->share, body);
  const auto& share = secrets_->pake->share();
  const auto confirmation = secrets_->initiators_confirmation();
  wire::append_part(output_, wire::StreamField::proof,
                    wire::write_proof({.share = std::string(share.begin(), share.end()), .confirmation = std::string(view(confirmation))}));
  state_ = State::confirmation;
  return Step::more;
}

Handshake::Step Handshake::on_proof(ByteView body) {
  const auto proof = wire::read_proof(body);
  if (!proof) return fail(Cause::malformed, proof.error().detail, true);
  const bool good_share = end_pake(proof->share, challenge_);
  const auto expected = secrets_->initiators_confirmation();
  const bool equal =
      proof->confirmation.size() == expected.size() && sodium_memcmp(proof->confirmation.data(), expected.data(), expected.size()) == 0;
  if (!equal || !good_share) {
    proof_refused_ = true;
    log::error("** Connection attempt from node {} rejected. Invalid challenge reply. **", node_name_text(peer_.name));  // NODE-17
    return fail(Cause::cookie_refused, "the cookies differ", true);
  }
  state_ = State::deciding;
  return Step::admit;
}

Handshake::Step Handshake::on_confirmation(ByteView body) {
  const auto confirmation = wire::read_confirmation(body);
  if (!confirmation) return fail(Cause::malformed, confirmation.error().detail, true);
  const auto expected = secrets_->responders_confirmation();
  if (confirmation->size() != expected.size() || sodium_memcmp(confirmation->data(), expected.data(), expected.size()) != 0) {
    log::error("** Connection attempt to node {} cancelled. Invalid challenge ack. **", node_name_text(peer_.name));  // NODE-17
    return fail(Cause::cookie_refused, "the peer accepted our proof, but its own is wrong", true);
  }
  state_ = State::done;
  return Step::established;
}

Handshake::Step Handshake::accept() {
  PULPO_ASSERT(state_ == State::deciding);
  const auto confirmation = secrets_->responders_confirmation();
  wire::append_part(output_, wire::StreamField::confirmation, wire::write_confirmation(view(confirmation)));
  state_ = State::done;
  return Step::established;
}

Handshake::Step Handshake::refuse(Cause cause, std::string_view detail) {
  PULPO_ASSERT(state_ == State::deciding || state_ == State::choosing || state_ == State::start);
  return fail(cause, std::string(detail), true);
}

Handshake::Step Handshake::on_refusal(ByteView body) {
  const auto refusal = wire::read_refusal(body);
  if (!refusal) return fail(Cause::malformed, refusal.error().detail, false);
  const bool known =
      refusal->code >= static_cast<std::uint32_t>(Cause::cookie_refused) && refusal->code <= static_cast<std::uint32_t>(Cause::stopping);
  const auto cause = known ? static_cast<Cause>(refusal->code) : Cause::not_allowed;
  return fail(cause, fmt::format("the peer refused: {}", refusal->detail.empty() ? to_string(cause) : printable(refusal->detail)), false);
}

}  // namespace pulpo::links
