// SPDX-License-Identifier: Apache-2.0
//
// Connection: one TCP connection with another node, from dial or accept to its end.
//
// It runs the handshake within its limits, then carries records both ways, sealed unless both sides allow plain ones. The session
// encodes frames straight into gathering(); flush() closes the record and sends it when no send is in flight, else as soon as that
// one is done: what gathers meanwhile leaves as one record. What the owner has beyond that, a large message in fragments, is asked for
// when a record leaves and not earlier, so that whatever gathers until then goes before it.
//
//   Order      Records arrive in the order sent. Owner::ended() is called exactly once, and last.
//   Ownership  The owner keeps the Connection until ended(), in which it may destroy it, and not earlier.
//              `loop`, `cookies`, `random` and `owner` outlive it.
//   Threads    The loop's.
//   Bounds     Before authentication: ConnectionSettings. After it a record of record_bytes_max; memory for one that is
//              on its way grows with the bytes that came. queued_bytes() is the owner's to watch.
//   Suspends   Never. Reading goes on whatever is queued for sending.
//   Errors     Ending, through Owner::ended().
//              On a sealed link Cause::altered for what does not verify, Cause::cut for an end without a goodbye; both are logged.
//   Cost       Plain records are read in place, from the loop's receive buffer; sealed ones are sealed and opened from one buffer
//              into another, which stay: no allocation a flush.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "io/loop.hpp"
#include "link/admission.hpp"
#include "link/handshake.hpp"
#include "wire/out_buffer.hpp"
#include "wire/stream.hpp"

namespace pulpo::links {

struct ConnectionSettings {
  Duration handshake_time = 5s;                       ///< architecture.md, Defaults and limits; the dial included.
  std::size_t handshake_bytes_max = 4096;             ///< All messages of a peer together; ours take some 300 bytes.
  std::size_t record_bytes_max = 264u * 1024 * 1024;  ///< A message of 256 MiB behind a full link queue (4 MiB), and change.
  Duration close_time = 5s;                           ///< For what is queued to leave after close().
  SealLimits seal = {};                               ///< When keys change; both sides need the same.
};

class Connection {
 public:
  class Owner {
   public:
    struct Verdict {
      bool accepted = true;
      Cause cause = Cause::not_allowed;  ///< Told to the peer when not accepted.
      std::string detail = {};           ///< For a person at the peer.
    };
    virtual ~Owner() = default;
    /// Accepting side only, once the peer has proved the cookie and before we confirm: shall it be? NODE-33 and
    /// NODE-30 are decided here. No state may change yet: established() follows, unless the connection ends.
    [[nodiscard]] virtual Verdict admit(const Peer& peer) = 0;
    /// Dialling side without a target only: who listens there says that it is `name`, which is not proven yet. Shall it go on?
    [[nodiscard]] virtual Verdict challenged(const std::string& name) {
      static_cast<void>(name);
      return {};
    }
    /// Both sides have proved the cookie. Records may be sent from now on.
    virtual void established(const Peer& peer) = 0;
    /// There is something for add_more(), which is asked for it when the next record leaves: fragments of large messages.
    [[nodiscard]] virtual bool has_more() const noexcept { return false; }
    /// Encodes some of it into gathering(), behind what is there. At most as much as others may wait for.
    virtual void add_more() {}
    /// The numbers for the record that is being closed. Also from tick_for_stalled_core(), never at once.
    [[nodiscard]] virtual wire::Stamp stamp() = 0;
    /// A record came; `body` is lent for the length of the call. May close() or abort().
    virtual void record(ByteView body) = 0;
    /// A send is done, and what had gathered meanwhile is on its way: queued_bytes() fell.
    virtual void sent() = 0;
    /// It is over. The Connection may be destroyed in here.
    virtual void ended(const Ending& ending) = 0;
  };

  Connection(io::Loop& loop, const Identity& self, const Cookies& cookies, Random& random, Owner& owner,
             const ConnectionSettings& settings = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Dials `target`, which listens at `address`; or whoever listens there, when it is empty.
  void dial(const io::Address& address, std::string_view target);
  /// Takes over a connection that was accepted. `slot` is given back when the handshake ends, one way or the other.
  void accept(io::Handle handle, Admission::Slot slot);

  /// Where the session encodes frames; established connections only.
  [[nodiscard]] wire::OutBuffer& gathering() noexcept { return gathering_; }
  /// Sends what has gathered, and more that the owner has, now or after the send in flight. Nothing there: nothing sent.
  void flush();
  /// As flush(), but sends a record without frames when nothing has gathered: a tick, an acknowledgement.
  void flush_even_empty();
  /// Says for the loop's thread, which stands still, that this node lives: sends a record without frames, if no send is in flight. By any
  /// one other thread, while the connection lives.
  void tick_for_stalled_core();
  /// Bytes gathered, closed and not sealed yet, or in flight.
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return gathering_.size() + to_seal_.size() + in_flight_bytes_; }
  [[nodiscard]] bool is_sending() const noexcept { return in_flight_bytes_ != 0; }
  [[nodiscard]] bool is_established() const noexcept { return state_ == State::open; }
  /// From established() on: nobody on the way reads or changes what is said.
  [[nodiscard]] bool is_sealed() const noexcept { return sealer_.has_value(); }

