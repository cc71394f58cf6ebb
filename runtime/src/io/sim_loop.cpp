// SPDX-License-Identifier: Apache-2.0
#include "io/sim_loop.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "io/file.hpp"
#include "io/sim_network.hpp"
#include "io/socket.hpp"

namespace pulpo::io {
namespace {

// Shares of one turn, as of the epoll loop: no handle starves another.
constexpr int kReceivesPerTurn = 4;
constexpr int kSendsPerTurn = 4;
constexpr int kAcceptsPerTurn = 64;
constexpr int kDatagramsPerTurn = 16;

constexpr Handle kFirstHandle = 3;  // After the standard streams.

Fault bad_handle(const char* where, Handle handle, int error) {
  return Fault{.code = Errc::bad_argument, .sys = error, .where = where, .detail = fmt::format("handle {}", handle)};
}

}  // namespace

SimLoop::SimLoop(SimNetwork& network, HostNumber host, std::uint32_t number)
    : OperationLoop(network.now()), network_(network), host_(host), number_(number), buffer_(std::make_unique<char[]>(kBufferSize)) {}

SimLoop::~SimLoop() {
  PULPO_ASSERT(pending() == 0);
  for (Slot& slot : slots_) close_slot(slot, true);
  network_.forget(*this);
}

// --- Descriptors -----------------------------------------------------------------------------------

SimLoop::Slot* SimLoop::slot(Handle handle) noexcept {
  if (handle < 0 || static_cast<std::size_t>(handle) >= slots_.size()) return nullptr;
  Slot& at = slots_[static_cast<std::size_t>(handle)];
  return at.kind == Slot::Kind::free ? nullptr : &at;
}

bool SimLoop::is_open(Handle handle) const noexcept { return slot(handle) != nullptr; }

Handle SimLoop::next_handle() const noexcept {
  Handle handle = kFirstHandle;
  while (slot(handle) != nullptr) ++handle;
  return handle;
}

int SimLoop::take_handle(Slot::Kind kind) {
  const Handle handle = next_handle();
  if (handle >= handles_max_) return -EMFILE;
  if (slots_.size() <= static_cast<std::size_t>(handle)) slots_.resize(static_cast<std::size_t>(handle) + 1);
  slots_[static_cast<std::size_t>(handle)] = Slot{.kind = kind};
  return handle;
}

void SimLoop::close_slot(Slot& at, bool orderly) {
  const Slot::Kind kind = std::exchange(at.kind, Slot::Kind::free);
  if (kind == Slot::Kind::device) at.device->close(*this, static_cast<Handle>(&at - slots_.data()));
  if (kind == Slot::Kind::datagrams) network_.udp_.close(std::exchange(at.datagrams, -1));
  if (!orderly) return;
  if (kind == Slot::Kind::listener) network_.tcp_.close_listener(at.listener);
  if (kind == Slot::Kind::stream && !at.socket.is_none()) network_.tcp_.close(at.socket);
}

void SimLoop::release(int descriptor) {
  if (Slot* at = slot(descriptor)) close_slot(*at, true);
}

void SimLoop::shut_down(int descriptor) {
  if (const Slot* at = slot(descriptor); at != nullptr && at->kind == Slot::Kind::stream) network_.tcp_.shut_down(at->socket);
}

void SimLoop::abort(Handle handle) {
  Slot* at = slot(handle);
  if (at == nullptr || at->kind != Slot::Kind::stream) return;
  network_.tcp_.abort(std::exchange(at->socket, {}));
  close(handle);
}

int SimLoop::open_stream(int family) {
  if (family != AF_INET && family != AF_INET6) return -EAFNOSUPPORT;
  return take_handle(Slot::Kind::stream);
}

Outcome<int> SimLoop::give_listener(const Address& address, const ListenOptions& options) {
  if (dead_) return Fault{.code = Errc::io, .sys = ECANCELED, .where = "listen", .detail = "this simulated process is dead"};
  const int handle = take_handle(Slot::Kind::listener);
  if (handle < 0) return socket::listen_fault(-handle, address);
  const int listener = network_.tcp_.listen(host_, address, options, *this, handle);
  Slot& at = slots_[static_cast<std::size_t>(handle)];
  if (listener < 0) {
    at.kind = Slot::Kind::free;
    return socket::listen_fault(-listener, address);
  }
  at.listener = listener;
  return handle;
}

Outcome<Handle> SimLoop::listen(const Address& address, const ListenOptions& options) {
  auto handle = give_listener(address, options);
  if (handle) begin_handle(*handle, Nature::socket);
  return handle;
}

Outcome<Handle> SimLoop::adopt(int descriptor) {
  const Slot* at = slot(descriptor);
  if (at == nullptr) return bad_handle("adopt", descriptor, EBADF);
  if (at->kind != Slot::Kind::listener) {
    return Fault{.code = Errc::bad_argument, .where = "adopt", .detail = fmt::format("socket {} is not listening", descriptor)};
  }
  begin_handle(descriptor, Nature::socket);
  return descriptor;
}

Outcome<Address> SimLoop::local_address(Handle handle) const {
  const Slot* at = slot(handle);
  if (at == nullptr) return bad_handle("local address", handle, EBADF);
  if (at->kind == Slot::Kind::listener) return network_.tcp_.listener_address(at->listener);
  if (at->kind == Slot::Kind::datagrams) return network_.udp_.address(at->datagrams);
  if (at->kind != Slot::Kind::stream) return bad_handle("local address", handle, ENOTSOCK);
  return network_.tcp_.local_address(at->socket);
}

Outcome<Address> SimLoop::peer_address(Handle handle) const {
  const Slot* at = slot(handle);
  if (at == nullptr) return bad_handle("peer address", handle, EBADF);
  if (at->kind != Slot::Kind::stream || !network_.tcp_.is_connected(at->socket)) return bad_handle("peer address", handle, ENOTCONN);
  return network_.tcp_.peer_address(at->socket);
}

// --- Datagrams -------------------------------------------------------------------------------------

Outcome<Handle> SimLoop::bind(const Address& address, const DatagramOptions& options) {
  if (dead_) return Fault{.code = Errc::io, .sys = ECANCELED, .where = "bind", .detail = "this simulated process is dead"};
  const int handle = take_handle(Slot::Kind::datagrams);
  if (handle < 0) return socket::bind_fault(-handle, address);
  const int number = network_.udp_.bind(host_, address, options, *this, handle);
  Slot& at = slots_[static_cast<std::size_t>(handle)];
  if (number < 0) {
    at.kind = Slot::Kind::free;
    return socket::bind_fault(-number, address);
  }
  at.datagrams = number;
  begin_handle(handle, Nature::datagrams);
  return handle;
}

Outcome<void> SimLoop::join(Handle handle, const Address& group, const Address&) {
  const Slot* at = slot(handle);
  if (at == nullptr || at->kind != Slot::Kind::datagrams) return bad_handle("join", handle, EBADF);
  const int error = -network_.udp_.join(at->datagrams, group);
  if (error != 0) return socket::join_fault(error, group);
  return {};
}

void SimLoop::send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) {
  if (begins_dead(operation, Kind::send)) return;
  Record* record = begin_send_to(operation, handle, bytes, to);
  if (record != nullptr && push(*record)) finish_later(*record, record->result);
}

