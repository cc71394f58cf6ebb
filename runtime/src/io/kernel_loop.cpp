// SPDX-License-Identifier: Apache-2.0
#include "io/kernel_loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace pulpo::io {

TimePoint KernelLoop::refresh() noexcept {
  set_now(socket::monotonic_now());
  return now();
}

std::size_t KernelLoop::turn(Wait wait) {
  PULPO_ASSERT(!turning_);
  turning_ = true;
  const bool waits = wait == Wait::yes;
  std::size_t handled = 0;
  do {
    handled += reap(waits && done_.empty() && !waker_.is_waiting());
    handled += timers().advance(now());
    handled += hand_out_done();
  } while (waits && handled == 0 && !waker_.is_waiting());
  // Only a turn that was to sleep uses up a wake.
  if (waits && waker_.is_waiting()) waker_.notice();
  turning_ = false;
  return handled;
}

Outcome<Handle> KernelLoop::listen(const Address& address, const ListenOptions& options) {
  auto fd = socket::listen(address, options, mode_);
  if (fd) begin_socket(*fd);
  return fd;
}

Outcome<Handle> KernelLoop::adopt(int descriptor) {
  auto fd = socket::adopt(descriptor, mode_);
  if (fd) begin_socket(*fd);
  return fd;
}

void KernelLoop::shut_down(int descriptor) { (void)::shutdown(descriptor, SHUT_WR); }

void KernelLoop::release(int descriptor) { ::close(descriptor); }

}  // namespace pulpo::io
