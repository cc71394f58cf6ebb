// SPDX-License-Identifier: Apache-2.0
#include "io/interfaces.hpp"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace pulpo::io::interfaces {
namespace {

Fault refused(int error, const char* what) {
  return {.code = error == EACCES || error == EPERM ? Errc::not_allowed : Errc::io, .sys = error, .where = "interfaces", .detail = what};
}

Address address_of(const sockaddr* address) noexcept {
  if (address == nullptr) return {};
  return Address::from_kernel(address, address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
}

}  // namespace

Outcome<std::vector<Interface>> list() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return refused(errno, "the kernel does not tell them");
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(all, ::freeifaddrs);
  std::vector<Interface> found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6)) continue;
    constexpr unsigned kUsable = IFF_UP | IFF_RUNNING;
    if ((one->ifa_flags & kUsable) != kUsable) continue;
    const bool has_broadcast = (one->ifa_flags & IFF_BROADCAST) != 0 && one->ifa_addr->sa_family == AF_INET;
    found.push_back({.name = one->ifa_name,
                     .number = ::if_nametoindex(one->ifa_name),
                     .address = address_of(one->ifa_addr),
                     .broadcast = has_broadcast ? address_of(one->ifa_broadaddr) : Address{},
                     .is_loopback = (one->ifa_flags & IFF_LOOPBACK) != 0,
                     .has_multicast = (one->ifa_flags & IFF_MULTICAST) != 0});
  }
  return found;
}

Outcome<int> watch(socket::Mode mode) {
  const int type = SOCK_RAW | SOCK_CLOEXEC | (mode == socket::Mode::non_blocking ? SOCK_NONBLOCK : 0);
  const int descriptor = ::socket(AF_NETLINK, type, NETLINK_ROUTE);
  if (descriptor < 0) return refused(errno, "their changes cannot be watched");
  sockaddr_nl groups = {};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&groups), sizeof groups) != 0) {
    const int error = errno;
    ::close(descriptor);
    return refused(error, "their changes cannot be watched");
  }
  return descriptor;
}

}  // namespace pulpo::io::interfaces