Outcome<std::vector<Interface>> SimLoop::interfaces() const {
  if (interfaces_) return *interfaces_;
  return std::vector{Interface{.name = "sim0",
                               .number = 1,
                               .address = sim::address_of(host_, 0),
                               .broadcast = sim::broadcast(0),
                               .is_loopback = false,
                               .has_multicast = true}};
}

void SimLoop::set_interfaces(std::vector<Interface> interfaces) {
  interfaces_ = std::move(interfaces);
  raise(kInterfacesChange);
}

// --- Files and devices -----------------------------------------------------------------------------

Outcome<Handle> SimLoop::open(const std::string& path, const OpenOptions& options) {
  if (dead_) return file::open_fault(ECANCELED, path, options);
  return options.device ? open_device(path, options) : open_file(path, options);
}

Outcome<Handle> SimLoop::open_device(const std::string& path, const OpenOptions& options) {
  auto& devices = network_.disks_[host_].devices;
  const auto found = devices.find(path);
  if (found == devices.end()) return file::open_fault(ENOENT, path, options);
  if (!found->second->is_plugged_in()) return file::open_fault(ENXIO, path, options);
  const int handle = take_handle(Slot::Kind::device);
  if (handle < 0) return file::open_fault(-handle, path, options);
  slots_[static_cast<std::size_t>(handle)].device = found->second.get();
  found->second->open(*this, handle);
  begin_handle(handle, Nature::device);
  return handle;
}

