// SPDX-License-Identifier: Apache-2.0
//
// Address: an IPv4 or IPv6 address and port, as the kernel takes it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "pulpo/result.hpp"

namespace pulpo::io {

class Address {
 public:
  Address() noexcept = default;  ///< No address: family() is AF_UNSPEC.
  /// Numeric text only ("127.0.0.1", "::1", "fe80::1%eth0"); names are Resolver's matter.
  [[nodiscard]] static Outcome<Address> parse(std::string_view ip, std::uint16_t port);
  [[nodiscard]] static Address any_v4(std::uint16_t port) noexcept;
  [[nodiscard]] static Address any_v6(std::uint16_t port) noexcept;  ///< Both families, where the kernel allows.
  [[nodiscard]] static Address loopback_v4(std::uint16_t port) noexcept;
  [[nodiscard]] static Address from_kernel(const sockaddr* address, socklen_t size) noexcept;

  [[nodiscard]] int family() const noexcept { return any_.sa_family; }
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;  ///< 127/8, ::1, and ::ffff:127/104.
  [[nodiscard]] bool same_host(const Address& other) const noexcept;
  [[nodiscard]] std::string text() const;     ///< "127.0.0.1:4369", "[::1]:4369"
  [[nodiscard]] std::string ip_text() const;  ///< "127.0.0.1", "::1"

  [[nodiscard]] const sockaddr* kernel() const noexcept { return &any_; }
  [[nodiscard]] socklen_t kernel_size() const noexcept;

 private:
  union {
    sockaddr any_ = {};
    sockaddr_in v4_;
    sockaddr_in6 v6_;
  };
};

}  // namespace pulpo::io
