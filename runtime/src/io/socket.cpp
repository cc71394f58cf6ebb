// SPDX-License-Identifier: Apache-2.0
#include "io/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace pulpo::io::socket {
namespace {

Fault kernel_fault(int error, const char* where, std::string detail) {
  Errc code = Errc::io;
  if (error == EADDRINUSE) code = Errc::already_exists;
  if (error == EACCES || error == EPERM) code = Errc::not_allowed;
  if (error == EADDRNOTAVAIL || error == EBADF || error == ENOTSOCK || error == EINVAL) code = Errc::bad_argument;
  if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) code = Errc::busy;
  return Fault{.code = code, .sys = error, .where = where, .detail = std::move(detail)};
}

constexpr int kOn = 1;

void set_no_delay(int descriptor) noexcept {
  // Not for every family of socket, hence unchecked. Connections inherit it from their listener.
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
}

int flags(Mode mode) noexcept { return SOCK_STREAM | SOCK_CLOEXEC | (mode == Mode::non_blocking ? SOCK_NONBLOCK : 0); }

using NameCall = int (*)(int, sockaddr*, socklen_t*);

Outcome<Address> name_of(int descriptor, NameCall call, const char* where) {
  sockaddr_storage storage;
  socklen_t size = sizeof storage;
  if (call(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return kernel_fault(errno, where, fmt::format("handle {}", descriptor));
  }
  return Address::from_kernel(reinterpret_cast<const sockaddr*>(&storage), size);
}

}  // namespace

namespace {

/// Why an address cannot be had, to listen on or to bind.
Fault address_fault(int error, const char* where, const Address& address) {
  switch (error) {
    case EADDRINUSE:
      return kernel_fault(error, where,
                          fmt::format("port {} of {} is in use; stop its user or choose another port", address.port(), address.ip_text()));
    case EACCES:
      return kernel_fault(error, where, fmt::format("port {} is reserved for root; choose one above 1023", address.port()));
    case EADDRNOTAVAIL:
      return kernel_fault(error, where, fmt::format("{} is not an address of this host", address.ip_text()));
    case EAFNOSUPPORT:
      return kernel_fault(error, where, fmt::format("this kernel has no addresses like {}", address.text()));
    default:
      return kernel_fault(error, where, address.text());
  }
}

}  // namespace

Fault listen_fault(int error, const Address& address) { return address_fault(error, "listen", address); }
Fault bind_fault(int error, const Address& address) { return address_fault(error, "bind", address); }

Fault join_fault(int error, const Address& group) {
  switch (error) {
    case EINVAL:
      return kernel_fault(error, "join", fmt::format("{} is no multicast address", group.ip_text()));
    case EADDRINUSE:
      return kernel_fault(error, "join", fmt::format("{} is joined already", group.ip_text()));
    case ENODEV:
      return kernel_fault(error, "join",
                          fmt::format("no interface leads to {}; name one by its address, or by % behind an IPv6 group", group.ip_text()));
    default:
      return kernel_fault(error, "join", group.ip_text());
  }
}