Outcome<Handle> SimLoop::open_file(const std::string& path, const OpenOptions& options) {
  auto& files = network_.disks_[host_].files;
  if (!options.create && !files.contains(path)) return file::open_fault(ENOENT, path, options);
  const int handle = take_handle(Slot::Kind::file);
  if (handle < 0) return file::open_fault(-handle, path, options);
  auto& file = files[path];
  if (!file) file = std::make_unique<SimFile>();
  if (options.truncate) file->bytes.clear();
  Slot& at = slots_[static_cast<std::size_t>(handle)];
  at.file = file.get();
  at.options = options;
  begin_handle(handle, Nature::file);
  return handle;
}

void SimLoop::read(Operation& operation, Handle file, std::span<char> into, std::uint64_t offset) {
  if (begins_dead(operation, Kind::read)) return;
  Record* record = begin_read(operation, file, into);
  if (record == nullptr) return;
  const Slot& at = *slot(file);
  finish_later(*record, at.options.read ? at.file->read(into.data(), into.size(), offset) : -EBADF);
}

void SimLoop::write(Operation& operation, Handle file, ByteView bytes, std::uint64_t offset) {
  if (begins_dead(operation, Kind::write)) return;
  Record* record = begin_send(operation, Kind::write, file, bytes);
  if (record == nullptr) return;
  const Slot& at = *slot(file);
  if (!at.options.write && !at.options.append) return finish_later(*record, -EBADF);
  at.file->write(bytes, at.options.append ? at.file->bytes.size() : offset);
  finish_later(*record, record->total);
}

Outcome<std::uint64_t> SimLoop::size(Handle file) const {
  const Slot* at = slot(file);
  if (at == nullptr || at->kind != Slot::Kind::file) return bad_handle("size", file, EBADF);
  return at->file->bytes.size();
}

// What is written is on the disk at once (SimDisk).
void SimLoop::sync(Operation& operation, Handle file) {
  if (begins_dead(operation, Kind::sync)) return;
  if (Record* record = begin_sync(operation, file)) finish_later(*record, 0);
}

Outcome<Handle> SimLoop::adopt_device(int descriptor) {
  return Fault{.code = Errc::unsupported,
               .where = "adopt",
               .detail = fmt::format("a simulation has no descriptor {}; script a device instead (Node::device)", descriptor)};
}

// --- Signals ---------------------------------------------------------------------------------------

Outcome<Handle> SimLoop::watch_signal(int number) {
  constexpr const char* kWhere = "watch a signal";
  if (dead_) return Fault{.code = Errc::io, .sys = ECANCELED, .where = kWhere, .detail = "this simulated process is dead"};
  const int handle = take_handle(Slot::Kind::signal);
  if (handle < 0) return Fault{.code = Errc::io, .sys = -handle, .where = kWhere};
  slots_[static_cast<std::size_t>(handle)].signal = number;
  begin_handle(handle, Nature::device);
  return handle;
}

std::size_t SimLoop::raise(int number) {
  std::size_t watching = 0;
  for (Handle handle = 0; static_cast<std::size_t>(handle) < slots_.size(); ++handle) {
    Slot& at = slots_[static_cast<std::size_t>(handle)];
    if (at.kind != Slot::Kind::signal || at.signal != number || entry(handle).closing) continue;
    ++watching;
    at.arrived = true;
    readable(handle);
  }
  return watching;
}

int SimLoop::take_signal(Handle handle) {
  if (!std::exchange(slots_[static_cast<std::size_t>(handle)].arrived, false)) return -EAGAIN;
  constexpr std::size_t kSize = 8;  // as an eventfd gives
  std::fill_n(buffer_.get(), kSize, '\0');
  return kSize;
}

// --- Submitting ------------------------------------------------------------------------------------

bool SimLoop::begins_dead(Operation& operation, Kind kind) {
  if (dead_) finish_later(begin(operation, kind, -1), -ECANCELED);
  return dead_;
}

void SimLoop::accept(Operation& operation, Handle listener) {
  if (begins_dead(operation, Kind::accept)) return;
  Record* record = begin_transfer(operation, Kind::accept, listener);
  if (record == nullptr) return;
  const Slot* at = slot(listener);
  if (at == nullptr) return finish_later(*record, -EBADF);
  if (at->kind != Slot::Kind::listener) return finish_later(*record, -EINVAL);
  enqueue(*record, ready_);
}

