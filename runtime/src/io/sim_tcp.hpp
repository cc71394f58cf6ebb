// SPDX-License-Identifier: Apache-2.0
//
// SimTcp: the TCP of simulated hosts: listeners, connections, and what becomes of both when ways are cut.
//
// A direction of a connection is a Flow: its bytes lie in one buffer from the moment the sender's "kernel" takes
// them until the receiver's application reads them, and a segment is an event that says how far they have
// arrived. So a loss needs no copies: the flow is sent again from there on, as TCP does it.
//
//   Order      Kept within a flow; between flows as the delays fall.
//   Bounds     options.window_bytes of each flow; a listener's backlog.
//   Ownership  A Socket is a number; whoever got it closes it once.
//   Threads    One.
//   Errors     -errno, as the system calls of the same names.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/address.hpp"
#include "io/loop.hpp"
#include "io/sim_wire.hpp"

namespace pulpo::io {

class SimTcp {
 public:
  struct Socket {
    std::uint32_t place = ~std::uint32_t{0};  ///< In the table of connections.
    std::uint8_t side = 0;                    ///< 0 dialled, 1 was accepted.
    [[nodiscard]] bool is_none() const noexcept { return place == ~std::uint32_t{0}; }
  };

  explicit SimTcp(SimWire& wire) noexcept : wire_(wire) {}

  // --- Listeners ----------------------------------------------------------------------------------
  /// The listener's number, or -errno.
  int listen(HostNumber host, const Address& address, const ListenOptions& options, SimOwner& owner, Handle handle);
  [[nodiscard]] const Address& listener_address(int listener) const { return listeners_[static_cast<std::size_t>(listener)]->address; }
  [[nodiscard]] bool has_waiting(int listener) const { return !listeners_[static_cast<std::size_t>(listener)]->waiting.empty(); }
  /// There must be one waiting.
  Socket accept(int listener, SimOwner& owner, Handle handle);
  /// Those who wait in it are reset.
  void close_listener(int listener);

  // --- Connections --------------------------------------------------------------------------------
  /// The outcome is told by writable(); ask connect_result().
  Socket connect(HostNumber host, const Address& address, SimOwner& owner, Handle handle);
  /// 0, -EINPROGRESS, or what went wrong.
  [[nodiscard]] int connect_result(Socket socket) const;
  int read(Socket socket, char* into, std::size_t size);
  int write(Socket socket, ByteView bytes);
  void shut_down(Socket socket);
  /// Sends what is left and the end; or a reset, when there are bytes that nobody read.
  void close(Socket socket);
  void abort(Socket socket);                      ///< Closes with a reset.
  [[nodiscard]] short poll(Socket socket) const;  ///< POLLIN, POLLOUT, POLLERR, POLLHUP
  [[nodiscard]] const Address& local_address(Socket socket) const { return connection(socket).ends[socket.side].address; }
  [[nodiscard]] const Address& peer_address(Socket socket) const { return connection(socket).ends[1 - socket.side].address; }
  [[nodiscard]] bool is_connected(Socket socket) const { return connect_result(socket) == 0; }

  // --- Faults -------------------------------------------------------------------------------------
  void reset_connections(HostNumber a, HostNumber b);
  /// The host forgets its connections and listeners without a word.
  void lose_power(HostNumber host);

  void handle(const SimEvent& event);

