// SPDX-License-Identifier: Apache-2.0
//
// DatagramSocket: a socket of datagrams for code on the loop: it receives from the start, and what it sends may be forgotten.
//
//   Ownership  Its owner holds it and outlives it. Destroying it closes the socket, inside received() too; what the loop still holds lives
//   on
//              until the loop lets go.
//   Threads    The loop's.
//   Suspends   Never.
//   Errors     open(): as Loop::bind(). A datagram that cannot be sent or received is lost, as any may be; send_error() says why.
//   Bounds     kSendsMax datagrams under way; more are lost.
#pragma once

#include <cstddef>
#include <memory>

#include "io/loop.hpp"

namespace pulpo::io {

class DatagramSocket {
 public:
  class Owner {
   public:
    virtual void received(DatagramSocket& socket, ByteView bytes, const Address& from) = 0;

   protected:
    ~Owner() = default;
  };
  /// A turn of a burst over some interfaces.
  static constexpr std::size_t kSendsMax = 32;

  [[nodiscard]] static Outcome<std::unique_ptr<DatagramSocket>> open(Loop& loop, Owner& owner, const Address& address,
                                                                     const DatagramOptions& options = {});
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;
  ~DatagramSocket();

  [[nodiscard]] Outcome<void> join(const Address& group, const Address& interface = {});
  /// Copies `bytes`.
  void send(ByteView bytes, const Address& to);
  [[nodiscard]] Outcome<Address> address() const;
  /// The last error of a send, as errno; 0 when the last one left.
  [[nodiscard]] int send_error() const noexcept;

 private:
  struct State;
  explicit DatagramSocket(State& state) noexcept : state_(state) {}
  State& state_;  ///< Deletes itself once the loop holds nothing of it.
};

}  // namespace pulpo::io
