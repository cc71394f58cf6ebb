// SPDX-License-Identifier: Apache-2.0
//
// TcpStream: one TCP connection, for code on the loop.
//
// Bundles the loop's connect, receive and send of one socket, and outlives its owner for as long as the loop still
// holds them: letting go of a TcpStream::Pointer closes the connection and is safe at any moment, inside events too.
//
//   Order      connected (of connect() only), then received and sent in any order. ended(0) says that the peer will send
//              no more; a send under way still ends, in sent() or in ended(errno).
//   Bounds     One send under way; the bytes received are the owner's matter.
//   Ownership  The owner holds a Pointer and must outlive it. Bytes to send are moved in.
//   Threads    The loop's.
//   Errors     Everything that ends a connection arrives as ended(errno).
#pragma once

#include <memory>
#include <string>

#include "io/loop.hpp"

namespace pulpo::io {

class TcpStream {
 public:
  class Owner {
   public:
    virtual void connected() {}
    virtual void received(ByteView bytes) = 0;
    virtual void sent() {}
    virtual void ended(int error) = 0;

   protected:
    ~Owner() = default;
  };
  struct LetGo {
    void operator()(TcpStream* stream) const noexcept { stream->let_go(); }
  };
  using Pointer = std::unique_ptr<TcpStream, LetGo>;

  [[nodiscard]] static Pointer connect(Loop& loop, Owner& owner, const Address& address);
  /// Takes over an accepted connection.
  [[nodiscard]] static Pointer adopt(Loop& loop, Owner& owner, Handle handle);

  /// Sends all of `bytes`, then calls sent(). Only when connected and no other send is under way.
  void send(std::string bytes);
  [[nodiscard]] Handle handle() const noexcept { return handle_; }

 private:
  class Part final : public Operation {
   public:
    using Handler = void (TcpStream::*)(const Completion&);
    Part(TcpStream& stream, Handler handler) noexcept : stream_(stream), handler_(handler) {}
    void completed(const Completion& completion) override { stream_.handle_completion(handler_, completion); }

   private:
    TcpStream& stream_;
    Handler handler_;
  };

  TcpStream(Loop& loop, Owner& owner) noexcept : loop_(loop), owner_(&owner) {}
  ~TcpStream() = default;
  void handle_completion(Part::Handler handler, const Completion& completion);
  void on_connect(const Completion& completion);
  void on_receive(const Completion& completion);
  void on_send(const Completion& completion);
  void let_go() noexcept;
  void delete_when_idle() noexcept;

  Loop& loop_;
  Owner* owner_;  ///< Null once let go.
  Handle handle_ = -1;
  bool is_handling_ = false;  ///< A completion is on the stack: do not delete under it.
  std::string outgoing_;
  Part connect_{*this, &TcpStream::on_connect};
  Part receive_{*this, &TcpStream::on_receive};
  Part send_{*this, &TcpStream::on_send};
};

}  // namespace pulpo::io
