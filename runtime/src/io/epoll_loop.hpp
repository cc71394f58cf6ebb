// SPDX-License-Identifier: Apache-2.0
//
// EpollLoop: the loop for kernels, containers and emulators without a usable io_uring.
//
// Sockets are registered once, edge-triggered for reading and writing; whether a handle may still be
// readable or writable is remembered here, so that steady traffic costs no epoll_ctl. A record that can
// go on waits in ready_, and gets a bounded share of each turn.
//
//   Order      As Loop says. Handles that can go on take turns, 64 KiB each.
//   Threads    As Loop says. wake() is a write to an eventfd, once until the loop has noticed.
//   Cost       A turn is one epoll_pwait2; a send that fits the socket's buffer is one send(2).
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <memory>

#include "io/kernel_loop.hpp"

namespace pulpo::io {

class EpollLoop final : public KernelLoop {
 public:
  [[nodiscard]] static Outcome<std::unique_ptr<Loop>> make();
  ~EpollLoop() override;

  void accept(Operation& operation, Handle listener) override;
  void connect(Operation& operation, const Address& address) override;
  void receive(Operation& operation, Handle handle) override;
  void send(Operation& operation, Handle handle, ByteView bytes) override;
  void send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) override;
  void read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) override;
  void write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) override;
  void sync(Operation& operation, Handle file) override;
  void poll(Operation& operation, int descriptor, short events) override;
  bool ready() const noexcept override;
  const char* name() const noexcept override { return "epoll"; }

 private:
  EpollLoop(int epoll, int event, TimePoint start);

  std::size_t reap(bool may_sleep) override;
  void stop(Record& record) override { finish_later(record, -ECANCELED); }
  void go_on(Record& record) override { enqueue(record, ready_); }
  void detached(Record& record, bool was_polling) override;

  /// Tells epoll what is wanted of `descriptor`; `again` makes it look afresh at what holds already. -errno or 0.
  int register_interest(int descriptor, bool again);
  int wait_for_events(bool may_sleep);
  void handle_event(const epoll_event& event);
  std::size_t run(Record& record);
  std::size_t run_accept(Record& record);
  std::size_t run_receive(Record& record);
  std::size_t run_datagrams(Record& record);
  std::size_t run_connect(Record& record);
  /// True when the send has ended, with record.result.
  bool push(Record& record);
  /// The kernel said EAGAIN: from now on an event tells. False, with record.result, when none can come.
  bool await_edge(Record& record, bool Entry::*side);

  static constexpr std::size_t kBufferSize = 16 * 1024;  // As large as one of the uring loop's.

  int epoll_;
  bool has_pwait2_ = true;  ///< Sub-millisecond waits (Linux 5.11).
  Queue ready_;             ///< Can go on without waiting for an event.
  std::array<epoll_event, 256> events_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace pulpo::io
