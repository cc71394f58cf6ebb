// SPDX-License-Identifier: Apache-2.0
//
// HostilePeer: knows the cookie, and then does as it likes: a blocking socket that speaks the handshake with the link's own code, and
// sends whatever bytes it is given as records, sealed unless its identity allows plain ones and the node does.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "link/handshake.hpp"
#include "wire/codec.hpp"
#include "wire/record.hpp"
#include "wire/stream.hpp"

namespace pulpo::testing {

class HostilePeer {
 public:
  /// Frames of ours name the node that we attack as node 1.
  static constexpr NodeIndex kTarget = 1;

  HostilePeer(std::uint16_t port, std::string_view target, links::Identity self) : self_(std::move(self)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    links::Handshake handshake(links::Role::dial, self_, target, cookie_, random_);
    auto step = handshake.start();
    while (step == links::Handshake::Step::more) {
      EXPECT_TRUE(send_bytes(handshake.take_output()));
      if (!receive_more()) return;
      ByteView input(received_);
      step = handshake.receive(input);
      received_.erase(0, received_.size() - input.size());
    }
    established_ = step == links::Handshake::Step::established;
    if (!established_ || handshake.peer().is_plain()) return;
    sealer_.emplace(handshake.send_key());
    opener_.emplace(handshake.receive_key());
  }
  HostilePeer(const HostilePeer&) = delete;
  HostilePeer& operator=(const HostilePeer&) = delete;
  ~HostilePeer() { ::close(socket_); }

  [[nodiscard]] bool established() const noexcept { return established_; }

  /// False when the other side has closed, or took nothing for 20 s.
  bool send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void add(const wire::Frame& frame) { EXPECT_TRUE(encoder_.encode(gathering_, frame)); }
  /// A frame as bytes, without its tag and length.
  void add_raw(std::string_view frame) {
    std::string bytes(1, '\x1a');
    append_varint(bytes, frame.size());
    bytes += frame;
    char* const at = gathering_.room(bytes.size());
    bytes.copy(at, bytes.size());
    gathering_.wrote_to(at + bytes.size());
  }
  /// Sends what was added as one record; `skip` leaves a gap in the numbers.
  bool flush(std::uint64_t skip = 0) {
    sequence_ += 1 + skip;
    const ByteView record = gathering_.close({.seq = sequence_, .ack = 0});
    std::string sealed;
    if (sealer_) {
      sealed.resize(links::Sealer::room_for(record.size()));
      sealed.resize(static_cast<std::size_t>(sealer_->seal(record, sealed.data()) - sealed.data()));
    }
    const bool sent = send_bytes(sealer_ ? ByteView(sealed) : record);
    gathering_.clear();
    return sent;
  }

  /// The next frame that comes; empty when the connection ends, or nothing came for 20 s.
  std::optional<wire::Frame> next() {
    for (wire::Frame frame;;) {
      if (reader_) {
        const auto some = reader_->next(decoder_, frame);
        EXPECT_TRUE(some) << some.error().text();
        if (!some) return std::nullopt;
        if (*some) return frame;
        reader_.reset();
      }
      open_received();
      std::string& stream = opener_ ? opened_ : received_;
      auto part = wire::next_part(stream, std::size_t{300} << 20);
      if (part.step == wire::StreamStep::more) {
        if (!receive_more()) return std::nullopt;
        continue;
      }
      record_ = part.body;
      bytes_read_ += part.size;
      stream.erase(0, part.size);
      auto reader = wire::RecordReader::open(record_);
      EXPECT_TRUE(reader);
      reader_.emplace(*reader);
    }
  }
  /// The kernel holds little for it that it has not read.
  void hold_little() const {
    const int bytes = 32 * 1024;
    EXPECT_EQ(::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
  }
  /// Of all records of which next() has begun to read frames.
  [[nodiscard]] std::size_t bytes_read() const noexcept { return bytes_read_; }
  /// True when the other side closes the connection, whatever it sends before.
  bool is_closed() {
    for (char bytes[4096];;) {
      const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
      if (size > 0) continue;
      return size == 0 || errno == ECONNRESET;
    }
  }

  static void append_varint(std::string& bytes, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
  }

 private:
  struct Cookie final : links::Cookies {
    [[nodiscard]] std::string_view cookie_for(std::string_view) const override { return "secret_token"; }
  };
  struct Nodes final : wire::NodeNumbers {
    [[nodiscard]] std::optional<NodeIndex> index_of(Atom, std::uint32_t) override { return 2; }
    [[nodiscard]] Name name_of(NodeIndex) const override { return {Atom("nobody@localhost"), 9}; }
  };
  /// Moves what is whole of the sealed bytes that came to opened_.
  void open_received() {
    while (opener_) {
      const auto part = wire::next_part(received_, links::Opener::kBodyBytesMax);
      if (part.step != wire::StreamStep::whole) return;
      std::string text(part.body.size(), '\0');
      const auto opened = opener_->open(part.head(), part.body, text.data());
      EXPECT_TRUE(opened.verified);
      opened_.append(text, 0, opened.size);
      received_.erase(0, part.size);
    }
  }
  bool receive_more() {
    char bytes[64 * 1024];
    const ssize_t size = ::recv(socket_, bytes, sizeof bytes, 0);
    if (size <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

  links::Identity self_;
  Cookie cookie_;
  SystemRandom random_;
  Nodes nodes_;
  wire::AtomQuota quota_;
  wire::Encoder encoder_{nodes_, kTarget};
  wire::Decoder decoder_{nodes_, kTarget, quota_};
  wire::OutBuffer gathering_;
  std::optional<links::Sealer> sealer_;
  std::optional<links::Opener> opener_;
  std::string received_, opened_, record_;
  std::optional<wire::RecordReader> reader_;
  std::uint64_t sequence_ = 0;
  std::size_t bytes_read_ = 0;
  int socket_ = -1;
  bool established_ = false;
};

}  // namespace pulpo::testing
