// SPDX-License-Identifier: Apache-2.0
//
// KernelLoop: what the uring and the epoll loop have in common: the kernel's sockets, files and devices, its clock, and the
// order of a turn.
//
//   Order      A turn: wait if there is nothing else to do, hand out what the kernel has, fire timers,
//              hand out what ended by itself.
//   Threads    As Loop says.
#pragma once

#include "base/counter.hpp"
#include "io/interfaces.hpp"
#include "io/operation_loop.hpp"
#include "io/socket.hpp"
#include "io/waker.hpp"

namespace pulpo::io {

class KernelLoop : public OperationLoop {
 public:
  Outcome<Handle> listen(const Address& address, const ListenOptions& options) final;
  Outcome<Address> local_address(Handle handle) const final { return socket::local_address(handle); }
  Outcome<Address> peer_address(Handle handle) const final { return socket::peer_address(handle); }
  Outcome<Handle> adopt(int descriptor) final;
  void keep_alive(Handle handle, Duration patience) final { socket::keep_alive(handle, patience); }
  void limit_unsent(Handle handle, std::size_t bytes) final { socket::limit_unsent(handle, bytes); }
  std::size_t send_at_once(Handle handle, std::string_view bytes) noexcept final { return socket::send_at_once(handle, bytes); }
  void limit_unread(Handle handle, std::size_t bytes) final { socket::limit_unread(handle, bytes); }
  Outcome<Handle> bind(const Address& address, const DatagramOptions& options) final;
  Outcome<void> join(Handle handle, const Address& group, const Address& interface) final;
  Outcome<std::vector<Interface>> interfaces() const final { return interfaces::list(); }
  Outcome<Handle> watch_interfaces() final;
  Outcome<Handle> open(const std::string& path, const OpenOptions& options) final;
  Outcome<std::uint64_t> size(Handle file) const final;
  Outcome<Handle> adopt_device(int descriptor) final;
  Outcome<Handle> watch_signal(int number) final;
  TimePoint refresh() noexcept final;
  Duration boot_time() const noexcept final { return socket::boot_now(); }
  std::int64_t wall_time() const noexcept final { return socket::wall_now(); }
  std::size_t turn(Wait wait) final;
  void wake() noexcept final { waker_.wake(); }
  std::uint64_t system_calls() const noexcept override { return calls_.get() + waker_.writes(); }

 protected:
  KernelLoop(TimePoint start, int event, socket::Mode mode) noexcept : OperationLoop(start), waker_(event), mode_(mode) {}

  // --- What a loop adds ---------------------------------------------------------------------------
  /// Waits when it may, calls refresh(), hands out completions and returns their number. Never waits for what
  /// has happened already.
  virtual std::size_t reap(bool may_sleep) = 0;

  /// What can be had of a socket or device, or sent to one, without waiting; 0 at the end of a stream, or -errno.
  std::int32_t take_now(const Record& record, char* into, std::size_t size) noexcept;
  std::int32_t give_now(const Record& record) noexcept;
  /// Hands out the datagrams that are there, at most a turn's share of them. 0: there may be more; -EAGAIN: there are none; else the
  /// operation ends with it, or has ended (-ECANCELED).
  std::int32_t take_datagrams(Record& record, std::size_t& handled);

  Waker waker_;
  mutable Counter calls_;  ///< See system_calls(); mutable for ready(), which may ask the kernel.

 private:
  int open_stream(int family) final { return socket::open_stream(family, mode_); }
  void shut_down(int descriptor) final;
  void end_watch(int descriptor) final;
  void release(int descriptor) final;

  std::unique_ptr<char[]> datagram_buffer_;  ///< Made for the first datagram.
  socket::Mode mode_;
  bool turning_ = false;
};

}  // namespace pulpo::io
