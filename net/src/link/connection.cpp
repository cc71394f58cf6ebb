// SPDX-License-Identifier: Apache-2.0
#include "link/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "link/node_name.hpp"
#include "pulpo/log.hpp"

namespace pulpo::links {
namespace {

/// What the buffer for partial records keeps once it is empty: eight receive buffers of the loop.
constexpr std::size_t kPartialKept = 128 * 1024;
/// What is sealed for one send: eight pieces fill what an idle link keeps of a buffer (OutBuffer::kKeptMax), so that a flush of that
/// size allocates nothing. Of a longer record the rest is sealed while the peer opens these.
constexpr std::size_t kSealedAtOnce = 8 * Sealer::kPieceBytesMax;
static_assert(Sealer::room_for(kSealedAtOnce) + wire::OutBuffer::kHeadroom <= wire::OutBuffer::kKeptMax);

/// What the kernel takes beyond what it can send: a small frame waits for so much of a large message, whatever the link's speed.
constexpr std::size_t kUnsentMax = 128 * 1024;
/// And for what the peer's kernel holds before that, which may be megabytes. A gigabit needs so much for a way there and back of 2 ms.
constexpr std::size_t kUnreadMax = 256 * 1024;

Ending ending_of(Cause cause, std::string detail, int sys = 0) {
  return {.cause = cause, .fault = {.code = errc_of(cause), .sys = sys, .where = "connection", .detail = std::move(detail)}};
}

}  // namespace

Connection::Connection(io::Loop& loop, const Identity& self, const Cookies& cookies, Random& random, Owner& owner,
                       const ConnectionSettings& settings)
    : loop_(loop), self_(self), cookies_(cookies), random_(random), owner_(owner), settings_(settings) {}

Connection::~Connection() { PULPO_ASSERT(state_ == State::idle || state_ == State::ended); }

// --- Beginning ---------------------------------------------------------------------------------------------------------

void Connection::dial(const io::Address& address, std::string_view target) {
  PULPO_ASSERT(state_ == State::idle);
  role_ = Role::dial;
  address_ = address;
  handshake_.emplace(role_, self_, target, cookies_, random_);
  state_ = State::connecting;
  loop_.timers().arm(deadline_, loop_.now() + settings_.handshake_time);
  loop_.connect(connect_op_, address);
}

void Connection::accept(io::Handle handle, Admission::Slot slot) {
  PULPO_ASSERT(state_ == State::idle);
  role_ = Role::accept;
  slot_ = std::move(slot);
  if (auto address = loop_.peer_address(handle)) address_ = *std::move(address);
  handshake_.emplace(role_, self_, std::string_view{}, cookies_, random_);
  loop_.timers().arm(deadline_, loop_.now() + settings_.handshake_time);
  begin_handshake(handle);
}

void Connection::connected(const io::Completion& completion) {
  if (completion.result >= 0 && state_ == State::connecting) {
    begin_handshake(completion.result);
  } else if (completion.result >= 0) {
    loop_.close(completion.result);  // aborted while it was being made
  } else {
    end(ending_of(Cause::unreachable, fmt::format("cannot connect to {}", address_.text()), -completion.result));
  }
  finish_if_quiet();
}

void Connection::begin_handshake(io::Handle handle) {
  handle_ = handle;
  state_ = State::shaking;
  loop_.receive(receive_op_, handle_);
  advance(handshake_->start());
}

// --- The handshake -----------------------------------------------------------------------------------------------------

void Connection::advance(Handshake::Step step) {
  if (step == Handshake::Step::admit) {
    slot_.succeeded();
    const auto verdict = owner_.admit(handshake_->peer());
    if (state_ != State::shaking) return;  // the owner ended it
    step = verdict.accepted ? handshake_->accept() : handshake_->refuse(verdict.cause, verdict.detail);
  }
  if (step == Handshake::Step::choose) {
    const auto verdict = owner_.challenged(handshake_->claimed_name());
    if (state_ != State::shaking) return;  // the owner ended it
    step = verdict.accepted ? handshake_->go_on() : handshake_->refuse(verdict.cause, verdict.detail);
  }
  const auto output = handshake_->take_output();
  shaking_next_ += output;
  if (step == Handshake::Step::failed) return handshake_failed(!output.empty());
  pump();
  if (step == Handshake::Step::established) become_established();
}

void Connection::handshake_failed(bool told) {
  auto ending = handshake_->ending();
  if (handshake_->proof_refused()) {
    slot_.failed(loop_.now());
  } else {
    log_refusal(ending);
  }
  if (!told) return end(std::move(ending));
  // Our refusal shall arrive: closing at once with bytes unread would reset the connection under it. The deadline holds on.
  ending_ = std::move(ending);
  state_ = State::refusing;
  pump();
}

void Connection::become_established() {
  state_ = State::open;
  loop_.timers().cancel(deadline_);
  slot_.release();
  if (!handshake_->peer().is_plain()) {
    sealer_.emplace(handshake_->send_key(), settings_.seal);
    opener_.emplace(handshake_->receive_key(), settings_.seal);
  }
  {
    const std::lock_guard lock(sending_);
    may_tick_ = true;
  }
  handshake_->forget_keys();
  loop_.keep_alive(handle_, handshake_->peer().tick_time);
  loop_.limit_unsent(handle_, kUnsentMax);
  loop_.limit_unread(handle_, kUnreadMax);
  owner_.established(handshake_->peer());
}

void Connection::take_handshake_bytes(ByteView bytes) {
  partial_.append(bytes);
  ByteView input(partial_);
  const auto step = handshake_->receive(input);
  handshake_bytes_ += partial_.size() - input.size();
  partial_.erase(0, partial_.size() - input.size());
  if (step == Handshake::Step::more && handshake_bytes_ + partial_.size() > settings_.handshake_bytes_max) {
    const auto ending =
        ending_of(Cause::malformed, fmt::format("more than {} bytes before it was authenticated", settings_.handshake_bytes_max));
    log_refusal(ending);
    return end(ending);
  }
  advance(step);
  if (state_ != State::open || partial_.empty()) return;
  // Records that came right behind the handshake.
  const std::string rest = std::exchange(partial_, {});
  take_records(rest);
}

void Connection::log_refusal(const Ending& ending) {
  // The dialling side has somebody who asked and gets the cause; here nobody would hear of it. A peer that only
  // connects and leaves (a port scan, a health check) is not worth a line.
  if (role_ != Role::accept || ending.cause == Cause::closed_here || !slot_.may_log(loop_.now())) return;
  const auto& name = handshake_->claimed_name();
  const auto who = name.empty() ? address_.text() : fmt::format("{} at {}", node_name_text(name), address_.text());
  const bool harmless = (ending.cause == Cause::closed && bytes_received_ == 0) || ending.cause == Cause::simultaneous ||
                        ending.cause == Cause::already_connected;
  const auto level = harmless ? log::Level::debug : log::Level::warning;
  log::line(level, "Connection from {} refused: {} ({})", who, to_string(ending.cause), ending.fault.detail);
}

// --- Receiving -----------------------------------------------------------------------------------------------------------

void Connection::received(const io::Completion& completion) {
  if (completion.result > 0) {
    bytes_received_ += completion.data.size();
    if (state_ == State::shaking) {
      take_handshake_bytes(completion.data);
    } else if (state_ == State::open) {
      take_records(completion.data);
    }
  } else if (!completion.more) {
    const auto error = -completion.result;
    switch (state_) {
      case State::shaking: {
        // A node at its limits closes before it reads: to answer strangers would cost it what the limits save.
        const bool turned_away = role_ == Role::dial && bytes_received_ == 0;
        auto ending = ending_of(error == 0 ? Cause::closed : Cause::io,
                                turned_away ? "the peer ended the connection without a word; it is stopping, or busy with too many "
                                              "handshakes or wrong cookies from this address: try again in some seconds"
                                            : "the connection ended during the handshake",
                                error);
        log_refusal(ending);
        end(std::move(ending));
        break;
      }
      case State::open:
        if (opener_) {
          was_cut(error);
          break;
        }
        end(error == 0 ? ending_of(Cause::closed, fmt::format("{} closed the connection", peer().name))
                       : ending_of(Cause::io, fmt::format("receiving from {}", peer().name), error));
        break;
      case State::refusing:
        end(std::move(ending_));
        break;
      case State::closing:
        end(ending_of(Cause::closed_here, "closed by this node"));
        break;
      default:
        break;
    }
  }
  finish_if_quiet();
}

void Connection::take_records(ByteView bytes) {
  while (!bytes.empty() && state_ == State::open) {
    if (!partial_.empty()) {
      complete_partial(bytes);
      continue;
    }
    const auto part = wire::next_part(bytes, opener_ ? Opener::kBodyBytesMax : settings_.record_bytes_max);
    if (part.step == wire::StreamStep::bad) return refuse_bytes(part.why);
    if (part.step == wire::StreamStep::more) {
      partial_.assign(bytes);
      partial_need_ = part.size;
      return;
    }
    take_part(part);
    bytes.remove_prefix(part.size);
  }
}

void Connection::complete_partial(ByteView& bytes) {
  // Before its length is known a record is looked at byte by byte: it has at most six of them.
  const auto wanted = partial_need_ == 0 ? 1 : partial_need_ - partial_.size();
  const auto taken = std::min(wanted, bytes.size());
  partial_.append(bytes.substr(0, taken));
  bytes.remove_prefix(taken);
  if (partial_need_ != 0 && partial_.size() < partial_need_) return;
  const auto part = wire::next_part(partial_, opener_ ? Opener::kBodyBytesMax : settings_.record_bytes_max);
  if (part.step == wire::StreamStep::bad) return refuse_bytes(part.why);
  partial_need_ = part.size;
  if (part.step == wire::StreamStep::more) return;
  take_part(part);
  partial_.clear();
  partial_need_ = 0;
  if (partial_.capacity() > kPartialKept) partial_ = {};
}

void Connection::take_part(const wire::StreamPart& part) {
  if (opener_) return open_sealed(part);
  deliver(part);
}

void Connection::open_sealed(const wire::StreamPart& part) {
  if (part.field != wire::StreamField::sealed) return refuse_bytes("it is not sealed");
  char* const at = opened_.room(part.body.size());
  const auto opened = opener_->open(part.head(), part.body, at);
  if (!opened.verified) return refuse_bytes("its seal is not that of the next record");
  if (opened.is_goodbye()) {
    if (!opened_.empty()) return refuse_record("a goodbye inside a record");
    return end(ending_of(Cause::closed, fmt::format("{} closed the connection", peer().name)));
  }
  opened_.wrote_to(at + opened.size);
  const ByteView text(opened_.at(0), opened_.size());
  const auto record = wire::next_part(text, settings_.record_bytes_max);
  if (record.step == wire::StreamStep::more) return;
  if (record.step == wire::StreamStep::bad) return refuse_record(record.why);
  if (record.size != text.size()) return refuse_record("a sealed piece goes on beyond its record");
  deliver(record);
  opened_.clear();
}

void Connection::deliver(const wire::StreamPart& part) {
  using wire::StreamField;
  if (part.field == StreamField::record) return owner_.record(part.body);
  if (part.field != StreamField::sealed) return refuse_record("a message of the handshake after it");
  refuse_record(opener_ ? "a sealed record inside another" : "a sealed record, where both sides agreed on plain ones");
}

/// The bytes of the wire are wrong. On a sealed link somebody on the way made them so, or the peer's program is broken.
void Connection::refuse_bytes(const char* why) {
  if (!opener_) return refuse_record(why);
  end(ending_of(Cause::altered, fmt::format("a record of {} does not verify ({}): altered, replayed or out of order", peer().name, why)));
  log::error("** Connection with node {} is closed: {} **", peer().name, ending_.fault.detail);
}

/// The peer itself, proven to know the cookie, says what is no record.
void Connection::refuse_record(const char* why) {
  end(ending_of(Cause::malformed, fmt::format("{} sent what is no record: {}", peer().name, why)));
  log::error("** Connection with node {} is closed: {} **", peer().name, ending_.fault.detail);
}

// --- Sending ---------------------------------------------------------------------------------------------------------------

void Connection::flush() {
  if (state_ != State::open || (gathering_.empty() && !owner_.has_more())) return;
  flush_wanted_ = true;
  pump();
}

void Connection::flush_even_empty() {
  if (state_ != State::open) return;
  flush_wanted_ = flush_empty_ = true;
  pump();
}

void Connection::send(ByteView bytes) {
  in_flight_bytes_ = bytes.size();
  loop_.send(send_op_, handle_, bytes);
}

void Connection::seal_and_send() {
  const auto text = to_seal_.substr(0, kSealedAtOnce);
  to_seal_.remove_prefix(text.size());
  sealed_.wrote_to(sealer_->seal(text, sealed_.room(Sealer::room_for(text.size()))));
#if PULPO_FAULT != 2
  if (to_seal_.empty()) leaving_.clear();
#endif
  send({sealed_.at(0), sealed_.size()});
}

void Connection::pump() {
  const std::lock_guard lock(sending_);
  if (in_flight_bytes_ != 0) return;
  if (!shaking_next_.empty()) {
    shaking_out_ = std::exchange(shaking_next_, {});
    return send(shaking_out_);
  }
  if (!to_seal_.empty()) return seal_and_send();
  if ((state_ == State::open || state_ == State::closing) && (flush_wanted_ || owner_.has_more())) {
    if (owner_.has_more()) owner_.add_more();
    const bool something = !gathering_.empty() || flush_empty_;
    flush_wanted_ = flush_empty_ = false;
    if (something) {
      leaving_.swap(gathering_);
      const auto record = leaving_.close(owner_.stamp());
      PULPO_ASSERT(record.size() <= settings_.record_bytes_max);  // the session bounds its queue
      if (!sealer_) return send(record);
      to_seal_ = record;
      return seal_and_send();
    }
  }
  if (state_ == State::closing || state_ == State::refusing) say_goodbye();
}

void Connection::stop_ticking() {
  const std::lock_guard lock(sending_);
  may_tick_ = false;
}

void Connection::tick_for_stalled_core() {
  const std::unique_lock lock(sending_, std::try_to_lock);
  // Never between the pieces of one record; and what was not taken of the last such tick goes first, which is the loop's to do.
  if (!lock || !may_tick_ || in_flight_bytes_ != 0 || !to_seal_.empty() || !shaking_next_.empty()) return;
  wire::OutBuffer record;
  ByteView bytes = record.close(owner_.stamp());
  wire::OutBuffer sealed;
  if (sealer_) {
    sealed.wrote_to(sealer_->seal(bytes, sealed.room(Sealer::room_for(bytes.size()))));
    bytes = {sealed.at(0), sealed.size()};
  }
  const std::size_t sent = loop_.send_at_once(handle_, bytes);
  // Its number is given away: the rest leaves before anything else.
  shaking_next_.assign(bytes.substr(sent));
}

void Connection::say_goodbye() {
  if (sealer_ && !std::exchange(sealed_goodbye_, true)) {
    sealed_.wrote_to(sealer_->seal_goodbye(sealed_.room(Sealer::kOverheadMax)));
    return send({sealed_.at(0), sealed_.size()});
  }
  if (std::exchange(said_goodbye_, true)) return;
  loop_.shutdown_send(handle_);
}

void Connection::sent(const io::Completion& completion) {
  const bool record = shaking_out_.empty();
  std::unique_lock lock(sending_);
  in_flight_bytes_ = 0;
  shaking_out_.clear();
#if PULPO_FAULT == 2  // Planted: what was sent stays where more gathers, and is sent again. tests/simulation must find it.
  sealed_.clear();
  if (!flush_wanted_ && to_seal_.empty()) leaving_.clear();
#else
  if (sealer_) {
    sealed_.clear();
  } else {
    leaving_.clear();
  }
#endif
  lock.unlock();
  if (completion.result < 0) {
    // While shaking the peer's refusal may still be on its way to us: the end of what can be received decides, or the deadline.
    if (state_ == State::open && opener_) {
      was_cut(-completion.result);
    } else if (state_ == State::open || state_ == State::closing) {
      end(ending_of(Cause::io, fmt::format("sending to {}", peer().name), -completion.result));
    } else if (state_ == State::refusing) {
      end(std::move(ending_));
    }
  } else {
    bytes_sent_ += static_cast<std::uint32_t>(completion.result);
    if (state_ != State::ending) pump();
    if (record && state_ == State::open) owner_.sent();
  }
  finish_if_quiet();
}

// --- Ending ----------------------------------------------------------------------------------------------------------------

void Connection::close() {
  if (state_ == State::connecting || state_ == State::shaking) return end(ending_of(Cause::closed_here, "closed by this node"));
  if (state_ != State::open) return;
  stop_ticking();
  state_ = State::closing;
  flush_wanted_ = true;
  loop_.timers().arm(deadline_, loop_.now() + settings_.close_time);
  pump();
}

void Connection::abort(Cause cause, Fault fault) {
  PULPO_ASSERT(state_ != State::idle);
  end({.cause = cause, .fault = std::move(fault)});
}

void Connection::deadline_passed() {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(settings_.handshake_time).count();
  if (state_ == State::connecting) {
    end(ending_of(Cause::timeout, fmt::format("no connection with {} within {} ms", address_.text(), limit)));
  } else if (state_ == State::shaking) {
    auto ending = ending_of(Cause::timeout, fmt::format("the handshake did not end within {} ms", limit));
    log_refusal(ending);
    end(std::move(ending));
  } else if (state_ == State::refusing) {
    end(std::move(ending_));
  } else if (state_ == State::closing) {
    end(ending_of(Cause::closed_here, "closed by this node, before all that was queued had left"));
  }
}

/// The stream of a sealed link ended in either direction, and the peer had not said that it would.
void Connection::was_cut(int error) {
  log::warning("** Connection with node {} was cut, not closed: {} **", peer().name,
               Fault{.sys = error, .detail = "it ended without a goodbye"}.text());
  end(ending_of(Cause::cut, fmt::format("the connection with {} was cut, not closed", peer().name), error));
}

void Connection::end(Ending ending) {
  if (state_ == State::ending || state_ == State::ended) return;
  stop_ticking();
  state_ = State::ending;
  ending_ = std::move(ending);
  loop_.timers().cancel(deadline_);
  slot_.release();
  // What is pending still gets its final completion; the last of them calls finish_if_quiet().
  if (handle_ >= 0) {
    loop_.close(std::exchange(handle_, -1));
  } else {
    loop_.cancel(connect_op_);
  }
}

void Connection::finish_if_quiet() {
  if (state_ != State::ending || connect_op_.is_pending() || receive_op_.is_pending() || send_op_.is_pending()) return;
  state_ = State::ended;
  sealer_.reset();
  opener_.reset();
  // A copy: the owner may destroy this connection, and its ending with it.
  const auto ending = ending_;
  owner_.ended(ending);
}

}  // namespace pulpo::links
