// SPDX-License-Identifier: Apache-2.0
#include "proc/endpoint.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

#include "proc/io_error.hpp"

namespace pulpo {
namespace {

Error no_endpoint(std::string_view text, const char* why) {
  Error error(Errc::bad_argument, atoms::badarg, "endpoint");
  error.detail = fmt::format("\"{}\" {}", text, why);
  return error;
}

}  // namespace

io::Address EndpointAccess::address(const Endpoint& endpoint) noexcept {
  sockaddr_storage storage = {};
  std::memcpy(&storage, endpoint.bytes_.data(), endpoint.bytes_.size());
  if (storage.ss_family == AF_UNSPEC) return {};
  return io::Address::from_kernel(reinterpret_cast<const sockaddr*>(&storage),
                                  storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
}

Endpoint EndpointAccess::endpoint(const io::Address& address) noexcept {
  Endpoint endpoint;
  if (address.family() == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address.kernel(), sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      // One peer, one name, whichever family the socket is of.
      sockaddr_in v4 = {};
      v4.sin_family = AF_INET;
      v4.sin_port = v6.sin6_port;
      std::memcpy(&v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
      std::memcpy(endpoint.bytes_.data(), &v4, sizeof v4);
      return endpoint;
    }
    static_assert(sizeof v6 <= sizeof endpoint.bytes_);
    v6.sin6_flowinfo = 0;  // So that equal means the same place.
    std::memcpy(endpoint.bytes_.data(), &v6, sizeof v6);
  } else if (address.family() == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address.kernel(), sizeof v4);
    std::memset(v4.sin_zero, 0, sizeof v4.sin_zero);
    std::memcpy(endpoint.bytes_.data(), &v4, sizeof v4);
  }
  return endpoint;
}

Result<Endpoint> Endpoint::make(std::string_view ip, std::uint16_t port) {
  const auto address = io::Address::parse(ip, port);
  if (!address) {
    return no_endpoint(ip, "is not a numeric IPv4 or IPv6 address; names of hosts are not looked up here, give the address");
  }
  return EndpointAccess::endpoint(*address);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return no_endpoint(text, "has no port; write 192.168.1.7:80 or [::1]:80");
  std::string_view ip = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return no_endpoint(text, "has no port from 0 to 65535 at its end");
  if (ip.size() >= 2 && ip.front() == '[' && ip.back() == ']') {
    ip = ip.substr(1, ip.size() - 2);
  } else if (ip.find(':') != std::string_view::npos) {
    return no_endpoint(text, "is an IPv6 address without brackets; write [::1]:80");
  }
  return make(ip, port);
}

Endpoint Endpoint::any_v4(std::uint16_t port) noexcept { return EndpointAccess::endpoint(io::Address::any_v4(port)); }
Endpoint Endpoint::any_v6(std::uint16_t port) noexcept { return EndpointAccess::endpoint(io::Address::any_v6(port)); }
Endpoint Endpoint::loopback(std::uint16_t port) noexcept { return EndpointAccess::endpoint(io::Address::loopback_v4(port)); }

bool Endpoint::is_none() const noexcept { return EndpointAccess::address(*this).family() == AF_UNSPEC; }
bool Endpoint::is_v6() const noexcept { return EndpointAccess::address(*this).family() == AF_INET6; }
std::uint16_t Endpoint::port() const noexcept { return is_none() ? std::uint16_t{0} : EndpointAccess::address(*this).port(); }
std::string Endpoint::ip() const { return is_none() ? "" : EndpointAccess::address(*this).ip_text(); }
std::string Endpoint::text() const { return is_none() ? "none" : EndpointAccess::address(*this).text(); }

}  // namespace pulpo