void SimLoop::connect(Operation& operation, const Address& address) {
  if (begins_dead(operation, Kind::connect)) return;
  Record* record = begin_connect(operation, address);
  if (record == nullptr) return;
  slots_[static_cast<std::size_t>(record->handle)].socket = network_.tcp_.connect(host_, address, *this, record->handle);
}

void SimLoop::receive(Operation& operation, Handle handle) {
  if (begins_dead(operation, Kind::receive)) return;
  Record* record = begin_transfer(operation, Kind::receive, handle);
  if (record == nullptr) return;
  const Slot* at = slot(handle);
  if (at == nullptr) return finish_later(*record, -EBADF);
  if (at->kind == Slot::Kind::listener) return finish_later(*record, -ENOTCONN);
  if (entry(handle).readable) enqueue(*record, ready_);
}

void SimLoop::send(Operation& operation, Handle handle, ByteView bytes) {
  if (begins_dead(operation, Kind::send)) return;
  Record* record = begin_send(operation, Kind::send, handle, bytes);
  if (record == nullptr) return;
  const Slot* at = slot(handle);
  if (at == nullptr) return finish_later(*record, -EBADF);
  if (at->kind == Slot::Kind::listener) return finish_later(*record, -ENOTCONN);
  if (entry(handle).writable && push(*record)) finish_later(*record, record->result);
}

void SimLoop::poll(Operation& operation, int descriptor, short events) {
  if (begins_dead(operation, Kind::poll)) return;
  Record* record = begin_poll(operation, descriptor, events);
  if (record == nullptr) return;
  if (slot(descriptor) == nullptr) return finish_later(*record, -EBADF);
  answer_polls(descriptor);
}

// --- Readiness -------------------------------------------------------------------------------------

void SimLoop::readable(Handle handle) {
  Entry& at = entry(handle);
  at.readable = true;
  if (at.reader != nullptr && !at.reader->pause.is_armed()) enqueue(*at.reader, ready_);
  answer_polls(handle);
}

void SimLoop::writable(Handle handle) {
  Entry& at = entry(handle);
  at.writable = true;
  if (at.writer != nullptr) enqueue(*at.writer, ready_);
  answer_polls(handle);
}

short SimLoop::events_of(const Slot& at) const {
  if (at.kind == Slot::Kind::device) return at.device->poll(*this, static_cast<Handle>(&at - slots_.data()));
  if (at.kind == Slot::Kind::listener) return network_.tcp_.has_waiting(at.listener) ? POLLIN : 0;
  if (at.kind == Slot::Kind::datagrams) return network_.udp_.poll(at.datagrams);
  if (at.kind == Slot::Kind::signal) return at.arrived ? POLLIN : 0;
  if (at.kind == Slot::Kind::file) return POLLIN | POLLOUT;  // As poll(2) says of regular files.
  return network_.tcp_.poll(at.socket);
}

void SimLoop::answer_polls(Handle handle) {
  Entry& at = entry(handle);
  if (at.polls.empty()) return;
  const int hold = events_of(slots_[static_cast<std::size_t>(handle)]);
  at.polls.for_each([&](Record& record) {
    const int seen = hold & (record.events | POLLERR | POLLHUP);
    if (seen != 0) finish_later(record, seen);
  });
}

// --- Turning ---------------------------------------------------------------------------------------

TimePoint SimLoop::refresh() noexcept {
  set_now(network_.now());
  return now();
}

Duration SimLoop::boot_time() const noexcept { return network_.wire_.boot_time(host_); }
std::int64_t SimLoop::wall_time() const noexcept { return network_.wire_.wall_time(); }

bool SimLoop::stalled() const noexcept { return network_.now() < stalled_until_; }

bool SimLoop::has_work() const noexcept {
  if (stalled()) return false;
  if (!done_.empty() || !ready_.empty() || woken_.load(std::memory_order_acquire)) return true;
  return const_cast<SimLoop*>(this)->timers().next_deadline() <= network_.now();
}

TimePoint SimLoop::next_due() const noexcept {
  const TimePoint due = const_cast<SimLoop*>(this)->timers().next_deadline();
  return stalled() ? stalled_until_ : due;
}

