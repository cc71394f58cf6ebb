// SPDX-License-Identifier: Apache-2.0
#include "io/epoll_loop.hpp"

#include <linux/time_types.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "io/socket.hpp"

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif

namespace pulpo::io {
namespace {

constexpr std::uint64_t kWakerEvent = ~std::uint64_t{0};
constexpr std::uint32_t kSocketEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kEndEvents = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

// Shares of one turn, so that no handle starves another: 4 x 16 KiB is a few tens of microseconds of copying,
// and 64 accepted connections about as much.
constexpr int kReceivesPerTurn = 4;
constexpr int kSendsPerTurn = 4;
constexpr int kAcceptsPerTurn = 64;

}  // namespace

Outcome<std::unique_ptr<Loop>> EpollLoop::make() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Fault{.code = Errc::unsupported, .sys = errno, .where = "epoll loop"};
  auto event = Waker::open();
  if (!event) {
    ::close(epoll);
    return event.error();
  }
  std::unique_ptr<Loop> loop(new EpollLoop(epoll, *event, socket::monotonic_now()));
  epoll_event wanted = {};
  wanted.events = EPOLLIN | EPOLLET;
  wanted.data.u64 = kWakerEvent;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, *event, &wanted) != 0) {
    return Fault{.code = Errc::unsupported, .sys = errno, .where = "epoll loop: eventfd"};
  }
  return loop;
}

EpollLoop::EpollLoop(int epoll, int event, TimePoint start)
    : Loop(start), epoll_(epoll), waker_(event), buffer_(std::make_unique<char[]>(kBufferSize)) {}

EpollLoop::~EpollLoop() {
  PULPO_ASSERT(pending_ == 0);
  ::close(epoll_);
}

TimePoint EpollLoop::refresh() noexcept {
  set_now(socket::monotonic_now());
  return now();
}

std::int64_t EpollLoop::wall_time() const noexcept { return socket::wall_now(); }

// --- Records ---------------------------------------------------------------------------------------

EpollLoop::Entry& EpollLoop::entry(int descriptor) {
  while (entries_.size() <= static_cast<std::size_t>(descriptor)) entries_.emplace_back();
  return entries_[static_cast<std::size_t>(descriptor)];
}

EpollLoop::Record& EpollLoop::begin(Operation& operation, Kind kind, Handle handle) {
  PULPO_ASSERT(!operation.is_pending());
  Record& record = records_.take();
  record.operation = &operation;
  record.loop = this;
  record.kind = kind;
  record.place = Place::nowhere;
  record.handle = handle;
  OperationAccess::state(operation) = &record;
  ++pending_;
  if (handle >= 0) ++entry(handle).operations;
  return record;
}

EpollLoop::Entry* EpollLoop::usable_socket(Record& record) {
  if (record.handle < 0 || entry(record.handle).closing) {
    finish_later(record, -EBADF);
    return nullptr;
  }
  Entry& at = entry(record.handle);
  Record*& side = record.kind == Kind::send ? at.writer : at.reader;
  if (side != nullptr) {
    finish_later(record, -EBUSY);
    return nullptr;
  }
  side = &record;
  if (!at.is_socket && at.operations == 1) at.readable = at.writable = true, at.hung_up = false;
  return &at;
}

void EpollLoop::make_ready(Record& record) {
  if (record.place != Place::nowhere) return;
  record.place = Place::ready;
  ready_.push_back(record);
  ++ready_count_;
}

/// Takes the record off whatever refers to it but its operation.
void EpollLoop::detach(Record& record) {
  if (record.place == Place::ready) --ready_count_;
  const bool was_polling = record.place == Place::polls;
  record.unlink();
  record.place = Place::nowhere;
  timers().cancel(record.pause);
  if (record.handle < 0) return;
  Entry& at = entry(record.handle);
  if (at.reader == &record) at.reader = nullptr;
  if (at.writer == &record) {
    at.writer = nullptr;
    if (at.shutdown_after_send) shutdown_send(record.handle);
  }
  // The caller may close a descriptor of its own that is no longer used here, and its number may come back as another.
  if (was_polling || !at.is_socket) (void)register_interest(record.handle, false);
}

void EpollLoop::finish_later(Record& record, std::int32_t result) {
  detach(record);
  record.result = result;
  record.place = Place::done;
  done_.push_back(record);
  ++done_count_;
}

std::size_t EpollLoop::finish_now(Record& record, std::int32_t result) {
  detach(record);
  record.result = result;
  end(record);
  return 1;
}

