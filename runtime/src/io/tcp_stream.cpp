// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_stream.hpp"

namespace pulpo::io {

TcpStream::Pointer TcpStream::connect(Loop& loop, Owner& owner, const Address& address) {
  Pointer stream(new TcpStream(loop, owner));
  loop.connect(stream->connect_, address);
  return stream;
}

TcpStream::Pointer TcpStream::adopt(Loop& loop, Owner& owner, Handle handle) {
  Pointer stream(new TcpStream(loop, owner));
  stream->handle_ = handle;
  loop.receive(stream->receive_, handle);
  return stream;
}

void TcpStream::send(std::string bytes) {
  PULPO_ASSERT(handle_ >= 0 && !send_.is_pending());
  outgoing_ = std::move(bytes);
  loop_.send(send_, handle_, outgoing_);
}

void TcpStream::handle_completion(Part::Handler handler, const Completion& completion) {
  is_handling_ = true;
  (this->*handler)(completion);
  is_handling_ = false;
  if (owner_ == nullptr) delete_when_idle();
}

void TcpStream::on_connect(const Completion& completion) {
  if (owner_ == nullptr) {
    if (completion.result >= 0) loop_.close(completion.result);  // connected while it was being cancelled
    return;
  }
  if (completion.result < 0) return owner_->ended(-completion.result);
  handle_ = completion.result;
  loop_.receive(receive_, handle_);
  owner_->connected();
}

void TcpStream::on_receive(const Completion& completion) {
  if (owner_ != nullptr && !completion.data.empty()) owner_->received(completion.data);
  if (owner_ != nullptr && !completion.more) owner_->ended(completion.result < 0 ? -completion.result : 0);
}

void TcpStream::on_send(const Completion& completion) {
  if (owner_ == nullptr) return;
  if (completion.result < 0) return owner_->ended(-completion.result);
  owner_->sent();
}

void TcpStream::let_go() noexcept {
  owner_ = nullptr;
  loop_.cancel(connect_);
  if (handle_ >= 0) loop_.close(std::exchange(handle_, -1));
  delete_when_idle();
}

void TcpStream::delete_when_idle() noexcept {
  if (is_handling_ || connect_.is_pending() || receive_.is_pending() || send_.is_pending()) return;
  delete this;
}

}  // namespace pulpo::io