std::size_t SimLoop::turn(Wait wait) {
  PULPO_ASSERT(!turning_);
  if (stalled()) return 0;
  turning_ = true;
  refresh();
  // Once round, up to a mark: what stays ready goes behind it and waits for the next turn.
  std::size_t handled = 0;
  Record mark;
  ready_.push_back(mark);
  while (Record* record = ready_.pop_front()) {
    if (record == &mark) break;
    record->place = Place::nowhere;
    handled += run(*record);
  }
  handled += timers().advance(now());
  handled += hand_out_done();
  if (wait == Wait::yes) woken_.store(false, std::memory_order_release);
  turning_ = false;
  return handled;
}

std::size_t SimLoop::run(Record& record) {
  switch (record.kind) {
    case Kind::accept:
      return run_accept(record);
    case Kind::connect: {
      const int result = network_.tcp_.connect_result(slot(record.handle)->socket);
      return result == -EINPROGRESS ? 0 : finish_now(record, result == 0 ? record.handle : result);
    }
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

std::size_t SimLoop::run_accept(Record& record) {
  std::size_t handled = 0;
  for (int round = 0; round < kAcceptsPerTurn; ++round) {
    const int listener = slot(record.handle)->listener;
    if (!network_.tcp_.has_waiting(listener)) return handled;
    const int handle = take_handle(Slot::Kind::stream);
    if (handle >= 0) {
      slots_[static_cast<std::size_t>(handle)].socket = network_.tcp_.accept(listener, *this, handle);
      begin_handle(handle, Nature::socket);
    }
    ++handled;
    record.operation->completed({.result = handle, .more = true});
    if (record.place == Place::done) return handled;
    if (handle < 0) {
      timers().arm(record.pause, now() + socket::kAcceptPause);
      return handled;
    }
  }
  enqueue(record, ready_);
  return handled;
}

int SimLoop::take_now(const Record& record) {
  const Slot& at = *slot(record.handle);
  if (at.kind == Slot::Kind::device) return at.device->read(*this, record.handle, buffer_.get(), kBufferSize);
  if (at.kind == Slot::Kind::signal) return take_signal(record.handle);
  return network_.tcp_.read(at.socket, buffer_.get(), kBufferSize);
}

int SimLoop::give_now(const Record& record) {
  const Slot& at = *slot(record.handle);
  if (at.kind == Slot::Kind::device) return at.device->write(*this, record.handle, record.left);
  if (at.kind == Slot::Kind::signal) return -EBADF;
  if (at.kind == Slot::Kind::datagrams) return network_.udp_.send(at.datagrams, record.left, record.address);
  return network_.tcp_.write(at.socket, record.left);
}

std::size_t SimLoop::run_receive(Record& record) {
  std::size_t handled = 0;
  for (int round = 0; round < kReceivesPerTurn; ++round) {
    const int got = take_now(record);
    if (got == -EAGAIN) {
      entry(record.handle).readable = false;
      return handled;
    }
    if (got <= 0) return handled + finish_now(record, got);
    ++handled;
    record.operation->completed({.result = got, .more = true, .data = {buffer_.get(), static_cast<std::size_t>(got)}});
    if (record.place == Place::done) return handled;
  }
  enqueue(record, ready_);
  return handled;
}

std::size_t SimLoop::run_datagrams(Record& record) {
  std::size_t handled = 0;
  SimUdp::Datagram datagram;
  for (int round = 0; round < kDatagramsPerTurn; ++round) {
    if (!network_.udp_.read(slot(record.handle)->datagrams, datagram)) {
      entry(record.handle).readable = false;
      return handled;
    }
    ++handled;
    record.operation->completed(
        {.result = static_cast<std::int32_t>(datagram.bytes->size()), .more = true, .data = *datagram.bytes, .from = &datagram.from});
    if (record.place == Place::done) return handled;
  }
  enqueue(record, ready_);
  return handled;
}

bool SimLoop::push(Record& record) {
  for (int round = 0; round < kSendsPerTurn; ++round) {
    const int taken = give_now(record);
    if (taken == -EAGAIN) {
      entry(record.handle).writable = false;
      return false;
    }
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

// --- The end of the process ------------------------------------------------------------------------

void SimLoop::die(bool orderly) {
  if (dead_) return;
  dead_ = true;
  stalled_until_ = {};
  for (Handle handle = 0; static_cast<std::size_t>(handle) < slots_.size(); ++handle) {
    Slot& at = slots_[static_cast<std::size_t>(handle)];
    if (at.kind == Slot::Kind::free) continue;
    close_slot(at, orderly);
    close(handle);
  }
}

}  // namespace pulpo::io
