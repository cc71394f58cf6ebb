// SPDX-License-Identifier: Apache-2.0
//
// BulkLane: the large messages of one session, which leave in fragments between everything else.
//
// A message waits here as it is, its terms shared, and is encoded fragment by fragment when the connection has room for one. Senders take
// turns, and so do the receivers of one sender.
//
//   Order      What a process sends to another is never overtaken by what it sends it later (SIG-1): that waits here too, whatever its
//              kind. Names and aliases are in the way of knowing whether two receivers are one: a sender that uses one while something of
//              its waits goes on in the order of its sends alone, until all of it has left.
//   Ownership  Owns the messages. `encoder` and `owner` outlive it.
//   Threads    The home core's.
//   Bounds     FragmentLimits for what has begun. bytes() is the owner's to watch.
//   Cost       A look into a table for each signal while anything waits; nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>

#include "proc/message.hpp"
#include "wire/codec.hpp"

namespace pulpo::dist {

class BulkLane {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    [[nodiscard]] virtual wire::Frame frame_of_large(const Message& message) = 0;
    /// Its turn has come, and it is no large one: encode it as one frame.
    virtual void write_whole(MessagePtr message) = 0;
    /// So many bytes of a signal of this kind wait no more.
    virtual void left(Signal kind, std::size_t bytes) = 0;
    /// It cannot be sent; its receiver knows nothing of it.
    virtual void not_encoded(MessagePtr message, const Fault& fault) = 0;
  };
  /// Beyond these a message is large. Smaller ones delay others by less than what the kernel holds anyway, and cost less as one frame.
  static constexpr std::size_t kLargeBytes = wire::FragmentLimits::kBytesMax;
  [[nodiscard]] static bool is_large(const Message& message) noexcept {
    return !message.is_typed() && !message.body.is_inline() && message.body.heap_bytes() > kLargeBytes;
  }

  BulkLane(wire::Encoder& encoder, Owner& owner) noexcept : encoder_(encoder), owner_(owner) {}

  [[nodiscard]] bool empty() const noexcept { return senders_.empty(); }
  /// What waits: messages and their terms, less what has been encoded of them.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Whether a signal has to wait behind something that is here.
  [[nodiscard]] bool holds_back(const Message& message) const noexcept;
  /// Takes a large message, or one that is held back. Its `bytes` says what it counts for.
  void add(MessagePtr message);
  /// Writes one fragment, and what it no longer holds back.
  void write(wire::OutBuffer& out);

 private:
  /// Signals of one sender to one receiver; the first of them is large.
  struct Pair {
    Pid to;
    bool by_name = false;
    std::deque<MessagePtr> waiting = {};
    std::optional<wire::OutgoingStream> stream = {};  ///< Of the first.
    std::uint64_t turn = 0;                           ///< The lower, the earlier the stream began.
  };
  struct Sender {
    Pid from;
    std::list<Pair> pairs = {};         ///< The first is next; never empty.
    std::deque<MessagePtr> later = {};  ///< Behind all pairs.
  };
  using Senders = std::list<Sender>;

  [[nodiscard]] static std::uint64_t key_of(const Pid& pid) noexcept { return std::uint64_t{pid.id} << 32 | pid.serial; }
  [[nodiscard]] Sender* find(const Message& message) const noexcept;
  [[nodiscard]] static Pair* find_pair(Sender& sender, const Pid& to) noexcept;
  static void begin_pair(Sender& sender, MessagePtr message);
  [[nodiscard]] bool can_go_on(const Pair& pair) const noexcept { return pair.stream || free_ != 0; }
  void write_fragment(wire::OutBuffer& out, Senders::iterator sender, std::list<Pair>::iterator pair);
  void begin_stream(Pair& pair);
  void uncount(Message& message, std::size_t bytes);
  void front_left(Senders::iterator sender, std::list<Pair>::iterator pair);

  wire::Encoder& encoder_;
  Owner& owner_;
  Senders senders_;  ///< The first is next.
  std::unordered_map<std::uint64_t, Senders::iterator> by_pid_;
  std::size_t bytes_ = 0;
  std::uint64_t free_ = ~std::uint64_t{0};  ///< Numbers of streams that are free, a bit each.
  std::uint64_t turns_ = 0;
  std::size_t weight_ = 0;  ///< Of the streams under way.
};
static_assert(wire::FragmentLimits::kStreamsMax == 64);

}  // namespace pulpo::dist
