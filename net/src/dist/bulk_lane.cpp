// SPDX-License-Identifier: Apache-2.0
#include "dist/bulk_lane.hpp"

#include <algorithm>
#include <bit>

namespace pulpo::dist {

using wire::FragmentLimits;

BulkLane::Sender* BulkLane::find(const Message& message) const noexcept {
  const auto found = by_pid_.find(key_of(message.from));
  return found == by_pid_.end() ? nullptr : &*found->second;
}

BulkLane::Pair* BulkLane::find_pair(Sender& sender, const Pid& to) noexcept {
  const auto found = std::find_if(sender.pairs.begin(), sender.pairs.end(), [&](const Pair& pair) { return pair.to == to; });
  return found == sender.pairs.end() ? nullptr : &*found;
}

bool BulkLane::holds_back(const Message& message) const noexcept {
  Sender* const sender = find(message);
  if (sender == nullptr) return false;
  return message.by_name || !sender->later.empty() || sender->pairs.front().by_name || find_pair(*sender, message.to) != nullptr;
}

void BulkLane::begin_pair(Sender& sender, MessagePtr message) {
  Pair& pair = sender.pairs.emplace_back(Pair{.to = message->by_name ? Pid{} : message->to, .by_name = message->by_name});
  pair.waiting.push_back(std::move(message));
}

void BulkLane::add(MessagePtr message) {
  bytes_ += message->bytes;
  Sender* sender = find(*message);
  if (sender == nullptr) {
    const auto at = senders_.insert(senders_.end(), Sender{.from = message->from});
    by_pid_.emplace(key_of(message->from), at);
    return begin_pair(*at, std::move(message));
  }
  // A pair by name is the only one of its sender.
  if (message->by_name || !sender->later.empty() || sender->pairs.front().by_name) {
    sender->later.push_back(std::move(message));
  } else if (Pair* const pair = find_pair(*sender, message->to)) {
    pair->waiting.push_back(std::move(message));
  } else {
    begin_pair(*sender, std::move(message));
  }
}

void BulkLane::uncount(Message& message, std::size_t bytes) {
  const auto less = static_cast<std::uint32_t>(std::min<std::size_t>(message.bytes, bytes));
  message.bytes -= less;
  bytes_ -= less;
  owner_.left(message.kind, less);
}

void BulkLane::write(wire::OutBuffer& out) {
  if (weight_ > FragmentLimits::kSharedWeight) {
    // Only the oldest goes on, until it ends: what the receiver has to hold stays within its limit.
    auto oldest_sender = senders_.end();
    std::list<Pair>::iterator oldest;
    for (auto sender = senders_.begin(); sender != senders_.end(); ++sender) {
      for (auto pair = sender->pairs.begin(); pair != sender->pairs.end(); ++pair) {
        if (!pair->stream || (oldest_sender != senders_.end() && pair->turn > oldest->turn)) continue;
        oldest_sender = sender;
        oldest = pair;
      }
    }
    return write_fragment(out, oldest_sender, oldest);
  }
  // With all numbers taken those go on that have one.
  for (auto sender = senders_.begin(); sender != senders_.end(); ++sender) {
    const auto pair = std::find_if(sender->pairs.begin(), sender->pairs.end(), [this](const Pair& each) { return can_go_on(each); });
    if (pair == sender->pairs.end()) continue;
    // Next time it is the turn of others.
    senders_.splice(senders_.end(), senders_, sender);
    sender->pairs.splice(sender->pairs.end(), sender->pairs, pair);
    return write_fragment(out, sender, pair);
  }
}

void BulkLane::begin_stream(Pair& pair) {
  const auto number = static_cast<unsigned>(std::countr_zero(free_));
  free_ &= free_ - 1;
  pair.turn = ++turns_;
  pair.stream.emplace(wire::OutgoingStream{.number = number, .frame = owner_.frame_of_large(*pair.waiting.front())});
  pair.stream->frame.lane = wire::Lane::bulk;
}

void BulkLane::write_fragment(wire::OutBuffer& out, Senders::iterator sender, std::list<Pair>::iterator pair) {
  if (!pair->stream) begin_stream(*pair);
  auto& stream = *pair->stream;
  Message& message = *pair->waiting.front();
  const auto weight_before = stream.weight();
  const auto bytes_before = stream.bytes;
  auto last = encoder_.encode_fragment(out, stream);
  if (last) {
    weight_ += stream.weight() - weight_before;
    uncount(message, stream.bytes - bytes_before);
    if (!*last) return;
    weight_ -= stream.weight();
  } else {
    weight_ -= weight_before;
    if (stream.begun) wire::Encoder::encode_dropped(out, stream);
  }
  free_ |= std::uint64_t{1} << stream.number;
  pair->stream.reset();
  MessagePtr front = std::move(pair->waiting.front());
  pair->waiting.pop_front();
  uncount(*front, front->bytes);
  if (!last) owner_.not_encoded(std::move(front), last.error());
  front_left(sender, pair);
}

/// The first of `pair` has left: so do those behind it, up to the next large one.
void BulkLane::front_left(Senders::iterator sender, std::list<Pair>::iterator pair) {
  const auto leave = [this](std::deque<MessagePtr>& waiting) {
    while (!waiting.empty() && !is_large(*waiting.front())) {
      MessagePtr small = std::move(waiting.front());
      waiting.pop_front();
      uncount(*small, small->bytes);
      owner_.write_whole(std::move(small));
    }
  };
  leave(pair->waiting);
  if (!pair->waiting.empty()) return;
  sender->pairs.erase(pair);
  if (!sender->pairs.empty()) return;
  leave(sender->later);
  if (sender->later.empty()) {
    by_pid_.erase(key_of(sender->from));
    senders_.erase(sender);
    return;
  }
  MessagePtr large = std::move(sender->later.front());
  sender->later.pop_front();
  begin_pair(*sender, std::move(large));
}

}  // namespace pulpo::dist