Outcome<int> listen(const Address& address, const ListenOptions& options, Mode mode) {
  const int fd = ::socket(address.family(), flags(mode), 0);
  if (fd < 0) return listen_fault(errno, address);
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  set_no_delay(fd);
  if (address.family() == AF_INET6) {
    const int only = options.v6_only ? 1 : 0;  // Said either way: the default is a sysctl.
    (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (::bind(fd, address.kernel(), address.kernel_size()) != 0 || ::listen(fd, options.backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return listen_fault(error, address);
  }
  return fd;
}

namespace {

int bind_datagrams(int fd, const Address& address, const DatagramOptions& options) {
  const auto set = [fd](int level, int name, int value) { return ::setsockopt(fd, level, name, &value, sizeof value) == 0; };
  if (options.broadcast && !set(SOL_SOCKET, SO_BROADCAST, 1)) return errno;
  if (options.reuse_address && !set(SOL_SOCKET, SO_REUSEADDR, 1)) return errno;
  // Only what this socket itself has joined; hops and loop are of the family that it sends with.
  if (address.family() == AF_INET6) {
    if (!set(IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only ? 1 : 0)) return errno;
    (void)set(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);  // Linux 4.20
    if (!set(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, options.multicast_loop ? 1 : 0)) return errno;
    if (!set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, options.multicast_hops)) return errno;
  } else {
    (void)set(IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (!set(IPPROTO_IP, IP_MULTICAST_LOOP, options.multicast_loop ? 1 : 0)) return errno;
    if (!set(IPPROTO_IP, IP_MULTICAST_TTL, options.multicast_hops)) return errno;
  }
  return ::bind(fd, address.kernel(), address.kernel_size()) == 0 ? 0 : errno;
}

}  // namespace

Outcome<int> bind(const Address& address, const DatagramOptions& options) {
  const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return bind_fault(errno, address);
  const int error = bind_datagrams(fd, address, options);
  if (error == 0) return fd;
  ::close(fd);
  return bind_fault(error, address);
}

Outcome<void> join(int descriptor, const Address& group, const Address& interface) {
  if (group.family() == AF_INET6) {
    const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(group.kernel());
    ipv6_mreq wanted = {};
    wanted.ipv6mr_multiaddr = v6.sin6_addr;
    wanted.ipv6mr_interface = v6.sin6_scope_id;
    if (::setsockopt(descriptor, IPPROTO_IPV6, IPV6_JOIN_GROUP, &wanted, sizeof wanted) != 0) return join_fault(errno, group);
    const int number = static_cast<int>(v6.sin6_scope_id);
    if (number != 0 && ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, &number, sizeof number) != 0)
      return join_fault(errno, group);
    return {};
  }
  if (group.family() != AF_INET) return join_fault(EINVAL, group);
  ip_mreqn wanted = {};
  wanted.imr_multiaddr = reinterpret_cast<const sockaddr_in*>(group.kernel())->sin_addr;
  if (interface.family() == AF_INET) wanted.imr_address = reinterpret_cast<const sockaddr_in*>(interface.kernel())->sin_addr;
  if (::setsockopt(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wanted, sizeof wanted) != 0) return join_fault(errno, group);
  if (interface.family() != AF_INET) return {};
  if (::setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &wanted, sizeof wanted) != 0) return join_fault(errno, group);
  return {};
}

Outcome<int> adopt(int descriptor, Mode mode) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) {
    return kernel_fault(errno, "adopt", fmt::format("descriptor {} is not a socket", descriptor));
  }
  if (listening == 0) {
    return Fault{.code = Errc::bad_argument, .where = "adopt", .detail = fmt::format("socket {} is not listening", descriptor)};
  }
  const int status = ::fcntl(descriptor, F_GETFL);
  const int wanted = mode == Mode::non_blocking ? status | O_NONBLOCK : status & ~O_NONBLOCK;
  if (status < 0 || ::fcntl(descriptor, F_SETFL, wanted) != 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return kernel_fault(errno, "adopt", fmt::format("descriptor {}", descriptor));
  }
  set_no_delay(descriptor);
  return descriptor;
}

int open_stream(int family, Mode mode) noexcept {
  const int fd = ::socket(family, flags(mode), 0);
  if (fd < 0) return -errno;
  set_no_delay(fd);
  return fd;
}

Outcome<Address> local_address(int descriptor) { return name_of(descriptor, ::getsockname, "local address"); }
Outcome<Address> peer_address(int descriptor) { return name_of(descriptor, ::getpeername, "peer address"); }

void keep_alive(int descriptor, Duration patience) noexcept {
  // Four probes, the first after the silence of one pause: together about `patience`.
  constexpr int kProbes = 3;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
  const int pause = static_cast<int>(std::clamp<std::int64_t>(whole / (kProbes + 1), 1, 3600));
  const auto unacknowledged = static_cast<unsigned>(1000 * pause * (kProbes + 1));
  // Unchecked: not for every family of socket, and a connection without them is found dead by its silence, only later.
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &pause, sizeof pause);
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof pause);
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof unacknowledged);
}

std::size_t send_at_once(int descriptor, std::string_view bytes) noexcept {
  const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;  // an error is the loop's to find
}

void limit_unsent(int descriptor, std::size_t bytes) noexcept {
  const auto limit = static_cast<unsigned>(bytes);
  // Unchecked, as above: without it a small message waits for a whole send buffer.
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limit, sizeof limit);
}

void limit_unread(int descriptor, std::size_t bytes) noexcept {
  const auto limit = static_cast<int>(bytes);
  // Unchecked, as above: without it the kernel lets the buffer grow to tcp_rmem's, 6 MiB and more.
  (void)::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &limit, sizeof limit);
}

bool is_exhaustion(int error) noexcept { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

bool is_lost_connection(int error) noexcept {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

TimePoint monotonic_now() noexcept {
  timespec at;
  (void)::clock_gettime(CLOCK_MONOTONIC, &at);
  return TimePoint{std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec)};
}

Duration boot_now() noexcept {
  timespec at;
  (void)::clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::seconds(at.tv_sec) + Duration(at.tv_nsec);
}

std::int64_t wall_now() noexcept {
  timespec at;
  (void)::clock_gettime(CLOCK_REALTIME, &at);
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace pulpo::io::socket
