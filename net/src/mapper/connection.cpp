// SPDX-License-Identifier: Apache-2.0
#include "mapper/connection.hpp"

#include <cerrno>

namespace pulpo::mapper {
namespace {

/// How long a name that is taken is looked at before it is refused. The end of the holder's connection, if it has come,
/// is handed out in the next turns. It may also be about to come: a process that was killed with a ring (io_uring) open is gone for
/// its parent some milliseconds before the kernel's workers have closed its sockets. Half of the 0.2 s that `erl` takes to give
/// up (NODE-3).
constexpr Duration kLookAtHolder = 100ms;

constexpr std::size_t kLengthSize = 2;

}  // namespace

Mapper::Connection::Connection(Mapper& mapper_, io::Handle handle, const io::Address& peer_) : mapper(mapper_), peer(peer_) {
  auto own = mapper.loop_.local_address(handle);
  is_local = own.has_value() && is_local_peer(peer, *own);
  stream = Stream::adopt(mapper.loop_, *this, handle);
  enter(State::reading);
}

Mapper::Connection::~Connection() { unlink(); }

void Mapper::Connection::enter(State next) {
  state = next;
  unlink();
  TimePoint deadline = mapper.loop_.now() + mapper.options_.packet_timeout;
  switch (state) {
    case State::reading:
      mapper.reading_.push_back(*this);
      break;
    case State::waiting:
      mapper.waiting_.push_back(*this);
      deadline = mapper.loop_.now() + kLookAtHolder;
      break;
    case State::answering:
      mapper.answering_.push_back(*this);
      break;
    case State::registered:
      mapper.registered_.push_back(*this);
      deadline = kNever;  // EPMD-6: as long as the connection
      break;
  }
  mapper.loop_.timers().arm(timer_, deadline);
}

void Mapper::Connection::answer_and_close(std::string bytes) {
  enter(State::answering);
  answer_size = bytes.size();
  mapper.answer_bytes_ += answer_size;
  mapper.bound_answers(*this);
  stream->send(std::move(bytes));
}

void Mapper::Connection::received(ByteView bytes) {
  if (state == State::answering) {  // it asked and will be closed: what else it says does not matter, but how much
    ignored += bytes.size();
    if (ignored <= kRequestSizeMax || is_last) return;
    mapper.refuse(*this, "goes on sending and does not take its answer");
    return mapper.drop(*this);
  }
  if (state != State::reading) return mapper.drop(*this);  // EPMD-6: any byte ends a registration
  request += bytes;
  if (request.size() < kLengthSize) return;
  const std::size_t size = static_cast<std::uint8_t>(request[0]) << 8 | static_cast<std::uint8_t>(request[1]);
  if (size == 0 || size > kRequestSizeMax) {  // EPMD-2
    mapper.refuse(*this, "sent a request of a wrong length");
    return mapper.drop(*this);
  }
  if (request.size() < kLengthSize + size) return;
  if (request.size() > kLengthSize + size) {  // EPMD-2
    mapper.refuse(*this, "sent more than the request it announced");
    return mapper.drop(*this);
  }
  auto decoded = decode_request(ByteView(request).substr(kLengthSize));
  request = {};
  if (!decoded.has_value()) {
    mapper.refuse(*this, "sent " + decoded.error().detail);
    return mapper.drop(*this);
  }
  mapper.dispatch(*this, *decoded);
}

void Mapper::Connection::sent() {
  if (state != State::answering) return;
  const bool ends_mapper = is_last;
  Mapper& owner = mapper;
  owner.drop(*this);
  if (ends_mapper) owner.stop();
}

void Mapper::Connection::ended(int error) {
  // One who asks and half-closes still gets the answer; one who registers may not (EPMD-6).
  if (state == State::answering && error == 0) return;
  if (state == State::answering && is_last) return mapper.stop();
  mapper.drop(*this);
}

void Mapper::Connection::expired() {
  if (state == State::waiting) {
    mapper.refuse(*this, "was refused: the name \"" + printable(wanted.name) + "\" is in use");
    return mapper.answer_alive(*this, wanted.highest, nullptr);
  }
  if (state == State::answering && is_last) return mapper.stop();
  mapper.refuse(*this, state == State::reading ? "sent no whole request in time" : "did not take its answer in time");
  mapper.drop(*this);
}

void Mapper::Listener::start() { loop_.accept(*this, handle_); }

bool Mapper::Listener::covers(const io::Address& address) const noexcept {
  if (address.family() != address_.family()) return false;
  return address.same_host(address_) || address_.same_host(address_.family() == AF_INET ? io::Address::any_v4(0) : io::Address::any_v6(0));
}

void Mapper::Listener::let_go() noexcept {
  mapper_ = nullptr;
  loop_.close(handle_);
  if (!is_pending()) delete this;
}

void Mapper::Listener::completed(const io::Completion& completion) {
  if (mapper_ != nullptr) {
    // The mapper may stop in these calls, and then lets go of this, which stays until the final completion.
    if (completion.result >= 0) mapper_->accepted(completion.result);
    if (mapper_ != nullptr && (completion.result < 0 || !completion.more)) mapper_->accept_failed(-completion.result, !completion.more);
    return;
  }
  if (completion.result >= 0) loop_.close(completion.result);
  if (!completion.more) delete this;
}

}  // namespace pulpo::mapper