  /// Sends what is queued, says goodbye, and ends with Cause::closed_here. Records that still come are dropped.
  void close();
  /// Ends at once; what is queued is lost.
  void abort(Cause cause, Fault fault);

  [[nodiscard]] const Peer& peer() const noexcept { return handshake_->peer(); }
  [[nodiscard]] const io::Address& peer_address() const noexcept { return address_; }
  [[nodiscard]] Role role() const noexcept { return role_; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  /// idle -> connecting -> shaking -> open -> closing (the queue leaves) -> ending (operations end) -> ended. From shaking
  /// also -> refusing (the refusal leaves).
  enum class State : std::uint8_t { idle, connecting, shaking, open, refusing, closing, ending, ended };
  template <void (Connection::*done)(const io::Completion&)>
  struct Op final : io::Operation {
    explicit Op(Connection& c) noexcept : connection(c) {}
    void completed(const io::Completion& completion) override { (connection.*done)(completion); }
    Connection& connection;
  };
  struct Deadline final : io::Timer {
    explicit Deadline(Connection& c) noexcept : connection(c) {}
    void expired() override { connection.deadline_passed(); }
    Connection& connection;
  };

  void connected(const io::Completion& completion);
  void received(const io::Completion& completion);
  void sent(const io::Completion& completion);
  void deadline_passed();
  void begin_handshake(io::Handle handle);
  void advance(Handshake::Step step);
  void take_handshake_bytes(ByteView bytes);
  void take_records(ByteView bytes);
  void complete_partial(ByteView& bytes);
  void take_part(const wire::StreamPart& part);
  void open_sealed(const wire::StreamPart& part);
  void deliver(const wire::StreamPart& part);
  void refuse_bytes(const char* why);
  void refuse_record(const char* why);
  void handshake_failed(bool told);
  void become_established();
  void pump();
  void send(ByteView bytes);
  void seal_and_send();
  void stop_ticking();
  void say_goodbye();
  void log_refusal(const Ending& ending);
  void was_cut(int error);
  void end(Ending ending);
  void finish_if_quiet();

  io::Loop& loop_;
  Identity self_;
  const Cookies& cookies_;
  Random& random_;
  Owner& owner_;
  ConnectionSettings settings_;
  State state_ = State::idle;
  Role role_ = Role::dial;
  io::Handle handle_ = -1;
  io::Address address_;
  Admission::Slot slot_;
  std::optional<Handshake> handshake_;
  Ending ending_;

  wire::OutBuffer gathering_;  ///< Filled by the session.
  wire::OutBuffer leaving_;    ///< In flight; on a sealed link the record that is being sealed.
  ByteView to_seal_;           ///< What of leaving_ is not sealed yet.
  wire::OutBuffer sealed_;     ///< In flight on a sealed link.
  wire::OutBuffer opened_;     ///< What has verified of the record that comes in.
  std::optional<Sealer> sealer_;
  std::optional<Opener> opener_;
  std::string shaking_next_;  ///< Handshake messages that wait for those in flight; later the rest of a tick for a stalled core.
  std::string shaking_out_;   ///< Handshake messages in flight.
  std::size_t in_flight_bytes_ = 0;
  /// Held while a send begins or its end is noted: tick_for_stalled_core() reads and changes what those do, from sealer_ to handle_.
  std::mutex sending_;
  bool may_tick_ = false;  ///< It is open, for that other thread.
  bool flush_wanted_ = false;
  bool flush_empty_ = false;
  bool sealed_goodbye_ = false;
  bool said_goodbye_ = false;
  std::size_t handshake_bytes_ = 0;  ///< Of the peer's messages.

  std::string partial_;           ///< The beginning of a message or record whose rest has not come.
  std::size_t partial_need_ = 0;  ///< Bytes that make it whole, when known.
  std::uint64_t bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;

  Op<&Connection::connected> connect_op_{*this};
  Op<&Connection::received> receive_op_{*this};
  Op<&Connection::sent> send_op_{*this};
  Deadline deadline_{*this};
};

}  // namespace pulpo::links