void EpollLoop::end(Record& record) {
  Operation& operation = *record.operation;
  const std::int32_t result = record.result;
  if (record.handle >= 0) {
    Entry& at = entry(record.handle);
    --at.operations;
    const bool never_connected = record.kind == Kind::connect && result < 0;
    if (never_connected || (at.closing && at.operations == 0)) forget(record.handle);
  }
  records_.give(record);
  OperationAccess::state(operation) = nullptr;
  --pending_;
  operation.completed({.result = result, .more = false});
}

void EpollLoop::begin_socket(int descriptor) {
  Entry& at = entry(descriptor);
  ++at.generation;
  at.registered = 0;
  at.is_socket = at.readable = at.writable = true;
  at.hung_up = at.closing = at.shutdown_after_send = false;
}

void EpollLoop::forget(int descriptor) {
  Entry& at = entry(descriptor);
  ++at.generation;
  at.registered = 0;
  at.is_socket = at.closing = false;
  ::close(descriptor);
}

int EpollLoop::register_interest(int descriptor, bool again) {
  Entry& at = entry(descriptor);
  std::uint32_t wanted = at.is_socket || at.reader != nullptr || at.writer != nullptr ? kSocketEvents : 0;
  at.polls.for_each([&](Record& record) { wanted |= static_cast<std::uint16_t>(record.events) | EPOLLET; });
  if (wanted == at.registered && !again) return 0;
  epoll_event event = {};
  event.events = wanted;
  event.data.u64 = std::uint64_t{at.generation} << 32 | static_cast<std::uint32_t>(descriptor);
  const int change = wanted == 0 ? EPOLL_CTL_DEL : at.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  at.registered = wanted;
  if (::epoll_ctl(epoll_, change, descriptor, &event) == 0) return 0;
  at.registered = 0;
  return -errno;
}

// --- Submitting ------------------------------------------------------------------------------------

Outcome<Handle> EpollLoop::listen(const Address& address, const ListenOptions& options) {
  auto fd = socket::listen(address, options, socket::Mode::non_blocking);
  if (fd) begin_socket(*fd);
  return fd;
}

Outcome<Address> EpollLoop::local_address(Handle handle) const { return socket::local_address(handle); }
Outcome<Address> EpollLoop::peer_address(Handle handle) const { return socket::peer_address(handle); }

Outcome<Handle> EpollLoop::adopt(int descriptor) {
  auto fd = socket::adopt(descriptor, socket::Mode::non_blocking);
  if (fd) begin_socket(*fd);
  return fd;
}

void EpollLoop::accept(Operation& operation, Handle listener) {
  Record& record = begin(operation, Kind::accept, listener);
  if (usable_socket(record) != nullptr) make_ready(record);
}

void EpollLoop::connect(Operation& operation, const Address& address) {
  const int fd = socket::open_stream(address.family(), socket::Mode::non_blocking);
  if (fd < 0) {
    finish_later(begin(operation, Kind::connect, -1), fd);
    return;
  }
  begin_socket(fd);
  Record& record = begin(operation, Kind::connect, fd);
  Entry& at = entry(fd);
  at.writer = &record;
  if (::connect(fd, address.kernel(), address.kernel_size()) == 0) return finish_later(record, fd);
  if (errno != EINPROGRESS && errno != EINTR) return finish_later(record, -errno);
  at.writable = false;
  if (const int error = register_interest(fd, false); error < 0) finish_later(record, error);
}

void EpollLoop::receive(Operation& operation, Handle handle) {
  Record& record = begin(operation, Kind::receive, handle);
  const Entry* at = usable_socket(record);
  if (at != nullptr && at->readable) make_ready(record);
}

void EpollLoop::send(Operation& operation, Handle handle, ByteView bytes) {
  Record& record = begin(operation, Kind::send, handle);
  const Entry* at = usable_socket(record);
  if (at == nullptr) return;
  if (bytes.size() > INT32_MAX) return finish_later(record, -EMSGSIZE);
  record.left = bytes;
  record.total = static_cast<std::int32_t>(bytes.size());
  if (at->writable && push(record)) finish_later(record, record.result);
}

void EpollLoop::shutdown_send(Handle handle) {
  if (handle < 0) return;
  Entry& at = entry(handle);
  at.shutdown_after_send = at.writer != nullptr;
  if (at.writer == nullptr) (void)::shutdown(handle, SHUT_WR);
}

