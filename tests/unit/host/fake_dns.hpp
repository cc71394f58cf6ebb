// SPDX-License-Identifier: Apache-2.0
//
// FakeDns: a DNS server on the loop, by UDP and TCP, that says what a test tells it to.
#pragma once

#include <functional>
#include <list>
#include <optional>

#include "io/datagram_socket.hpp"
#include "io/tcp_stream.hpp"
#include "unit/host/dns_bytes.hpp"
#include "unit/io/loop_fixture.hpp"

namespace pulpo::host::testing_support {

class FakeDns final : private io::DatagramSocket::Owner, private io::Operation {
 public:
  /// What to answer; nothing: silence. `by_tcp` says how it was asked.
  using Answer = std::function<std::optional<std::string>(const DnsMessage& asked, bool by_tcp)>;
  FakeDns(io::Loop& loop, Answer answer) : loop_(loop), answer_(std::move(answer)) {
    // One number for both, which others may have for either.
    for (int i = 0; socket_ == nullptr && i < 20; ++i) {
      listener_ = loop.listen(io::Address::loopback_v4(0), {}).value();
      address_ = loop.local_address(listener_).value();
      if (auto opened = io::DatagramSocket::open(loop, *this, address_)) {
        socket_ = std::move(*opened);
      } else {
        loop.close(listener_);
      }
    }
    EXPECT_NE(socket_, nullptr);
    loop.accept(*this, listener_);
  }
  /// Its loop lets go within a few turns.
  ~FakeDns() override {
    connections_.clear();
    socket_.reset();
    loop_.close(listener_);
    for (int turn = 0; is_pending() && turn < 1000; ++turn) loop_.turn(io::Loop::Wait::no);
  }
  [[nodiscard]] const io::Address& address() const noexcept { return address_; }

  /// Says something more to who asked last.
  void say(ByteView bytes) { socket_->send(bytes, askers.back()); }
  std::vector<std::string> asked;  ///< "altair.lan A", in order.
  std::vector<io::Address> askers;
  std::vector<std::uint16_t> ids;

 private:
  struct Connection final : io::TcpStream::Owner {
    explicit Connection(FakeDns& server_) noexcept : server(server_) {}
    void received(ByteView bytes) override {
      incoming += bytes;
      if (incoming.size() < 2 || incoming.size() < 2u + static_cast<unsigned char>(incoming[1])) return;
      const auto said = server.answer(ByteView(incoming).substr(2), true);
      if (said) return stream->send(u16(static_cast<unsigned>(said->size())) + *said);
      stream.reset();
    }
    void ended(int) override { stream.reset(); }
    FakeDns& server;
    io::TcpStream::Pointer stream;
    std::string incoming;
  };

  std::optional<std::string> answer(ByteView bytes, bool by_tcp) {
    const auto message = decode_dns_message(bytes);
    EXPECT_TRUE(message && message->question) << "the question is malformed";
    if (!message || !message->question) return std::nullopt;
    asked.push_back(message->question->name + " " + to_string(message->question->type) + (by_tcp ? " by TCP" : ""));
    ids.push_back(message->id);
    return answer_(*message, by_tcp);
  }
  void received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) override {
    askers.push_back(from);
    if (const auto said = answer(bytes, false)) socket.send(*said, from);
  }
  void completed(const io::Completion& completion) override {
    if (completion.result < 0) return;
    connections_.emplace_back(*this);
    connections_.back().stream = io::TcpStream::adopt(loop_, connections_.back(), completion.result);
  }

  io::Loop& loop_;
  Answer answer_;
  io::Handle listener_;
  io::Address address_;
  std::unique_ptr<io::DatagramSocket> socket_;
  std::list<Connection> connections_;
};

}  // namespace pulpo::host::testing_support