 private:
  struct End {
    enum class State : std::uint8_t { none, connecting, half_open, queued, open, closed };
    State state = State::none;
    bool dead = false;       ///< Reset or timed out; the application has not closed it yet.
    bool forgotten = false;  ///< Its host lost power: whatever comes for it is answered with a reset.
    int error = 0;           ///< To be told once, by the next call.
    HostNumber host = SimWire::kNoHost;
    SimOwner* owner = nullptr;
    Handle handle = -1;
    Address address;
  };
  /// Sequence numbers count the bytes of a direction from its beginning: read <= arrived <= taken.
  struct Flow {
    std::string bytes;  ///< From read on, after `head` bytes that were read already.
    std::size_t head = 0;
    std::uint64_t read = 0;     ///< By the receiving application.
    std::uint64_t arrived = 0;  ///< At the receiver, without gaps.
    std::uint64_t taken = 0;    ///< From the sending application.
    std::uint64_t credit = 0;   ///< `read`, as far as the sender knows.
    TimePoint last_arrival{};   ///< Of what is under way: nothing overtakes it.
    std::uint32_t epoch = 0;
    std::uint8_t attempts = 0;         ///< At sending again, since something last arrived.
    std::uint8_t update_attempts = 0;  ///< The same of a credit.
    bool lost = false;                 ///< From `arrived` on all must be sent again; a timer is armed.
    bool fin = false;                  ///< The sender has said all.
    bool fin_arrived = false;
    bool reset = false;    ///< The sender is gone and says so.
    bool blocked = false;  ///< The sender waits for credit.
    bool update_under_way = false;
  };
  struct Connection {
    std::uint32_t serial = 0;  ///< Its number in the trace, never used again; 0: free.
    std::uint8_t dials = 0;
    bool severed = false;  ///< By reset_connections(): nothing passes any more.
    int listener = -1;
    std::array<End, 2> ends;
    std::array<Flow, 2> flows;  ///< [side]: what that side sends.
  };
  struct Listener {
    HostNumber host = 0;
    Address address;
    ListenOptions options;
    SimOwner* owner = nullptr;
    Handle handle = -1;
    std::deque<std::uint32_t> waiting;  ///< Places of connections.
  };
  using Kind = SimEvent::Kind;

  [[nodiscard]] const Connection& connection(Socket socket) const { return *connections_[socket.place]; }
  Connection& connection(Socket socket) { return *connections_[socket.place]; }
  [[nodiscard]] int find_listener(HostNumber host, const Address& dialled) const;
  [[nodiscard]] bool is_taken(HostNumber host, const Address& address, bool v6_only) const;
  std::uint16_t free_port(HostNumber host);
  [[nodiscard]] HostNumber host_of(const Address& address, HostNumber self) const noexcept;

  // --- Sending ------------------------------------------------------------------------------------
  void schedule(std::uint32_t place, Kind kind, int to_side, TimePoint at, std::uint64_t end = 0);
  /// A segment that nothing repeats by itself.
  void send_loose(std::uint32_t place, Kind kind, int from_side, std::uint64_t end = 0);
  /// A segment of a flow: in order, and repeated when it is lost.
  void send_in_flow(std::uint32_t place, Kind kind, int from_side, std::uint64_t end = 0);
  void send_bytes(std::uint32_t place, int side, std::uint64_t from);
  void lose(std::uint32_t place, int side);
  void send_again(std::uint32_t place, int side);
  void update_credit(std::uint32_t place, int side);
  void send_credit(std::uint32_t place, int side);
  void answer_reset(std::uint32_t place, int side);

  // --- Arriving -----------------------------------------------------------------------------------
  void dial(std::uint32_t place);
  void arrived_syn(std::uint32_t place);
  void arrived_syn_ack(std::uint32_t place);
  void arrived_in_flow(std::uint32_t place, const SimEvent& event);
  void arrived_reset(std::uint32_t place, int side);
  void arrived_credit(std::uint32_t place, const SimEvent& event);
  bool establish(std::uint32_t place);
  void try_again(std::uint32_t place, const SimEvent& event);
  void sever(std::uint32_t place, int side);

  /// The end is of no more use: `error` is told to its application.
  void end_with(std::uint32_t place, int side, int error);
  void close_end(std::uint32_t place, int side, bool with_reset);
  static void empty(Flow& flow);
  void free_if_done(std::uint32_t place);
  void tell_reader(const End& end);
  void tell_writer(const End& end);
  void trace(const Connection& connection, int from_side, const char* kind, std::uint64_t size = 0, ByteView bytes = {});

  SimWire& wire_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<Listener>> listeners_;  ///< By number; null once closed.
  std::vector<std::vector<int>> listeners_of_;        ///< By host.
  std::vector<std::uint16_t> ports_;                  ///< By host: the last one that was given out.
  std::uint32_t serial_ = 0;
};

}  // namespace pulpo::io