void EpollLoop::poll(Operation& operation, int descriptor, short events) {
  Record& record = begin(operation, Kind::poll, descriptor);
  if (descriptor < 0) return finish_later(record, -EBADF);
  record.events = events;
  record.place = Place::polls;
  entry(descriptor).polls.push_back(record);
  const int error = register_interest(descriptor, true);
  // epoll refuses regular files, which poll(2) and io_uring hold to be ready at any time.
  if (error != 0) finish_later(record, error == -EPERM ? events & (POLLIN | POLLOUT) : error);
}

void EpollLoop::cancel(Operation& operation) {
  if (!operation.is_pending()) return;
  auto& record = *static_cast<Record*>(OperationAccess::state(operation));
  if (record.place != Place::done) finish_later(record, -ECANCELED);
}

void EpollLoop::close(Handle handle) {
  if (handle < 0) return;
  Entry& at = entry(handle);
  if (at.closing) return;
  at.shutdown_after_send = false;
  for (Record* record : {at.reader, at.writer}) {
    if (record != nullptr) finish_later(*record, -ECANCELED);
  }
  while (Record* record = at.polls.front()) finish_later(*record, -ECANCELED);
  at.closing = true;
  if (at.operations == 0) forget(handle);
}

// --- Turning ---------------------------------------------------------------------------------------

bool EpollLoop::ready() const noexcept {
  if (!done_.empty() || !ready_.empty()) return true;
  pollfd epoll = {.fd = epoll_, .events = POLLIN, .revents = 0};
  return ::poll(&epoll, 1, 0) > 0;
}

std::size_t EpollLoop::turn(Wait wait) {
  PULPO_ASSERT(!turning_);
  turning_ = true;
  const bool waits = wait == Wait::yes;
  std::size_t handled = 0;
  do {
    collect(waits && done_.empty() && ready_.empty() && !waker_.is_waiting());
    refresh();
    handled += run_ready();
    handled += timers().advance(now());
    handled += hand_out_done();
  } while (waits && handled == 0 && !waker_.is_waiting());
  // Only a sleep that was to be ended uses up a wake.
  if (waits && waker_.is_waiting()) waker_.notice();
  turning_ = false;
  return handled;
}

int EpollLoop::wait_for_events(bool may_sleep) {
  Duration timeout = Duration::zero();
  bool for_ever = false;
  if (may_sleep) {
    const TimePoint deadline = timers().next_deadline();
    for_ever = deadline == kNever;
    if (!for_ever) timeout = std::max(Duration::zero(), deadline - socket::monotonic_now());
  }
  const int room = static_cast<int>(events_.size());
  if (timeout == Duration::zero()) return ::epoll_wait(epoll_, events_.data(), room, for_ever ? -1 : 0);
  if (has_pwait2_) {
    __kernel_timespec span = {.tv_sec = timeout / 1s, .tv_nsec = (timeout % 1s).count()};
    const auto got = static_cast<int>(::syscall(__NR_epoll_pwait2, epoll_, events_.data(), room, &span, nullptr, std::size_t{0}));
    if (got >= 0 || errno != ENOSYS) return got;
    has_pwait2_ = false;
  }
  const auto rounded_up = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return ::epoll_wait(epoll_, events_.data(), room, static_cast<int>(std::min<std::int64_t>(rounded_up, INT_MAX)));
}

void EpollLoop::collect(bool may_sleep) {
  const int count = wait_for_events(may_sleep);
  PULPO_ASSERT(count >= 0 || errno == EINTR);
  for (int at = 0; at < count; ++at) {
    if (events_[static_cast<std::size_t>(at)].data.u64 == kWakerEvent) {
      waker_.arrived();
    } else {
      handle_event(events_[static_cast<std::size_t>(at)]);
    }
  }
}

