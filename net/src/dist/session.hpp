// SPDX-License-Identifier: Apache-2.0
//
// Session: what two nodes share while they are connected: the numbers of their records, the atoms they have told each other, and the
// frames that carry their processes' signals.
//
// The session alone declares a node down: today when its connection ends. A connection that comes back may one day resume it.
//
//   Order      Signals leave in the order of send(); what arrives is handed to its process in the order of arrival (SIG-1).
//   Ownership  Belongs to the Distribution. Owns its Connection.
//   Threads    The home core's.
//              Large messages leave in fragments, between other frames.
//   Bounds     kQueueMax bytes to send, then has_room() is false and senders of user messages are suspended; nothing is dropped. What
//              comes nevertheless (a last message of each sender, and signals that nobody can suspend) waits as it is, not encoded.
//              When a peer reads so slowly that signals of the latter kind go beyond their reserve, the connection ends.
//   Cost       A call and its reply: one frame each.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "dist/bulk_lane.hpp"
#include "link/connection.hpp"
#include "link/heartbeat.hpp"
#include "proc/core.hpp"
#include "wire/codec.hpp"

namespace pulpo::dist {

class Distribution;
class Neighbour;
class NodeTable;

class Session final : public links::Connection::Owner, public Flusher, private BulkLane::Owner {
 public:
  // Settled points: the link queue.
  static constexpr std::size_t kQueueMax = 4u << 20;
  // A slice ends when so much has gathered, so that the peer can work on it meanwhile (performance-notes.md section 5).
  static constexpr std::size_t kSliceBytes = 32 * 1024;
  // A record takes fragments up to here, and one at least, so that neither waits long for the other: with a fragment on top it still
  // fits what an idle link keeps of a buffer.
  static constexpr std::size_t kBulkRecordBytes = 96 * 1024;
  // Settled points: what control signals may take beyond the queue.
  static constexpr std::size_t kControlReserve = 1u << 20;
  // Replies carry what users put into them, and nobody can be suspended for them: one message of the largest size.
  static constexpr std::size_t kReplyReserve = wire::Limits{}.message_bytes_max;

  Session(Distribution& distribution, Core& core);
  ~Session() override;

  [[nodiscard]] links::Connection& connection() noexcept { return *connection_; }
  [[nodiscard]] const links::Connection& connection() const noexcept { return *connection_; }
  /// The peer's entry in the node table; once established.
  [[nodiscard]] NodeIndex peer() const noexcept { return peer_; }
  [[nodiscard]] const std::string& peer_name() const noexcept { return peer_name_; }
  [[nodiscard]] std::uint32_t peer_creation() const noexcept { return peer_creation_; }
  [[nodiscard]] bool is_up() const noexcept { return encoder_ != nullptr; }
  /// The peer is a hidden node.
  [[nodiscard]] bool is_hidden() const noexcept { return hidden_; }
  [[nodiscard]] TimePoint began() const noexcept { return began_; }
  /// What has passed since it was established, and what waits to leave: for who looks on.
  struct Traffic {
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t records_sent = 0;
    std::uint64_t records_received = 0;
    std::size_t bytes_waiting = 0;  ///< To send: in the link's buffers, kept, and of large messages.
  };
  [[nodiscard]] Traffic traffic() const noexcept;
  std::uint64_t number = 0;        ///< Of this connection among all of the node's; once up.
  std::uint64_t ticket = 0;        ///< Of the Joiner's dial that it is; 0 when it is none.
  std::string wanted_name;         ///< Who alone is welcome there; empty: whoever answers.
  std::string claimed_name;        ///< Who answered such a dial, proven or not.
  Neighbour* neighbour = nullptr;  ///< Whose session it is; null before the peer's name is proven.

  /// Encodes a signal into what gathers, or keeps it until there is room or its turn. False: its sender should wait.
  bool send(MessagePtr message);
  /// Whether senders of everything should wait, not only those of large messages.
  [[nodiscard]] bool is_full() const noexcept { return held_up_; }

 private:
  // links::Connection::Owner
  Verdict admit(const links::Peer& peer) override;
  Verdict challenged(const std::string& name) override;
  void established(const links::Peer& peer) override;
  wire::Stamp stamp() override { return {++sequence_, received_.load(std::memory_order_relaxed)}; }
  void record(ByteView body) override;
  [[nodiscard]] bool has_more() const noexcept override { return bulk_ && !bulk_->empty(); }
  void add_more() override;
  void sent() override;
  void ended(const links::Ending& ending) override;
  // Flusher
  void flush() override;
  // BulkLane::Owner
  wire::Frame frame_of_large(const Message& message) override { return frame_of(message); }
  void write_whole(MessagePtr message) override;
  void left(Signal kind, std::size_t bytes) override;
  void not_encoded(MessagePtr message, const Fault& fault) override;

  [[nodiscard]] bool has_room() const noexcept { return connection_->queued_bytes() <= kQueueMax; }
  /// The reserve that a signal of this kind takes from, and how much it may take; null when its sender is suspended instead.
  struct Reserve {
    std::size_t* taken;
    std::size_t limit;
  };
  [[nodiscard]] Reserve reserve_of(Signal kind) noexcept;
  /// Counts what a signal that waits takes; false: that is too much, and the connection ends.
  [[nodiscard]] bool count(Message& message, std::size_t beyond);
  void keep(MessagePtr message);
  void send_kept();
  [[nodiscard]] bool is_bulk(const Message& message) const noexcept;
  bool send_bulk(MessagePtr message);
  void encode(MessagePtr message);
  [[nodiscard]] static wire::Frame frame_of(const Message& message);
  void deliver(wire::Frame& frame);

  Distribution& distribution_;
  Core& core_;
  std::unique_ptr<links::Connection> connection_;
  std::string peer_name_;
  std::uint32_t peer_creation_ = 0;
  NodeIndex peer_ = 0;
  bool hidden_ = false;
  bool spawns_ = false;           ///< The peer knows of spawn requests, …
  bool aliases_ = false;          ///< … and of what is sent to an alias.
  bool held_up_ = false;          ///< Senders wait for room, or …
  bool bulk_held_up_ = false;     ///< … those of large messages do.
  std::deque<MessagePtr> kept_;   ///< Signals that came while there was no room, in order.
  std::size_t kept_replies_ = 0;  ///< Their bytes, and …
  std::size_t kept_control_ = 0;  ///< … those of control signals.
  TimePoint began_;
  std::optional<links::Heartbeat> heartbeat_;  ///< From established() on.
  std::uint64_t sequence_ = 0;                 ///< Of the last record that we closed.
  std::atomic<std::uint64_t> received_{0};     ///< Of the last record that came; a tick for a stalled core tells it as well.
  std::uint64_t frames_sent_ = 0;
  std::uint64_t frames_received_ = 0;
  std::unique_ptr<wire::Encoder> encoder_;
  std::unique_ptr<wire::Decoder> decoder_;
  std::optional<BulkLane> bulk_;  ///< Where the peer knows fragments.
  wire::Frame incoming_;          ///< Kept for its parts' capacity.
};

}  // namespace pulpo::dist
