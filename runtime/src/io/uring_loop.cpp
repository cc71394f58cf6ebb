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

// A terminal's buffer in the kernel is 4 KiB, and 115,200 baud fill it in a third of a second.
constexpr std::size_t kDeviceBufferSize = 4 * 1024;
constexpr int kDeviceReadsPerTurn = 4;

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
  io_uring_sqe& entry = ring_->prepare(1);
  if (is_watched(record)) {
    io_uring_prep_poll_add(&entry, record.handle, record.kind == Kind::receive ? POLLIN : POLLOUT);
    io_uring_sqe_set_data64(&entry, records_.ticket(record));
    record.in_kernel = true;
    return;
  }
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
    case Kind::read:
      io_uring_prep_read(&entry, record.handle, record.into, static_cast<unsigned>(record.left.size()), record.offset);
      break;
    case Kind::write:
      io_uring_prep_write(&entry, record.handle, record.left.data(), static_cast<unsigned>(record.left.size()), record.offset);
      break;
    case Kind::sync:
      io_uring_prep_fsync(&entry, record.handle, 0);
      break;
  }
  io_uring_sqe_set_data64(&entry, records_.ticket(record));
  record.in_kernel = true;
  // The end of a stream is news to its peer. Datagrams have none, and their polls are armed too often to pay for it each time.
  if (record.nature == Nature::socket) ring_->tie_to_life(entry, kIgnored);
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
  Record* record = begin_send(operation, Kind::send, handle, bytes);
  if (record == nullptr) return;
  if ((send_at_once_ || bytes.empty() || is_watched(*record)) && send_now(*record)) return finish_later(*record, record->result);
  arm(*record);
}

void UringLoop::send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) {
  Record* record = begin_send_to(operation, handle, bytes, to);
  if (record == nullptr) return;
  if (send_now(*record)) return finish_later(*record, record->result);
  arm(*record);
}

void UringLoop::read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) {
  Record* record = begin_read(operation, file, into);
  if (record == nullptr) return;
  record->offset = offset;
  arm(*record);
}

void UringLoop::write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) {
  Record* record = begin_send(operation, Kind::write, file, bytes);
  if (record == nullptr) return;
  record->offset = offset;
  arm(*record);
}

void UringLoop::sync(Operation& operation, Handle file) {
  if (Record* record = begin_sync(operation, file)) arm(*record);
}

void UringLoop::poll(Operation& operation, int descriptor, short events) {
  if (Record* record = begin_poll(operation, descriptor, events)) arm(*record);
}

bool UringLoop::send_now(Record& record) {
  const std::int32_t taken = give_now(record);
  if (taken < 0) {
    record.result = taken;
    return taken != -EAGAIN;
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
  if (is_watched(*record)) return device_ready(*record, completion.res);
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
    case Kind::read:
      return read_some(*record, completion.res);
    case Kind::write:
      return written(*record, completion.res);
    case Kind::sync:
      return completion.res == -EINTR ? keep_going(*record) : finish_now(*record, completion.res);
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
  if (result >= 0) begin_handle(result, Nature::socket);
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

std::size_t UringLoop::read_some(Record& record, std::int32_t result) {
  if (result < 0 && result != -EINTR && result != -EAGAIN) return finish_now(record, result);
  const auto got = static_cast<std::size_t>(std::max(result, 0));
  record.left.remove_prefix(got);
  record.into += got;
  record.offset += got;
  // A short read may be the end of the file or not; nothing more comes from behind the end.
  if (record.left.empty() || result == 0) return finish_now(record, record.total - static_cast<std::int32_t>(record.left.size()));
  return keep_going(record);
}

std::size_t UringLoop::written(Record& record, std::int32_t result) {
  if (result < 0 && result != -EINTR && result != -EAGAIN) return finish_now(record, result);
  if (result == 0 && !record.left.empty()) return finish_now(record, -EIO);  // It will not do better the next time.
  const auto taken = static_cast<std::size_t>(std::max(result, 0));
  record.left.remove_prefix(taken);
  record.offset += taken;
  if (record.left.empty()) return finish_now(record, record.total);
  return keep_going(record);
}

std::size_t UringLoop::device_ready(Record& record, std::int32_t result) {
  if (result < 0 && result != -EINTR) return finish_now(record, result);
  if (record.cancelled) return finish_now(record, -ECANCELED);
  if (record.kind == Kind::receive) return record.nature == Nature::device ? receive_from_device(record) : receive_datagrams(record);
  return send_now(record) ? finish_now(record, record.result) : keep_going(record);
}

std::size_t UringLoop::receive_datagrams(Record& record) {
  std::size_t handled = 0;
  const std::int32_t result = take_datagrams(record, handled);
  if (result == 0 || result == -EAGAIN) return handled + keep_going(record);
  return record.place == Place::done ? handled : handled + finish_now(record, result);
}

std::size_t UringLoop::receive_from_device(Record& record) {
  if (!device_buffer_) device_buffer_ = std::make_unique<char[]>(kDeviceBufferSize);
  std::size_t handled = 0;
  for (int round = 0; round < kDeviceReadsPerTurn; ++round) {
    const std::int32_t got = take_now(record, device_buffer_.get(), kDeviceBufferSize);
    if (got == -EAGAIN) break;
    if (got <= 0) return handled + finish_now(record, got);
    ++handled;
    record.operation->completed({.result = got, .more = true, .data = {device_buffer_.get(), static_cast<std::size_t>(got)}});
    if (record.place == Place::done) return handled;
  }
  return handled + keep_going(record);
}

}  // namespace pulpo::io
