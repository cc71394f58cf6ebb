// SPDX-License-Identifier: Apache-2.0
//
// OperationLoop: what all loops have in common: the life of an operation from begin() to its final
// completion, and what is known of each descriptor, be it the kernel's or one of a simulation.
//
//   Order      What ends by itself is handed out in the order in which it ended (done_).
//   Ownership  A record is the loop's from begin() to end(), which is where the operation goes back.
//   Threads    As Loop says.
#pragma once

#include <deque>

#include "base/intrusive_list.hpp"
#include "io/loop.hpp"
#include "io/record_pool.hpp"

namespace pulpo::io {

class OperationLoop : public Loop {
 public:
  void shutdown_send(Handle handle) final;
  void cancel(Operation& operation) final;
  void close(Handle handle) final;
  std::size_t pending() const noexcept final { return pending_; }

 protected:
  enum class Kind : std::uint8_t { accept, connect, receive, send, poll, read, write, sync };
  /// What a handle is; `foreign` ones are the caller's, lent to its operations.
  enum class Nature : std::uint8_t { foreign, socket, datagrams, file, device };
  /// Where a record is linked: nowhere when it waits for the kernel alone.
  enum class Place : std::uint8_t { nowhere, queued, polls, done };

  struct Record;
  struct Pause final : Timer {
    explicit Pause(Record& owner) noexcept : record(owner) {}
    void expired() override { record.loop->go_on(record); }
    Record& record;
  };

  struct Record : ListHook<Record> {
    std::uint32_t number = 0;
    std::uint32_t generation = 0;
    Operation* operation = nullptr;
    OperationLoop* loop = nullptr;
    Kind kind = Kind::poll;
    Place place = Place::nowhere;
    Nature nature = Nature::foreign;  ///< Of its handle.
    bool in_kernel = false;           ///< uring: its last completion is still to come from there.
    bool cancelled = false;           ///< uring: the kernel has been asked to end it.
    short events = 0;                 ///< poll: what is waited for.
    Handle handle = -1;
    std::int32_t result = 0;   ///< In done_: of the final completion.
    std::int32_t total = 0;    ///< send, write, read: the number of bytes asked for.
    ByteView left;             ///< send, write: what the kernel has not taken yet; read: the room that is not filled yet.
    char* into = nullptr;      ///< read: left, to write to.
    std::uint64_t offset = 0;  ///< read, write: of what is next.
    Address address;           ///< connect: read by the kernel when it is submitted; send_to: where to.
    Pause pause{*this};        ///< accept: armed while it waits for descriptors.
  };
  using Queue = IntrusiveList<Record, Record>;

  /// What is known of a descriptor.
  struct Entry {
    std::uint32_t operations = 0;  ///< Whose final completion is to come.
    Nature nature = Nature::foreign;
    bool closing = false;              ///< close() was called; operations are still ending.
    bool watches_signal = false;       ///< end_watch() comes before its close().
    bool shutdown_after_send = false;  ///< shutdown_send() was called with a send in flight.
    Record* reader = nullptr;          ///< accept, receive or read.
    Record* writer = nullptr;          ///< connect, send, write or sync.
    Queue polls;

    // What epoll said of it last; the kernel keeps this for io_uring.
    bool readable = true;  ///< False since EAGAIN.
    bool writable = true;
    bool hung_up = false;          ///< Reading goes on until it says so: no further edge may come.
    std::uint32_t generation = 0;  ///< Tells events from those of earlier uses of this number.
    std::uint32_t registered = 0;  ///< What epoll was asked for; 0 when it does not know the descriptor.
  };

  explicit OperationLoop(TimePoint start) noexcept : Loop(start) {}
  ~OperationLoop() override { PULPO_ASSERT(pending_ == 0); }

  Record& begin(Operation& operation, Kind kind, Handle handle);
  /// Opens a socket for a connect and begins that; null when it has been given its error already.
  Record* begin_connect(Operation& operation, const Address& address);
  /// Begins what moves bytes or connections; null when it has been given its error already.
  Record* begin_transfer(Operation& operation, Kind kind, Handle handle);
  /// send or write.
  Record* begin_send(Operation& operation, Kind kind, Handle handle, ByteView bytes);
  Record* begin_read(Operation& operation, Handle handle, std::span<char> into);
  Record* begin_send_to(Operation& operation, Handle handle, ByteView bytes, const Address& to);
  Record* begin_sync(Operation& operation, Handle handle) { return begin_send(operation, Kind::sync, handle, {}); }
  Record* begin_poll(Operation& operation, int descriptor, short events);
  /// The final completion is handed out at the end of the turn: for what ends inside a submitting call.
  void finish_later(Record& record, std::int32_t result);
  /// Hands out the final completion; returns 1. The record is gone.
  std::size_t finish_now(Record& record, std::int32_t result);
  void enqueue(Record& record, Queue& queue) noexcept;
  void begin_handle(int descriptor, Nature nature);
  Entry& entry(int descriptor);

  /// Hands out what ended by itself before this call.
  std::size_t hand_out_done();

  // --- What a loop adds ---------------------------------------------------------------------------
  /// Ends an operation that is not done: at once by finish_later(), or when the kernel has let go of it.
  virtual void stop(Record& record) = 0;
  /// Tries once more what had to pause.
  virtual void go_on(Record& record) = 0;
  /// The record no longer uses its descriptor.
  virtual void detached(Record& record, bool was_polling) = 0;
  /// A stream socket for connect(), or -errno.
  virtual int open_stream(int family) = 0;
  /// Sends the end of the stream.
  virtual void shut_down(int descriptor) = 0;
  /// Nothing is to be told of its signal any more. Operations on it may still be ending.
  virtual void end_watch(int) {}
  /// Closes the descriptor: its last operation has ended.
  virtual void release(int descriptor) = 0;

  RecordPool<Record> records_;
  Queue done_;  ///< Ended; their final completions are to be handed out.

 private:
  void detach(Record& record);
  void end(Record& record);
  void forget(int descriptor);

  std::size_t pending_ = 0;
  std::size_t done_count_ = 0;
  std::deque<Entry> entries_;  ///< By descriptor. A deque: callbacks add entries while others are in use.
};

}  // namespace pulpo::io
