// SPDX-License-Identifier: Apache-2.0
//
// Mapper::Connection and Mapper::Listener: the mapper's own view of its sockets. Included by the mapper's sources alone.
//
//   Ownership  A Connection belongs to its Mapper, which drop()s it; after a call into the mapper it may be gone.
//   Threads    The loop's.
#pragma once

#include "mapper/mapper.hpp"
#include "mapper/stream.hpp"

namespace pulpo::mapper {

/// One accepted connection: gathers a request, then is what Mapper::dispatch makes of it.
class Mapper::Connection final : public ListHook<Connection>, public Stream::Owner {
 public:
  enum class State : std::uint8_t { reading, waiting, answering, registered };

  Connection(Mapper& mapper, io::Handle handle, const io::Address& peer);
  ~Connection();

  /// Sends the answer that ends this connection.
  void answer_and_close(std::string bytes);
  /// Moves to the list of `state`, and limits its time or not. Once for each state: bytes that trickle in give no more time.
  void enter(State state);

  void received(ByteView bytes) override;
  void sent() override;
  void ended(int error) override;
  void expired();

  Mapper& mapper;
  io::Address peer;
  bool is_local = false;
  bool is_last = false;  ///< The mapper ends when this answer is sent: a KILL that was allowed.
  State state = State::reading;
  std::string request;               ///< What has come of length and body.
  std::size_t answer_size = 0;       ///< answering: what the mapper keeps for it.
  std::size_t ignored = 0;           ///< answering: bytes that came after the request.
  NodeRecord wanted;                 ///< waiting: the registration.
  Registry::Entry* entry = nullptr;  ///< registered.
  Stream::Pointer stream;

 private:
  CallbackTimer<Connection> timer_{*this, &Connection::expired};
};

/// An accept that goes on; outlives its Mapper until the loop has let go of it.
class Mapper::Listener final : public io::Operation {
 public:
  Listener(Mapper& mapper, io::Handle handle, const io::Address& address) noexcept : mapper_(&mapper), handle_(handle), address_(address) {}
  /// Closes the socket; deletes this when the loop has ended the accept.
  void let_go() noexcept;
  void start();
  /// Whether a connection to `address` reaches this listener.
  [[nodiscard]] bool covers(const io::Address& address) const noexcept;

 private:
  void completed(const io::Completion& completion) override;
  Mapper* mapper_;
  io::Loop& loop_ = mapper_->loop_;
  io::Handle handle_;
  io::Address address_;
};

}  // namespace pulpo::mapper
