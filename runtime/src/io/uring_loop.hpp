// SPDX-License-Identifier: Apache-2.0
//
// UringLoop: the loop on io_uring.
//
// One io_uring_enter a turn submits what was asked for since the last, and sleeps if there is nothing else
// to do; a turn that finds neither work to submit nor the kernel's flag makes no system call. Accept and
// receive are armed once and go on (multishot); bytes come in buffers that go back when completed() returns.
//
//   Order      As Loop says. Completions are handed out as the kernel queued them.
//   Threads    As Loop says.
//   Errors     make(): unsupported, naming what is missing.
#pragma once

#include "io/kernel_loop.hpp"
#include "io/uring_ring.hpp"

namespace pulpo::io {

class UringLoop final : public KernelLoop {
 public:
  struct Options {
    UringRing::Options ring = {};
    /// send() first tries a plain send(2) that does not wait, and asks the ring only for what is left. Asleep
    /// between calls both ways cost the same (bench_loop, p50 5.1 and 5.2 us); a core that spins need not enter the
    /// kernel for the sake of a send, which brought a prototype from 24 to 29 M frames/s at windows of 1,024.
    bool send_at_once = true;
  };
  [[nodiscard]] static Outcome<std::unique_ptr<Loop>> make(const Options& options);
  ~UringLoop() override = default;

  void accept(Operation& operation, Handle listener) override;
  void connect(Operation& operation, const Address& address) override;
  void receive(Operation& operation, Handle handle) override;
  void send(Operation& operation, Handle handle, ByteView bytes) override;
  void send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) override;
  void read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) override;
  void write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) override;
  void sync(Operation& operation, Handle file) override;
  void poll(Operation& operation, int descriptor, short events) override;
  /// What is prepared counts too: a core that spins on ready() must not sit on what it asked for.
  bool ready() const noexcept override {
    return !done_.empty() || ring_->has_completions() || ring_->is_worth_entering() || ring_->has_prepared();
  }
  const char* name() const noexcept override { return "uring"; }
  std::uint64_t system_calls() const noexcept override { return KernelLoop::system_calls() + ring_->enters(); }

 private:
  UringLoop(const Options& options, std::unique_ptr<UringRing> ring, int event);

  std::size_t reap(bool may_sleep) override;
  void stop(Record& record) override;
  void go_on(Record& record) override { arm(record); }
  void detached(Record&, bool) override {}

  /// Puts the record's request before the kernel.
  void arm(Record& record);
  void arm_waker();
  std::size_t hand_out(const io_uring_cqe& completion);
  std::size_t accepted(Record& record, std::int32_t result);
  std::size_t received(Record& record, const io_uring_cqe& completion);
  std::size_t sent(Record& record, std::int32_t result);
  /// After a completion that was not the operation's last: arms it again if the kernel has let go of it.
  std::size_t keep_going(Record& record);
  std::size_t read_some(Record& record, std::int32_t result);
  std::size_t written(Record& record, std::int32_t result);
  /// A device or a socket of datagrams may go on. The ring would read terminals in a thread of its own that nobody can cancel, so it only
  /// watches them; and so it does with datagrams, whose senders' addresses do not fit its buffers.
  std::size_t device_ready(Record& record, std::int32_t result);
  std::size_t receive_from_device(Record& record);
  std::size_t receive_datagrams(Record& record);
  [[nodiscard]] static bool is_watched(const Record& record) noexcept {
    const bool moves_bytes = record.kind == Kind::receive || record.kind == Kind::send;
    return moves_bytes && (record.nature == Nature::device || record.nature == Nature::datagrams);
  }
  /// The first send(2): true when the operation has ended by it.
  bool send_now(Record& record);

  std::unique_ptr<UringRing> ring_;
  bool send_at_once_;
  std::unique_ptr<char[]> device_buffer_;  ///< Made for the first device.
  Queue starved_;                          ///< Receives that found no buffer; armed again when those of this turn have come back.
};

}  // namespace pulpo::io
