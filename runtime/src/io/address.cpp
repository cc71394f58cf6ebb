// SPDX-License-Identifier: Apache-2.0
#include "io/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace pulpo::io {
namespace {

Fault not_an_address(std::string_view ip, const char* why) {
  return Fault{.code = Errc::bad_argument, .where = "address", .detail = fmt::format("\"{}\" {}", ip, why)};
}

/// The interface after '%' in a link-local address, by name or by number; 0 when there is none such.
std::uint32_t scope_of(std::string_view zone) noexcept {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), number);
  if (error == std::errc{} && end == zone.data() + zone.size()) return number;
  char name[IF_NAMESIZE] = {};
  if (zone.size() >= sizeof name) return 0;
  std::copy(zone.begin(), zone.end(), name);
  return ::if_nametoindex(name);
}

/// The four bytes of an IPv4 address, whether it stands alone or inside ::ffff:0:0/96; null when it is neither.
const std::uint8_t* v4_bytes(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    return reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  }
  if (address->sa_family != AF_INET6) return nullptr;
  const auto& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return IN6_IS_ADDR_V4MAPPED(&v6) ? &v6.s6_addr[12] : nullptr;
}

}  // namespace

Outcome<Address> Address::parse(std::string_view ip, std::uint16_t port) {
  const std::size_t percent = ip.find('%');
  const std::string_view digits = ip.substr(0, percent);
  char text[INET6_ADDRSTRLEN] = {};
  if (digits.size() >= sizeof text) return not_an_address(ip, "is too long for an IP address");
  std::copy(digits.begin(), digits.end(), text);

  if (in_addr v4 = {}; percent == std::string_view::npos && ::inet_pton(AF_INET, text, &v4) == 1) {
    Address address = any_v4(port);
    address.v4_.sin_addr = v4;
    return address;
  }
  in6_addr v6 = {};
  if (::inet_pton(AF_INET6, text, &v6) != 1) {
    return not_an_address(ip, "is not a numeric IPv4 or IPv6 address");
  }
  Address address = any_v6(port);
  address.v6_.sin6_addr = v6;
  if (percent != std::string_view::npos) {
    address.v6_.sin6_scope_id = scope_of(ip.substr(percent + 1));
    if (address.v6_.sin6_scope_id == 0) return not_an_address(ip, "names a network interface that this host does not have");
  }
  return address;
}

Address Address::any_v4(std::uint16_t port) noexcept {
  Address address;
  address.v4_ = {};
  address.v4_.sin_family = AF_INET;
  address.v4_.sin_port = htons(port);
  return address;
}

Address Address::any_v6(std::uint16_t port) noexcept {
  Address address;
  address.v6_ = {};
  address.v6_.sin6_family = AF_INET6;
  address.v6_.sin6_port = htons(port);
  return address;
}

Address Address::loopback_v4(std::uint16_t port) noexcept {
  Address address = any_v4(port);
  address.v4_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Address Address::from_kernel(const sockaddr* from, socklen_t size) noexcept {
  Address address;
  sa_family_t family = AF_UNSPEC;
  if (size >= sizeof family) std::memcpy(&family, &from->sa_family, sizeof family);
  if (family == AF_INET && size >= sizeof address.v4_) std::memcpy(&address.v4_, from, sizeof address.v4_);
  if (family == AF_INET6 && size >= sizeof address.v6_) std::memcpy(&address.v6_, from, sizeof address.v6_);
  return address;
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(v4_.sin_port);
  if (family() == AF_INET6) return ntohs(v6_.sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) v4_.sin_port = htons(port);
  if (family() == AF_INET6) v6_.sin6_port = htons(port);
}

bool Address::is_loopback() const noexcept {
  if (const std::uint8_t* v4 = v4_bytes(&any_); v4 != nullptr) return v4[0] == 127;
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6_.sin6_addr);
}

bool Address::same_host(const Address& other) const noexcept {
  const std::uint8_t* mine = v4_bytes(&any_);
  const std::uint8_t* theirs = v4_bytes(&other.any_);
  if (mine != nullptr || theirs != nullptr) {
    return mine != nullptr && theirs != nullptr && std::equal(mine, mine + 4, theirs);
  }
  return family() == AF_INET6 && other.family() == AF_INET6 && v6_.sin6_scope_id == other.v6_.sin6_scope_id &&
         IN6_ARE_ADDR_EQUAL(&v6_.sin6_addr, &other.v6_.sin6_addr);
}

std::string Address::text() const {
  const std::string ip = ip_text();
  return ip.find(':') != std::string::npos ? fmt::format("[{}]:{}", ip, port()) : fmt::format("{}:{}", ip, port());
}

std::string Address::ip_text() const {
  char text[INET6_ADDRSTRLEN] = {};
  // A listener of both families sees IPv4 peers as ::ffff:a.b.c.d; people know them as a.b.c.d.
  if (const std::uint8_t* v4 = v4_bytes(&any_); v4 != nullptr) return ::inet_ntop(AF_INET, v4, text, sizeof text);
  if (family() != AF_INET6) return "no address";
  std::string ip = ::inet_ntop(AF_INET6, &v6_.sin6_addr, text, sizeof text);
  if (const auto scope = v6_.sin6_scope_id; scope != 0) {
    char name[IF_NAMESIZE];
    ip += ::if_indextoname(scope, name) != nullptr ? fmt::format("%{}", name) : fmt::format("%{}", scope);
  }
  return ip;
}

socklen_t Address::kernel_size() const noexcept {
  if (family() == AF_INET) return sizeof v4_;
  if (family() == AF_INET6) return sizeof v6_;
  return 0;
}

}  // namespace pulpo::io
