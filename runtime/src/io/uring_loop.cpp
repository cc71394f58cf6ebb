// SPDX-License-Identifier: Apache-2.0
#include "io/uring_loop.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pulpo::io {
namespace {

// Tickets have a record's number in their lower half; these two are no number.
constexpr std::uint64_t kIgnored = ~std::uint64_t{0};
constexpr std::uint64_t kWaker = kIgnored - 1;

}  // namespace

Outcome<std::unique_ptr<Loop>> UringLoop::make(const Options& options) {
  PULPO_TRY(auto ring, UringRing::make(options.ring));
  if (!ring->has_buffers()) {
    return Fault{.code = Errc::unsupported, .where = "uring loop", .detail = "this kernel refuses a ring of receive buffers"};
  }
  PULPO_TRY(const int event, Waker::open());
  return std::unique_ptr<Loop>(new UringLoop(options, std::move(ring), event));
}

UringLoop::UringLoop(const Options& options, std::unique_ptr<UringRing> ring, int event)
    : KernelLoop(socket::monotonic_now(), event, socket::Mode::blocking), ring_(std::move(ring)), send_at_once_(options.send_at_once) {
  arm_waker();
}

void UringLoop::arm_waker() {
  io_uring_sqe& entry = ring_->prepare();
  io_uring_prep_poll_multishot(&entry, waker_.descriptor(), POLLIN);
  io_uring_sqe_set_data64(&entry, kWaker);
}

// --- Submitting ------------------------------------------------------------------------------------

