// SPDX-License-Identifier: Apache-2.0
//
// Endpoint: an IP address and a port. A value of 28 bytes.
//
//   const auto server = Endpoint::parse("192.168.1.7:80").value();   // or "[fe80::1%eth0]:80"
//
//   Errors     bad_argument: the text is no numeric address. Names of hosts are not looked up here.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "pulpo/error.hpp"

namespace pulpo {

class Endpoint {
 public:
  Endpoint() noexcept = default;  ///< None: is_none().
  /// "192.168.1.7:80", "[::1]:80", "[fe80::1%eth0]:80".
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);
  /// The address without its port: "192.168.1.7", "::1".
  [[nodiscard]] static Result<Endpoint> make(std::string_view ip, std::uint16_t port);
  /// Every address of this host: to listen, or to bind. The IPv6 one takes IPv4 along, unless options say otherwise.
  [[nodiscard]] static Endpoint any_v4(std::uint16_t port) noexcept;
  [[nodiscard]] static Endpoint any_v6(std::uint16_t port) noexcept;
  /// 127.0.0.1: this host alone.
  [[nodiscard]] static Endpoint loopback(std::uint16_t port) noexcept;

  [[nodiscard]] bool is_none() const noexcept;
  [[nodiscard]] bool is_v6() const noexcept;
  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string ip() const;    ///< "192.168.1.7", "::1"
  [[nodiscard]] std::string text() const;  ///< As parse() reads it.
  friend bool operator==(const Endpoint& a, const Endpoint& b) noexcept { return a.bytes_ == b.bytes_; }

 private:
  friend struct EndpointAccess;
  alignas(4) std::array<unsigned char, 28> bytes_{};  ///< A sockaddr_in or sockaddr_in6.
};

}  // namespace pulpo
