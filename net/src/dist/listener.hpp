// SPDX-License-Identifier: Apache-2.0
//
// Listener: the port where other nodes dial us.
//
//   Ownership  Closes its socket when it goes; the accept that is under way outlives it until the loop has let go.
//   Threads    The loop's.
//   Errors     open(): already_exists when the port is in use.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/loop.hpp"

namespace pulpo::dist {

/// Where a node listens: `listen` as --listen has it ("IP", "IP:PORT", "[v6]:PORT", ":PORT", "eth0", "eth0:PORT", or nothing), for a node
/// on `host`. Without an address it is every interface, or loopback when the host is localhost, 127.x or ::1 (Settled points). Of an
/// interface that has several addresses the first IPv4 one is taken.
[[nodiscard]] Outcome<io::Address> listen_address(const std::string& listen, const std::string& host,
                                                  const std::vector<io::Interface>& interfaces = {});

class Listener {
 public:
  using Accepted = std::function<void(io::Handle)>;
  Listener(io::Loop& loop, Accepted accepted) noexcept : loop_(loop), accepted_(std::move(accepted)) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] Outcome<void> open(const io::Address& address);
  [[nodiscard]] std::uint16_t port() const noexcept { return address_.port(); }
  [[nodiscard]] const io::Address& address() const noexcept { return address_; }

 private:
  struct Accept;
  io::Loop& loop_;
  Accepted accepted_;
  io::Address address_;
  io::Handle handle_ = -1;
  Accept* accept_ = nullptr;  ///< Deletes itself with its last completion.
};

}  // namespace pulpo::dist
