// SPDX-License-Identifier: Apache-2.0
#include "io/operation_loop.hpp"

#include <cerrno>

namespace pulpo::io {

// --- Descriptors -----------------------------------------------------------------------------------

OperationLoop::Entry& OperationLoop::entry(int descriptor) {
  while (entries_.size() <= static_cast<std::size_t>(descriptor)) entries_.emplace_back();
  return entries_[static_cast<std::size_t>(descriptor)];
}

void OperationLoop::begin_handle(int descriptor, Nature nature) {
  Entry& at = entry(descriptor);
  ++at.generation;
  at.registered = 0;
  at.nature = nature;
  at.readable = at.writable = true;
  at.hung_up = at.closing = at.shutdown_after_send = at.watches_signal = false;
}

void OperationLoop::forget(int descriptor) {
  Entry& at = entry(descriptor);
  ++at.generation;
  at.registered = 0;
  at.nature = Nature::foreign;
  at.closing = false;
  release(descriptor);
}

void OperationLoop::shutdown_send(Handle handle) {
  if (handle < 0) return;
  Entry& at = entry(handle);
  at.shutdown_after_send = at.writer != nullptr;
  if (at.writer == nullptr) shut_down(handle);
}

// --- The life of an operation ----------------------------------------------------------------------

OperationLoop::Record& OperationLoop::begin(Operation& operation, Kind kind, Handle handle) {
  PULPO_ASSERT(!operation.is_pending());
  Record& record = records_.take();
  record.operation = &operation;
  record.loop = this;
  record.kind = kind;
  record.place = Place::nowhere;
  record.in_kernel = record.cancelled = false;
  record.handle = handle;
  OperationAccess::state(operation) = &record;
  ++pending_;
  record.nature = Nature::foreign;
  if (handle >= 0) {
    Entry& at = entry(handle);
    ++at.operations;
    record.nature = at.nature;
  }
  return record;
}

OperationLoop::Record* OperationLoop::begin_connect(Operation& operation, const Address& address) {
  const int fd = open_stream(address.family());
  if (fd < 0) {
    finish_later(begin(operation, Kind::connect, -1), fd);
    return nullptr;
  }
  begin_handle(fd, Nature::socket);
  Record& record = begin(operation, Kind::connect, fd);
  record.address = address;
  entry(fd).writer = &record;
  return &record;
}

OperationLoop::Record* OperationLoop::begin_transfer(Operation& operation, Kind kind, Handle handle) {
  Record& record = begin(operation, kind, handle);
  if (handle < 0 || entry(handle).closing) {
    finish_later(record, -EBADF);
    return nullptr;
  }
  Entry& at = entry(handle);
  const bool is_positional = kind == Kind::read || kind == Kind::write || kind == Kind::sync;
  int refusal = 0;
  if (is_positional && at.nature != Nature::file) refusal = at.nature == Nature::foreign ? -EBADF : -ESPIPE;
  if (!is_positional && at.nature == Nature::file) refusal = -ENOTSOCK;
  if (refusal != 0) {
    finish_later(record, refusal);
    return nullptr;
  }
  Record*& side = kind == Kind::send || kind == Kind::write || kind == Kind::sync ? at.writer : at.reader;
  if (side != nullptr) {
    finish_later(record, -EBUSY);
    return nullptr;
  }
  side = &record;
  if (at.nature == Nature::foreign && at.operations == 1) {
    at.readable = at.writable = true;
    at.hung_up = false;
  }
  return &record;
}

OperationLoop::Record* OperationLoop::begin_read(Operation& operation, Handle handle, std::span<char> into) {
  Record* record = begin_transfer(operation, Kind::read, handle);
  if (record == nullptr) return nullptr;
  if (into.size() > INT32_MAX) {
    finish_later(*record, -EMSGSIZE);
    return nullptr;
  }
  record->into = into.data();
  record->left = {into.data(), into.size()};
  record->total = static_cast<std::int32_t>(into.size());
  return record;
}

OperationLoop::Record* OperationLoop::begin_send(Operation& operation, Kind kind, Handle handle, ByteView bytes) {
  Record* record = begin_transfer(operation, kind, handle);
  if (record == nullptr) return nullptr;
  if (bytes.size() > INT32_MAX) {
    finish_later(*record, -EMSGSIZE);
    return nullptr;
  }
  record->address = {};
  record->left = bytes;
  record->total = static_cast<std::int32_t>(bytes.size());
  return record;
}

OperationLoop::Record* OperationLoop::begin_send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to) {
  Record* record = begin_send(operation, Kind::send, handle, bytes);
  if (record == nullptr) return nullptr;
  if (record->nature != Nature::datagrams) {
    finish_later(*record, record->nature == Nature::foreign ? -EBADF : -EISCONN);
    return nullptr;
  }
  record->address = to;
  return record;
}

OperationLoop::Record* OperationLoop::begin_poll(Operation& operation, int descriptor, short events) {
  Record& record = begin(operation, Kind::poll, descriptor);
  if (descriptor < 0 || entry(descriptor).closing) {
    finish_later(record, -EBADF);
    return nullptr;
  }
  record.events = events;
  record.place = Place::polls;
  entry(descriptor).polls.push_back(record);
  return &record;
}

void OperationLoop::enqueue(Record& record, Queue& queue) noexcept {
  if (record.place != Place::nowhere) return;
  record.place = Place::queued;
  queue.push_back(record);
}

/// Takes the record off whatever refers to it but its operation.
void OperationLoop::detach(Record& record) {
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
  detached(record, was_polling);
}

void OperationLoop::finish_later(Record& record, std::int32_t result) {
  detach(record);
  record.result = result;
  record.place = Place::done;
  done_.push_back(record);
  ++done_count_;
}

std::size_t OperationLoop::finish_now(Record& record, std::int32_t result) {
  detach(record);
  record.result = result;
  end(record);
  return 1;
}

void OperationLoop::end(Record& record) {
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

std::size_t OperationLoop::hand_out_done() {
  // Those that end meanwhile wait for the next turn: a callback that sends again and again does not hold this one.
  const std::size_t count = done_count_;
  for (std::size_t at = 0; at < count; ++at) {
    Record& record = *done_.pop_front();
    --done_count_;
    end(record);
  }
  return count;
}

void OperationLoop::cancel(Operation& operation) {
  if (!operation.is_pending()) return;
  auto& record = *static_cast<Record*>(OperationAccess::state(operation));
  if (record.place != Place::done) stop(record);
}

void OperationLoop::close(Handle handle) {
  if (handle < 0) return;
  Entry& at = entry(handle);
  if (at.closing) return;
  at.closing = true;
  at.shutdown_after_send = false;
  if (at.watches_signal) end_watch(handle);
  for (Record* record : {at.reader, at.writer}) {
    if (record != nullptr) stop(*record);
  }
  at.polls.for_each([this](Record& record) { stop(record); });
  if (at.operations == 0) forget(handle);
}

}  // namespace pulpo::io