void UringLoop::arm(Record& record) {
  io_uring_sqe& entry = ring_->prepare();
  switch (record.kind) {
    case Kind::accept:
      io_uring_prep_multishot_accept(&entry, record.handle, nullptr, nullptr, SOCK_CLOEXEC);
      break;
    case Kind::connect:
      io_uring_prep_connect(&entry, record.handle, record.address.kernel(), record.address.kernel_size());
      break;
    case Kind::receive:
      io_uring_prep_recv(&entry, record.handle, nullptr, 0, 0);
      entry.ioprio |= IORING_RECV_MULTISHOT;
      entry.flags |= IOSQE_BUFFER_SELECT;
      entry.buf_group = 0;
      break;
    case Kind::send:
      io_uring_prep_send(&entry, record.handle, record.left.data(), record.left.size(), MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case Kind::poll:
      io_uring_prep_poll_add(&entry, record.handle, static_cast<unsigned short>(record.events));
      break;
  }
  io_uring_sqe_set_data64(&entry, records_.ticket(record));
  record.in_kernel = true;
}

void UringLoop::accept(Operation& operation, Handle listener) {
  if (Record* record = begin_transfer(operation, Kind::accept, listener)) arm(*record);
}

void UringLoop::connect(Operation& operation, const Address& address) {
  if (Record* record = begin_connect(operation, address)) arm(*record);
}

void UringLoop::receive(Operation& operation, Handle handle) {
  if (Record* record = begin_transfer(operation, Kind::receive, handle)) arm(*record);
}

void UringLoop::send(Operation& operation, Handle handle, ByteView bytes) {
  Record* record = begin_send(operation, handle, bytes);
  if (record == nullptr) return;
  if ((send_at_once_ || bytes.empty()) && send_now(*record)) return finish_later(*record, record->result);
  arm(*record);
}

void UringLoop::poll(Operation& operation, int descriptor, short events) {
  if (Record* record = begin_poll(operation, descriptor, events)) arm(*record);
}

bool UringLoop::send_now(Record& record) {
  ssize_t taken;
  do {
    taken = ::send(record.handle, record.left.data(), record.left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) {
    record.result = -errno;
    return errno != EAGAIN;
  }
  record.left.remove_prefix(static_cast<std::size_t>(taken));
  record.result = record.total;
  return record.left.empty();
}

/// One cancellation for each operation, also in close(): a handle has three at most as a rule, and those that the kernel
/// does not hold at the moment have to be ended here anyway. The record, and what it points to, stays until the target's
/// own last completion; what the cancellation itself answers tells nothing.
void UringLoop::stop(Record& record) {
  if (!record.in_kernel) return finish_later(record, -ECANCELED);
  if (record.cancelled) return;
  record.cancelled = true;
  io_uring_sqe& entry = ring_->prepare();
  io_uring_prep_cancel64(&entry, records_.ticket(record), 0);
  io_uring_sqe_set_data64(&entry, kIgnored);
}

// --- Reaping ---------------------------------------------------------------------------------------

std::size_t UringLoop::reap(bool may_sleep) {
  bool sleeps = may_sleep && !ring_->has_completions();
  Duration timeout = UringRing::kForEver;
  if (sleeps) {
    if (const TimePoint deadline = timers().next_deadline(); deadline != kNever) {
      timeout = deadline - socket::monotonic_now();
      sleeps = timeout > Duration::zero();
    }
  }
  if (sleeps || ring_->has_prepared() || ring_->must_enter()) {
    // -EAGAIN, -EBUSY and -ENOMEM pass: what was not taken stays prepared for the next turn.
    const int error = ring_->enter(sleeps, timeout);
    PULPO_ASSERT(error == 0 || error == -EAGAIN || error == -EBUSY || error == -ENOMEM);
  }
  refresh();
  std::size_t handled = 0;
  // Those that appear meanwhile wait for the next turn.
  for (unsigned left = ring_->completions(); left > 0; --left) handled += hand_out(ring_->take());
  while (Record* record = starved_.pop_front()) {
    record->place = Place::nowhere;
    arm(*record);
  }
  return handled;
}

std::size_t UringLoop::hand_out(const io_uring_cqe& completion) {
  const bool more = (completion.flags & IORING_CQE_F_MORE) != 0;
  if (completion.user_data == kIgnored) return 0;
  if (completion.user_data == kWaker) {
    waker_.arrived();
    if (!more) arm_waker();
    return 0;
  }
  Record* record = records_.find(completion.user_data);
  PULPO_ASSERT(record != nullptr);  // A record ends with its last completion, not before.
  record->in_kernel = more;
  switch (record->kind) {
    case Kind::accept:
      return accepted(*record, completion.res);
    case Kind::connect:
      return finish_now(*record, completion.res == 0 ? record->handle : completion.res);
    case Kind::receive:
      return received(*record, completion);
    case Kind::send:
      return sent(*record, completion.res);
    case Kind::poll:
      return finish_now(*record, completion.res);
  }
  return 0;
}

std::size_t UringLoop::keep_going(Record& record) {
  if (record.in_kernel || record.place != Place::nowhere || record.pause.is_armed()) return 0;
  if (record.cancelled) return finish_now(record, -ECANCELED);
  arm(record);
  return 0;
}

std::size_t UringLoop::accepted(Record& record, std::int32_t result) {
  const bool exhausted = result < 0 && socket::is_exhaustion(-result);
  if (result < 0 && socket::is_lost_connection(-result)) return keep_going(record);
  if (result < 0 && (!exhausted || record.cancelled)) return finish_now(record, result);
  if (result >= 0) begin_socket(result);
  record.operation->completed({.result = result, .more = true});
  if (exhausted && !record.in_kernel && record.place == Place::nowhere) timers().arm(record.pause, now() + socket::kAcceptPause);
  return 1 + keep_going(record);
}

std::size_t UringLoop::received(Record& record, const io_uring_cqe& completion) {
  if (completion.res > 0) {
    const ByteView data = ring_->received(completion);
    record.operation->completed({.result = completion.res, .more = true, .data = data});
    ring_->recycle(completion);
    return 1 + keep_going(record);
  }
  ring_->recycle(completion);
  if (completion.res == -ENOBUFS && !record.cancelled) {
    enqueue(record, starved_);
    return 0;
  }
  // Not so -EAGAIN: that comes at once, again and again, from a socket that somebody made non-blocking.
  if (completion.res == -ENOBUFS || completion.res == -EINTR) return keep_going(record);
  return finish_now(record, completion.res);
}

std::size_t UringLoop::sent(Record& record, std::int32_t result) {
  if (result < 0 && result != -EINTR) return finish_now(record, result);
  record.left.remove_prefix(static_cast<std::size_t>(std::max(result, 0)));
  if (record.left.empty()) return finish_now(record, record.total);
  return keep_going(record);
}

}  // namespace pulpo::io
