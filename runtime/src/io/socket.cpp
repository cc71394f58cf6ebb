// SPDX-License-Identifier: Apache-2.0
#include "io/socket.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <unistd.h>

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

Fault listen_fault(int error, const Address& address) {
  switch (error) {
    case EADDRINUSE:
      return kernel_fault(error, "listen",
                          fmt::format("port {} of {} is in use; stop its user or choose another port", address.port(), address.ip_text()));
    case EACCES:
      return kernel_fault(error, "listen", fmt::format("port {} is reserved for root; choose one above 1023", address.port()));
    case EADDRNOTAVAIL:
      return kernel_fault(error, "listen", fmt::format("{} is not an address of this host", address.ip_text()));
    case EAFNOSUPPORT:
      return kernel_fault(error, "listen", fmt::format("this kernel cannot listen on {}", address.text()));
    default:
      return kernel_fault(error, "listen", address.text());
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

std::int64_t wall_now() noexcept {
  timespec at;
  (void)::clock_gettime(CLOCK_REALTIME, &at);
  return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

}  // namespace pulpo::io::socket
