// SPDX-License-Identifier: Apache-2.0
#include "io/kernel_loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "io/file.hpp"

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
  if (fd) begin_handle(*fd, Nature::socket);
  return fd;
}

Outcome<Handle> KernelLoop::adopt(int descriptor) {
  auto fd = socket::adopt(descriptor, mode_);
  if (fd) begin_handle(*fd, Nature::socket);
  return fd;
}

Outcome<Handle> KernelLoop::open(const std::string& path, const OpenOptions& options) {
  auto fd = file::open(path, options);
  if (fd) begin_handle(*fd, options.device ? Nature::device : Nature::file);
  return fd;
}

Outcome<std::uint64_t> KernelLoop::size(Handle file) const { return file::size(file); }

Outcome<Handle> KernelLoop::adopt_device(int descriptor) {
  auto fd = file::adopt_device(descriptor);
  if (fd) begin_handle(*fd, Nature::device);
  return fd;
}

std::int32_t KernelLoop::take_now(const Record& record, char* into, std::size_t size) noexcept {
  const bool is_device = record.nature == Nature::device;
  for (;;) {
    calls_.increment();
    const ssize_t got = is_device ? ::read(record.handle, into, size) : ::recv(record.handle, into, size, MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::int32_t>(got);
    if (errno == EINTR) continue;
    // What a pty says whose other side has gone.
    return is_device && errno == EIO ? 0 : -errno;
  }
}

std::int32_t KernelLoop::give_now(const Record& record) noexcept {
  const bool is_device = record.nature == Nature::device;
  const ByteView left = record.left;
  for (;;) {
    calls_.increment();
    const ssize_t taken = is_device ? ::write(record.handle, left.data(), left.size())
                                    : ::send(record.handle, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken >= 0) return static_cast<std::int32_t>(taken);
    if (errno != EINTR) return -errno;
  }
}

void KernelLoop::shut_down(int descriptor) { (void)::shutdown(descriptor, SHUT_WR); }

void KernelLoop::release(int descriptor) { ::close(descriptor); }

}  // namespace pulpo::io