void EpollLoop::handle_event(const epoll_event& event) {
  Entry& at = entry(static_cast<int>(static_cast<std::uint32_t>(event.data.u64)));
  if (at.generation != static_cast<std::uint32_t>(event.data.u64 >> 32)) return;
  const std::uint32_t seen = event.events;
  if ((seen & kEndEvents) != 0) at.hung_up = true;
  if ((seen & (EPOLLIN | kEndEvents)) != 0) {
    at.readable = true;
    if (at.reader != nullptr && !at.reader->pause.is_armed()) make_ready(*at.reader);
  }
  if ((seen & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    at.writable = true;
    if (at.writer != nullptr) make_ready(*at.writer);
  }
  at.polls.for_each([&](Record& record) {
    const std::uint32_t hold = seen & (static_cast<std::uint16_t>(record.events) | EPOLLHUP | EPOLLERR);
    if (hold != 0) finish_later(record, static_cast<std::int32_t>(hold));
  });
}

std::size_t EpollLoop::hand_out_done() {
  // Those that end meanwhile wait for the next turn: a callback that sends again and again does not hold this one.
  const std::size_t count = done_count_;
  for (std::size_t at = 0; at < count; ++at) {
    Record& record = *done_.pop_front();
    --done_count_;
    end(record);
  }
  return count;
}

std::size_t EpollLoop::run_ready() {
  std::size_t handled = 0;
  for (std::size_t left = ready_count_; left > 0 && !ready_.empty(); --left) {
    Record& record = *ready_.pop_front();
    --ready_count_;
    record.place = Place::nowhere;
    handled += go_on(record);
  }
  return handled;
}

std::size_t EpollLoop::go_on(Record& record) {
  switch (record.kind) {
    case Kind::accept:
      return go_on_accepting(record);
    case Kind::connect:
      return go_on_connecting(record);
    case Kind::receive:
      return go_on_receiving(record);
    case Kind::send:
      return push(record) ? finish_now(record, record.result) : 0;
    case Kind::poll:
      break;
  }
  return 0;
}

bool EpollLoop::await_edge(Record& record, bool Entry::*side) {
  Entry& at = entry(record.handle);
  at.*side = false;
  if (at.registered != 0) return true;
  // Registering reports what holds by now, so that nothing is missed between the two calls.
  const int error = register_interest(record.handle, false);
  if (error < 0) record.result = error;
  return error == 0;
}

std::size_t EpollLoop::go_on_accepting(Record& record) {
  std::size_t handled = 0;
  for (int round = 0; round < kAcceptsPerTurn; ++round) {
    const int fd = ::accept4(record.handle, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int error = fd < 0 ? errno : 0;
    if (error == EAGAIN) return await_edge(record, &Entry::readable) ? handled : handled + finish_now(record, record.result);
    if (socket::is_lost_connection(error)) continue;
    if (error != 0 && !socket::is_exhaustion(error)) return handled + finish_now(record, -error);
    if (fd >= 0) begin_socket(fd);
    ++handled;
    record.operation->completed({.result = fd >= 0 ? fd : -error, .more = true});
    if (record.place == Place::done) return handled;
    if (error != 0) {
      timers().arm(record.pause, now() + socket::kAcceptPause);
      return handled;
    }
  }
  make_ready(record);
  return handled;
}

std::size_t EpollLoop::go_on_receiving(Record& record) {
  const Entry& at = entry(record.handle);
  std::size_t handled = 0;
  for (int round = 0; round < kReceivesPerTurn; ++round) {
    const ssize_t got = ::recv(record.handle, buffer_.get(), kBufferSize, MSG_DONTWAIT);
    const int error = got < 0 ? errno : 0;
    if (error == EINTR) continue;
    if (error == EAGAIN) return await_edge(record, &Entry::readable) ? handled : handled + finish_now(record, record.result);
    if (got <= 0) return handled + finish_now(record, -error);
    ++handled;
    const auto size = static_cast<std::size_t>(got);
    // A short read has emptied the socket, so that the next byte is an edge (epoll(7), question 9); this saves a
    // recv(2) per message. It is no proof before there is a registration, nor once the end may have come with it.
    const bool drained = size < kBufferSize && at.registered != 0 && !at.hung_up;
    if (drained) entry(record.handle).readable = false;
    record.operation->completed({.result = static_cast<std::int32_t>(got), .more = true, .data = {buffer_.get(), size}});
    if (record.place == Place::done || drained) return handled;
  }
  make_ready(record);
  return handled;
}

std::size_t EpollLoop::go_on_connecting(Record& record) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(record.handle, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return finish_now(record, error != 0 ? -error : record.handle);
}

bool EpollLoop::push(Record& record) {
  for (int round = 0; round < kSendsPerTurn; ++round) {
    const ssize_t taken = ::send(record.handle, record.left.data(), record.left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0 && errno == EAGAIN) return !await_edge(record, &Entry::writable);
    if (taken < 0) {
      record.result = -errno;
      return true;
    }
    record.left.remove_prefix(static_cast<std::size_t>(taken));
    if (record.left.empty()) {
      record.result = record.total;
      return true;
    }
  }
  make_ready(record);
  return false;
}

}  // namespace pulpo::io
