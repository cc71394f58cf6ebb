// SPDX-License-Identifier: Apache-2.0
//
// UringRing: one io_uring with the buffers it receives into, made as good as this kernel allows.
//
// liburing sets it up and fills in entries; entering the kernel is done here, because Debian 12's liburing
// knows neither the newer flags of io_uring_enter nor how to submit, wait and time out in one call.
//
//   Bounds     256 entries to submit, of which tied ones take two (a full queue is submitted early), 4,096 completions; on overflow the
//   kernel
//              keeps the rest and says so. 64 receive buffers of 16 KiB: 1 MiB a loop.
//   Ownership  A buffer is lent by a completion until recycle().
//   Threads    The one that made it, only: the kernel answers others with -EEXIST.
//   Errors     make(): unsupported, with the missing thing and what forbids it.
//   Cost       enter(): 0.25 µs. has_completions(), must_enter(): two loads.
#pragma once

#include <liburing.h>

#include <cstddef>
#include <memory>

#include "base/counter.hpp"
#include "pulpo/bytes.hpp"
#include "pulpo/result.hpp"
#include "pulpo/time.hpp"

namespace pulpo::io {

class UringRing {
 public:
  struct Options {
    bool defer_taskrun = true;  ///< False to see what is left without it.
  };
  [[nodiscard]] static Outcome<std::unique_ptr<UringRing>> make(const Options& options);
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  /// Work is done when the owner asks for completions, not by interrupting it.
  [[nodiscard]] bool defers_taskrun() const noexcept { return (ring_.flags & IORING_SETUP_DEFER_TASKRUN) != 0; }
  [[nodiscard]] int descriptor() const noexcept { return ring_.ring_fd; }

  /// An entry to fill in; submitted by the next enter(), together with as many more as are `following`.
  [[nodiscard]] io_uring_sqe& prepare(unsigned following = 0) noexcept;
  /// For an entry that was prepared with one following and is filled in: should the process be killed, the kernel lets go of the entry's
  /// file while the process dies, and not some ms later. Costs an entry, and behind the last completion one that bears `ticket`.
  void tie_to_life(io_uring_sqe& entry, std::uint64_t ticket) noexcept;
  [[nodiscard]] bool has_prepared() const noexcept { return ring_.sq.sqe_tail != *ring_.sq.khead; }
  /// Submits what was prepared and makes completions appear; with `wait` until there is one, or the time is over
  /// (kForEver: no limit). Returns 0 or -errno; interruption and timeout are no errors.
  static constexpr Duration kForEver = Duration::max();
  int enter(bool wait, Duration timeout) noexcept;
  /// How often it was entered. Any thread.
  [[nodiscard]] std::uint64_t enters() const noexcept { return enters_.get(); }

  [[nodiscard]] bool has_completions() const noexcept { return io_uring_cq_ready(&ring_) != 0; }
  /// Completions exist that only appear when the kernel is entered.
  [[nodiscard]] bool must_enter() const noexcept {
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }
  /// The same, for who would rather sleep: not when the latest enter() found none and the flag stayed. The kernel sets it after it has put
  /// the work where a turn may have found it already; then it stays until there is other work. A sleep finds that in any case.
  [[nodiscard]] bool is_worth_entering() const noexcept { return must_enter() && !entered_in_vain_; }
  [[nodiscard]] unsigned completions() const noexcept { return io_uring_cq_ready(&ring_); }
  /// Takes the oldest completion; there must be one.
  [[nodiscard]] io_uring_cqe take() noexcept;

  // --- Receive buffers ------------------------------------------------------------------------------
  /// True when buffers are registered: receive with IOSQE_BUFFER_SELECT from group 0.
  [[nodiscard]] bool has_buffers() const noexcept { return buffers_ != nullptr; }
  [[nodiscard]] ByteView received(const io_uring_cqe& completion) const noexcept;
  /// Hands the buffer of `completion` back, if it has one.
  void recycle(const io_uring_cqe& completion) noexcept;

 private:
  UringRing() noexcept = default;
  int set_up(const Options& options) noexcept;
  void register_buffers() noexcept;
  void find_ties() noexcept;
  void prepare_tie(std::uint64_t ticket) noexcept;
  void offer(unsigned buffer) noexcept;

  static constexpr unsigned kBuffers = 64;
  static constexpr unsigned kBufferSize = 16 * 1024;

  io_uring ring_ = {};
  unsigned enter_flags_ = 0;
  Counter enters_;
  bool entered_in_vain_ = false;
  bool has_ties_ = false;    ///< The kernel knows what ties are made of.
  char* buffers_ = nullptr;  ///< kBuffers x kBufferSize, then the ring that offers them.
  io_uring_buf_ring* offered_ = nullptr;
};

}  // namespace pulpo::io
