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
    : KernelLoop(start, event, socket::Mode::non_blocking), epoll_(epoll), buffer_(std::make_unique<char[]>(kBufferSize)) {}

EpollLoop::~EpollLoop() { ::close(epoll_); }

// --- Submitting ------------------------------------------------------------------------------------

void EpollLoop::accept(Operation& operation, Handle listener) {
  if (Record* record = begin_transfer(operation, Kind::accept, listener)) enqueue(*record, ready_);
}

void EpollLoop::connect(Operation& operation, const Address& address) {
  Record* record = begin_connect(operation, address);
  if (record == nullptr) return;
  const int fd = record->handle;
  if (::connect(fd, address.kernel(), address.kernel_size()) == 0) return finish_later(*record, fd);
  if (errno != EINPROGRESS && errno != EINTR) return finish_later(*record, -errno);
  if (!await_edge(*record, &Entry::writable)) finish_later(*record, record->result);
}

void EpollLoop::receive(Operation& operation, Handle handle) {
  Record* record = begin_transfer(operation, Kind::receive, handle);
  if (record == nullptr) return;
  Entry& at = entry(handle);
  if (record->nature == Nature::device) {
    // A FIFO whose writers are still to come reads as if they had gone: epoll alone tells the two apart. What it does not take
    // (EPERM: /dev/null) is ready at any time.
    at.readable = register_interest(handle, true) != 0;
  }
  if (at.readable) enqueue(*record, ready_);
}

void EpollLoop::send(Operation& operation, Handle handle, ByteView bytes) {
  Record* record = begin_send(operation, Kind::send, handle, bytes);
  if (record != nullptr && entry(handle).writable && push(*record)) finish_later(*record, record->result);
}

void EpollLoop::send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) {
  Record* record = begin_send_to(operation, handle, bytes, to);
  if (record != nullptr && entry(handle).writable && push(*record)) finish_later(*record, record->result);
}

// epoll has no word for a regular file, which is ready at any time and yet may have to wait for its disk: it is read and written
// here and now, and answered later in the turn.
void EpollLoop::read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) {
  Record* record = begin_read(operation, file, into);
  if (record == nullptr) return;
  std::size_t done = 0;
  ssize_t got = 1;
  while (done < into.size() && got != 0) {
    got = ::pread(file, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return finish_later(*record, -errno);
    done += static_cast<std::size_t>(got);
  }
  finish_later(*record, static_cast<std::int32_t>(done));
}

void EpollLoop::write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) {
  Record* record = begin_send(operation, Kind::write, file, bytes);
  if (record == nullptr) return;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t taken = ::pwrite(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) return finish_later(*record, -errno);
    if (taken == 0) return finish_later(*record, -EIO);  // a medium that takes nothing and does not say why
    done += static_cast<std::size_t>(taken);
  }
  finish_later(*record, record->total);
}

void EpollLoop::sync(Operation& operation, Handle file) {
  Record* record = begin_sync(operation, file);
  if (record == nullptr) return;
  while (::fsync(file) != 0) {
    if (errno != EINTR) return finish_later(*record, -errno);
  }
  finish_later(*record, 0);
}

void EpollLoop::poll(Operation& operation, int descriptor, short events) {
  Record* record = begin_poll(operation, descriptor, events);
  if (record == nullptr) return;
  const int error = register_interest(descriptor, true);
  // epoll refuses regular files, which poll(2) and io_uring hold to be ready at any time.
  if (error != 0) finish_later(*record, error == -EPERM ? events & (POLLIN | POLLOUT) : error);
}

// --- Interest --------------------------------------------------------------------------------------

void EpollLoop::detached(Record& record, bool was_polling) {
  // The caller may close a descriptor of its own that is no longer used here, and its number may come back as another.
  if (was_polling || entry(record.handle).nature == Nature::foreign) (void)register_interest(record.handle, false);
}

int EpollLoop::register_interest(int descriptor, bool again) {
  Entry& at = entry(descriptor);
  std::uint32_t wanted = at.nature != Nature::foreign || at.reader != nullptr || at.writer != nullptr ? kSocketEvents : 0;
  at.polls.for_each([&](Record& record) { wanted |= static_cast<std::uint16_t>(record.events) | EPOLLET; });
  if (wanted == at.registered && !again) return 0;
  epoll_event event = {};
  event.events = wanted;
  event.data.u64 = std::uint64_t{at.generation} << 32 | static_cast<std::uint32_t>(descriptor);
  const int change = wanted == 0 ? EPOLL_CTL_DEL : at.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  at.registered = wanted;
  calls_.increment();
  if (::epoll_ctl(epoll_, change, descriptor, &event) == 0) return 0;
  at.registered = 0;
  return -errno;
}

// --- Turning ---------------------------------------------------------------------------------------

bool EpollLoop::ready() const noexcept {
  if (!done_.empty() || !ready_.empty()) return true;
  calls_.increment();
  pollfd epoll = {.fd = epoll_, .events = POLLIN, .revents = 0};
  return ::poll(&epoll, 1, 0) > 0;
}

