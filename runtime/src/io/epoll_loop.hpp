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
#include <deque>

#include "base/intrusive_list.hpp"
#include "io/loop.hpp"
#include "io/record_pool.hpp"
#include "io/waker.hpp"

namespace pulpo::io {

class EpollLoop final : public Loop {
 public:
  [[nodiscard]] static Outcome<std::unique_ptr<Loop>> make();
  ~EpollLoop() override;

  Outcome<Handle> listen(const Address& address, const ListenOptions& options) override;
  Outcome<Address> local_address(Handle handle) const override;
  Outcome<Address> peer_address(Handle handle) const override;
  Outcome<Handle> adopt(int descriptor) override;
  void accept(Operation& operation, Handle listener) override;
  void connect(Operation& operation, const Address& address) override;
  void receive(Operation& operation, Handle handle) override;
  void send(Operation& operation, Handle handle, ByteView bytes) override;
  void shutdown_send(Handle handle) override;
  void poll(Operation& operation, int descriptor, short events) override;
  void cancel(Operation& operation) override;
  void close(Handle handle) override;
  TimePoint refresh() noexcept override;
  std::int64_t wall_time() const noexcept override;
  std::size_t turn(Wait wait) override;
  void wake() noexcept override { waker_.wake(); }
  bool ready() const noexcept override;
  const char* name() const noexcept override { return "epoll"; }
  std::size_t pending() const noexcept override { return pending_; }

 private:
  enum class Kind : std::uint8_t { accept, connect, receive, send, poll };

  /// Where a record is linked.
  enum class Place : std::uint8_t { nowhere, ready, polls, done };

  struct Record;
  struct Pause final : Timer {
    explicit Pause(Record& owner) noexcept : record(owner) {}
    void expired() override { record.loop->make_ready(record); }
    Record& record;
  };

  struct Record : ListHook<Record> {
    std::uint32_t number = 0;
    std::uint32_t generation = 0;
    Operation* operation = nullptr;
    EpollLoop* loop = nullptr;
    Kind kind = Kind::poll;
    Place place = Place::nowhere;
    short events = 0;  ///< poll: what is waited for.
    Handle handle = -1;
    std::int32_t result = 0;  ///< In done_: of the final completion.
    std::int32_t total = 0;   ///< send: the number of bytes asked for.
    ByteView left;            ///< send: what the kernel has not taken yet.
    Pause pause{*this};       ///< accept: armed while it waits for descriptors.
  };
  using Queue = IntrusiveList<Record, Record>;

  /// What is known of a descriptor.
  struct Entry {
    std::uint32_t generation = 0;  ///< Told apart from earlier uses of this number in events.
    std::uint32_t registered = 0;  ///< What epoll was asked for; 0 when it does not know the descriptor.
    std::uint32_t operations = 0;  ///< Whose final completion is to come.
    bool is_socket = false;        ///< Opened here. Else it is the caller's, and registered only while it is used.
    bool readable = true;          ///< False since the kernel said EAGAIN.
    bool writable = true;
    bool hung_up = false;              ///< Reading goes on until it says so: no further edge may come.
    bool closing = false;              ///< close() was called; operations are still ending.
    bool shutdown_after_send = false;  ///< shutdown_send() was called with a send in flight.
    Record* reader = nullptr;          ///< accept or receive.
    Record* writer = nullptr;          ///< connect or send.
    Queue polls;
  };

  EpollLoop(int epoll, int event, TimePoint start);

  Record& begin(Operation& operation, Kind kind, Handle handle);
  Entry& entry(int descriptor);
  /// Null when `record` may use its handle; else it has been given its error.
  Entry* usable_socket(Record& record);
  /// Tells epoll what is wanted of `descriptor`; `again` makes it look afresh at what holds already. -errno or 0.
  int register_interest(int descriptor, bool again);
  void make_ready(Record& record);
  void finish_later(Record& record, std::int32_t result);
  std::size_t finish_now(Record& record, std::int32_t result);
  void detach(Record& record);
  void end(Record& record);
  void forget(int descriptor);
  void begin_socket(int descriptor);

  void collect(bool may_sleep);
  int wait_for_events(bool may_sleep);
  void handle_event(const epoll_event& event);
  std::size_t hand_out_done();
  std::size_t run_ready();
  std::size_t go_on(Record& record);
  std::size_t go_on_accepting(Record& record);
  std::size_t go_on_receiving(Record& record);
  std::size_t go_on_connecting(Record& record);
  /// True when the send has ended, with record.result.
  bool push(Record& record);
  /// The kernel said EAGAIN: from now on an event tells. False, and the record has ended, when none can come.
  bool await_edge(Record& record, bool Entry::*side);

  static constexpr std::size_t kBufferSize = 16 * 1024;  // As large as one of the uring loop's.

  int epoll_;
  Waker waker_;
  bool turning_ = false;
  bool has_pwait2_ = true;  ///< Sub-millisecond waits (Linux 5.11).
  std::size_t pending_ = 0;
  std::size_t done_count_ = 0;
  std::size_t ready_count_ = 0;
  Queue done_;   ///< Ended; their final completions are handed out by the next turn.
  Queue ready_;  ///< Can go on without waiting for an event.
  RecordPool<Record> records_;
  std::deque<Entry> entries_;  ///< By descriptor. A deque, because callbacks add entries while others are in use.
  std::array<epoll_event, 256> events_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace pulpo::io
