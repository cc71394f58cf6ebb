// SPDX-License-Identifier: Apache-2.0
#include "io/kernel_loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "io/file.hpp"
#include "io/os_signals.hpp"

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

Outcome<Handle> KernelLoop::bind(const Address& address, const DatagramOptions& options) {
  auto fd = socket::bind(address, options);
  if (fd) begin_handle(*fd, Nature::datagrams);
  return fd;
}

Outcome<void> KernelLoop::join(Handle handle, const Address& group, const Address& interface) {
  return socket::join(handle, group, interface);
}

Outcome<Handle> KernelLoop::watch_interfaces() {
  auto fd = interfaces::watch(mode_);
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

Outcome<Handle> KernelLoop::watch_signal(int number) {
  auto fd = os_signals::watch(number);
  if (!fd) return fd;
  begin_handle(*fd, Nature::device);
  entry(*fd).watches_signal = true;
  return fd;
}

void KernelLoop::end_watch(int descriptor) { os_signals::unwatch(descriptor); }

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
  const bool has_address = record.address.family() != AF_UNSPEC;
  const sockaddr* const to = has_address ? record.address.kernel() : nullptr;
  const socklen_t to_size = has_address ? record.address.kernel_size() : 0;
  for (;;) {
    calls_.increment();
    const ssize_t taken = is_device ? ::write(record.handle, left.data(), left.size())
                                    : ::sendto(record.handle, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT, to, to_size);
    if (taken >= 0) return static_cast<std::int32_t>(taken);
    if (errno != EINTR) return -errno;
  }
}

std::int32_t KernelLoop::take_datagrams(Record& record, std::size_t& handled) {
  // The largest that UDP has is 65,507 bytes; 16 small ones are some 20 us of work.
  constexpr std::size_t kDatagramMax = 64 * 1024;
  constexpr int kDatagramsPerTurn = 16;
  if (!datagram_buffer_) datagram_buffer_ = std::make_unique<char[]>(kDatagramMax);
  for (int round = 0; round < kDatagramsPerTurn; ++round) {
    sockaddr_storage storage = {};
    socklen_t size = sizeof storage;
    calls_.increment();
    const ssize_t got =
        ::recvfrom(record.handle, datagram_buffer_.get(), kDatagramMax, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&storage), &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    const Address from = Address::from_kernel(reinterpret_cast<const sockaddr*>(&storage), size);
    ++handled;
    record.operation->completed({.result = static_cast<std::int32_t>(got),
                                 .more = true,
                                 .data = {datagram_buffer_.get(), static_cast<std::size_t>(got)},
                                 .from = &from});
    if (record.place == Place::done) return -ECANCELED;
  }
  return 0;
}

void KernelLoop::shut_down(int descriptor) { (void)::shutdown(descriptor, SHUT_WR); }

void KernelLoop::release(int descriptor) { ::close(descriptor); }

}  // namespace pulpo::io