int EpollLoop::wait_for_events(bool may_sleep) {
  calls_.increment();
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

std::size_t EpollLoop::reap(bool may_sleep) {
  const int count = wait_for_events(may_sleep && ready_.empty());
  PULPO_ASSERT(count >= 0 || errno == EINTR);
  refresh();
  for (int at = 0; at < count; ++at) {
    const epoll_event& event = events_[static_cast<std::size_t>(at)];
    if (event.data.u64 == kWakerEvent) {
      waker_.arrived();
    } else {
      handle_event(event);
    }
  }
  // Once round, up to a mark: what stays ready goes behind it and waits for the next turn.
  std::size_t handled = 0;
  Record mark;
  ready_.push_back(mark);
  while (Record* record = ready_.pop_front()) {
    if (record == &mark) break;
    record->place = Place::nowhere;
    handled += run(*record);
  }
  return handled;
}

void EpollLoop::handle_event(const epoll_event& event) {
  Entry& at = entry(static_cast<int>(static_cast<std::uint32_t>(event.data.u64)));
  if (at.generation != static_cast<std::uint32_t>(event.data.u64 >> 32)) return;
  const std::uint32_t seen = event.events;
  if ((seen & kEndEvents) != 0) at.hung_up = true;
  if ((seen & (EPOLLIN | kEndEvents)) != 0) {
    at.readable = true;
    if (at.reader != nullptr && !at.reader->pause.is_armed()) enqueue(*at.reader, ready_);
  }
  if ((seen & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
    at.writable = true;
    if (at.writer != nullptr) enqueue(*at.writer, ready_);
  }
  at.polls.for_each([&](Record& record) {
    const std::uint32_t hold = seen & (static_cast<std::uint16_t>(record.events) | EPOLLHUP | EPOLLERR);
    if (hold != 0) finish_later(record, static_cast<std::int32_t>(hold));
  });
}

std::size_t EpollLoop::run(Record& record) {
  switch (record.kind) {
    case Kind::accept:
      return run_accept(record);
    case Kind::connect:
      return run_connect(record);
    case Kind::receive:
      return record.nature == Nature::datagrams ? run_datagrams(record) : run_receive(record);
    case Kind::send:
      return push(record) ? finish_now(record, record.result) : 0;
    case Kind::poll:
    case Kind::read:
    case Kind::write:
    case Kind::sync:
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

std::size_t EpollLoop::run_accept(Record& record) {
  std::size_t handled = 0;
  for (int round = 0; round < kAcceptsPerTurn; ++round) {
    calls_.increment();
    const int fd = ::accept4(record.handle, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int error = fd < 0 ? errno : 0;
    if (error == EAGAIN) return await_edge(record, &Entry::readable) ? handled : handled + finish_now(record, record.result);
    if (socket::is_lost_connection(error)) continue;
    if (error != 0 && !socket::is_exhaustion(error)) return handled + finish_now(record, -error);
    if (fd >= 0) begin_handle(fd, Nature::socket);
    ++handled;
    record.operation->completed({.result = fd >= 0 ? fd : -error, .more = true});
    if (record.place == Place::done) return handled;
    if (error != 0) {
      timers().arm(record.pause, now() + socket::kAcceptPause);
      return handled;
    }
  }
  enqueue(record, ready_);
  return handled;
}

std::size_t EpollLoop::run_receive(Record& record) {
  const Entry& at = entry(record.handle);
  std::size_t handled = 0;
  for (int round = 0; round < kReceivesPerTurn; ++round) {
    const std::int32_t got = take_now(record, buffer_.get(), kBufferSize);
    if (got == -EAGAIN) return await_edge(record, &Entry::readable) ? handled : handled + finish_now(record, record.result);
    if (got <= 0) return handled + finish_now(record, got);
    ++handled;
    const auto size = static_cast<std::size_t>(got);
    // A short read has emptied the socket, so that the next byte is an edge (epoll(7), question 9); this saves a
    // recv(2) per message. It is no proof before there is a registration, nor once the end may have come with it, nor of a
    // terminal, which gives a line at a time.
    const bool drained = size < kBufferSize && at.registered != 0 && !at.hung_up && record.nature != Nature::device;
    if (drained) entry(record.handle).readable = false;
    record.operation->completed({.result = got, .more = true, .data = {buffer_.get(), size}});
    if (record.place == Place::done || drained) return handled;
  }
  enqueue(record, ready_);
  return handled;
}

std::size_t EpollLoop::run_datagrams(Record& record) {
  std::size_t handled = 0;
  const std::int32_t result = take_datagrams(record, handled);
  if (result == -EAGAIN) return await_edge(record, &Entry::readable) ? handled : handled + finish_now(record, record.result);
  if (result != 0) return record.place == Place::done ? handled : handled + finish_now(record, result);
  enqueue(record, ready_);
  return handled;
}

std::size_t EpollLoop::run_connect(Record& record) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(record.handle, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return finish_now(record, error != 0 ? -error : record.handle);
}

bool EpollLoop::push(Record& record) {
  for (int round = 0; round < kSendsPerTurn; ++round) {
    const std::int32_t taken = give_now(record);
    if (taken == -EAGAIN) return !await_edge(record, &Entry::writable);
    if (taken < 0) {
      record.result = taken;
      return true;
    }
    record.left.remove_prefix(static_cast<std::size_t>(taken));
    if (record.left.empty()) {
      record.result = record.total;
      return true;
    }
  }
  enqueue(record, ready_);
  return false;
}

}  // namespace pulpo::io
