// SPDX-License-Identifier: Apache-2.0
#include "mapper/stream.hpp"

namespace pulpo::mapper {

Stream::Pointer Stream::connect(io::Loop& loop, Owner& owner, const io::Address& address) {
  Pointer stream(new Stream(loop, owner));
  loop.connect(stream->connect_, address);
  return stream;
}

Stream::Pointer Stream::adopt(io::Loop& loop, Owner& owner, io::Handle handle) {
  Pointer stream(new Stream(loop, owner));
  stream->handle_ = handle;
  loop.receive(stream->receive_, handle);
  return stream;
}

void Stream::send(std::string bytes) {
  PULPO_ASSERT(handle_ >= 0 && !send_.is_pending());
  outgoing_ = std::move(bytes);
  loop_.send(send_, handle_, outgoing_);
}

void Stream::handle_completion(Part::Handler handler, const io::Completion& completion) {
  is_handling_ = true;
  (this->*handler)(completion);
  is_handling_ = false;
  if (owner_ == nullptr) delete_when_idle();
}

void Stream::on_connect(const io::Completion& completion) {
  if (owner_ == nullptr) {
    if (completion.result >= 0) loop_.close(completion.result);  // connected while it was being cancelled
    return;
  }
  if (completion.result < 0) return owner_->ended(-completion.result);
  handle_ = completion.result;
  loop_.receive(receive_, handle_);
  owner_->connected();
}

void Stream::on_receive(const io::Completion& completion) {
  if (owner_ != nullptr && !completion.data.empty()) owner_->received(completion.data);
  if (owner_ != nullptr && !completion.more) owner_->ended(completion.result < 0 ? -completion.result : 0);
}

void Stream::on_send(const io::Completion& completion) {
  if (owner_ == nullptr) return;
  if (completion.result < 0) return owner_->ended(-completion.result);
  owner_->sent();
}

void Stream::let_go() noexcept {
  owner_ = nullptr;
  loop_.cancel(connect_);
  if (handle_ >= 0) loop_.close(std::exchange(handle_, -1));
  delete_when_idle();
}

void Stream::delete_when_idle() noexcept {
  if (is_handling_ || connect_.is_pending() || receive_.is_pending() || send_.is_pending()) return;
  delete this;
}

}  // namespace pulpo::mapper
