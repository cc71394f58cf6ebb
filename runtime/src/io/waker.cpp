// SPDX-License-Identifier: Apache-2.0
#include "io/waker.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace pulpo::io {

Outcome<int> Waker::open() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return Fault{.code = Errc::io, .sys = errno, .where = "eventfd"};
  return fd;
}

Waker::~Waker() { ::close(descriptor_); }

void Waker::wake() noexcept {
  if (woken_.exchange(true, std::memory_order_seq_cst)) return;
  writes_.fetch_add(1, std::memory_order_relaxed);  // beside the price of a system call it is nothing
  const int error = errno;                          // Callers may stand between a system call and their look at errno.
  const std::uint64_t one = 1;
  while (::write(descriptor_, &one, sizeof one) < 0 && errno == EINTR) {
  }
  errno = error;
}

}  // namespace pulpo::io
