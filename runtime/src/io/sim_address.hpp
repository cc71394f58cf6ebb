// SPDX-License-Identifier: Apache-2.0
//
// The addresses of simulated hosts: 10.77.0.0/16, host 0 being 10.77.0.1, and what others mean there.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>

#include "io/address.hpp"
#include "io/sim_wire.hpp"

namespace pulpo::io::sim {

inline constexpr std::uint32_t kNetwork = 10u << 24 | 77u << 16;
inline constexpr std::uint32_t kNetworkMask = 0xffff0000;

/// What Linux takes for ephemeral ports (ip_local_port_range).
inline constexpr std::uint16_t kFirstPort = 32768;
inline constexpr std::uint16_t kLastPort = 60999;

inline bool is_any_v6(const Address& address) noexcept { return address.same_host(Address::any_v6(0)); }
inline bool is_unspecified(const Address& address) noexcept { return address.same_host(Address::any_v4(0)) || is_any_v6(address); }

/// The IPv4 address in the host's byte order, also out of ::ffff:0:0/96; 0 when it is none.
inline std::uint32_t v4_of(const Address& address) noexcept {
  if (address.family() == AF_INET) return ntohl(reinterpret_cast<const sockaddr_in*>(address.kernel())->sin_addr.s_addr);
  if (address.family() != AF_INET6) return 0;
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address.kernel())->sin6_addr;
  std::uint32_t v4 = 0;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) std::memcpy(&v4, &v6.s6_addr[12], sizeof v4);
  return ntohl(v4);
}

inline bool is_multicast(const Address& address) noexcept {
  if (address.family() == AF_INET6 && IN6_IS_ADDR_MULTICAST(&reinterpret_cast<const sockaddr_in6*>(address.kernel())->sin6_addr))
    return true;
  return v4_of(address) >> 28 == 14;
}

inline bool is_broadcast(const Address& address) noexcept {
  const std::uint32_t v4 = v4_of(address);
  return v4 == 0xffffffff || v4 == (kNetwork | ~kNetworkMask);
}

inline Address from_v4(std::uint32_t v4, std::uint16_t port) noexcept {
  sockaddr_in kernel = {};
  kernel.sin_family = AF_INET;
  kernel.sin_port = htons(port);
  kernel.sin_addr.s_addr = htonl(v4);
  return Address::from_kernel(reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
}
inline Address address_of(HostNumber host, std::uint16_t port) noexcept { return from_v4(kNetwork | (host + 1), port); }
inline Address broadcast(std::uint16_t port) noexcept { return from_v4(kNetwork | ~kNetworkMask, port); }

/// Whose address it is, seen from `self`; SimWire::kNoHost when nobody's.
inline HostNumber host_of(const Address& address, HostNumber self, HostNumber hosts) noexcept {
  if (address.is_loopback() || is_unspecified(address)) return self;
  const std::uint32_t v4 = v4_of(address);
  if ((v4 & kNetworkMask) != kNetwork || (v4 & ~kNetworkMask) == 0) return SimWire::kNoHost;
  const HostNumber host = (v4 & ~kNetworkMask) - 1;
  return host < hosts ? host : SimWire::kNoHost;
}

/// Two sockets of one host cannot both have these.
inline bool collide(const Address& one, bool one_v6_only, const Address& other, bool other_v6_only) noexcept {
  if (one.port() != other.port()) return false;
  if ((is_any_v6(one) && !one_v6_only) || (is_any_v6(other) && !other_v6_only)) return true;
  if (one.family() != other.family()) return false;
  return is_unspecified(one) || is_unspecified(other) || one.same_host(other);
}

/// What is sent to `dialled`, an address of this host, is for who has `bound`.
inline bool is_bound_to(const Address& bound, bool v6_only, const Address& dialled) noexcept {
  if (bound.port() != dialled.port()) return false;
  const bool is_v4 = v4_of(dialled) != 0;
  if (is_any_v6(bound)) return !(v6_only && is_v4);
  if (is_unspecified(bound)) return is_v4;
  return bound.same_host(dialled);
}

}  // namespace pulpo::io::sim
