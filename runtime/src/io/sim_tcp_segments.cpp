// SPDX-License-Identifier: Apache-2.0
//
// The part of SimTcp that sends segments and receives them; sim_tcp.cpp has what applications ask of it.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "io/sim_tcp.hpp"

namespace pulpo::io {
namespace {

// Linux' figures, for what a cut looks like to a program. A SYN is repeated after 1, 2, 4 … 32 s, and given up after
// another 64: 127 s in all (tcp_syn_retries 6). Bytes are repeated after 200 ms (TCP_RTO_MIN), twice as long each time, up to
// 120 s (TCP_RTO_MAX), and given up after the 15th repetition's time: 924.6 s in all (tcp_retries2).
constexpr std::uint8_t kDialsMost = 7;
constexpr std::uint8_t kAttemptsMost = 15;

Duration pause_before(std::uint8_t attempt) noexcept { return std::min<Duration>(200ms * (1 << std::min<int>(attempt, 10)), 120s); }

// A segment of up to 16 KiB is what one sees on loopback and with segmentation offload; one in four is cut short anywhere, so
// that receivers see beginnings and ends of their frames in odd places.
constexpr std::uint64_t kSegmentMost = 16 * 1024;
constexpr std::uint64_t kCutOneIn = 4;

}  // namespace

// --- Sending ---------------------------------------------------------------------------------------

void SimTcp::schedule(std::uint32_t place, Kind kind, int to_side, TimePoint at, std::uint64_t end) {
  const Connection& one = *connections_[place];
  wire_.schedule({.end = end,
                  .connection = place,
                  .serial = one.serial,
                  .epoch = one.flows[1 - to_side].epoch,
                  .kind = kind,
                  .to_side = static_cast<std::uint8_t>(to_side)},
                 at);
}

void SimTcp::send_loose(std::uint32_t place, Kind kind, int from_side, std::uint64_t end) {
  const Connection& at = *connections_[place];
  const HostNumber from = at.ends[from_side].host, to = at.ends[1 - from_side].host;
  if (at.severed) return;
  if (!wire_.is_open(from, to)) return trace(at, from_side, "lost");
  schedule(place, kind, 1 - from_side, wire_.now() + wire_.draw_delay(from, to), end);
}

void SimTcp::send_in_flow(std::uint32_t place, Kind kind, int from_side, std::uint64_t end) {
  Connection& at = *connections_[place];
  Flow& flow = at.flows[from_side];
  if (flow.lost) return;  // It leaves with the rest, when that is sent again.
  const HostNumber from = at.ends[from_side].host, to = at.ends[1 - from_side].host;
  if (!wire_.is_open(from, to)) return lose(place, from_side);
  flow.last_arrival = std::max(flow.last_arrival, wire_.now() + wire_.draw_delay(from, to));
  schedule(place, kind, 1 - from_side, flow.last_arrival, end);
}

void SimTcp::send_bytes(std::uint32_t place, int side, std::uint64_t from) {
  const Flow& flow = connections_[place]->flows[side];
  while (from < flow.taken && !flow.lost) {
    std::uint64_t size = std::min(flow.taken - from, kSegmentMost);
    if (wire_.draw(kCutOneIn) == 0) size = 1 + wire_.draw(size);
    from += size;
    send_in_flow(place, Kind::data, side, from);
  }
}

void SimTcp::lose(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  Flow& flow = at.flows[side];
  trace(at, side, "lost");
  if (flow.lost) return;
  flow.lost = true;
  ++flow.epoch;
  schedule(place, Kind::again, 1 - side, wire_.now() + pause_before(flow.attempts));
}

void SimTcp::try_again(std::uint32_t place, const SimEvent& event) {
  Connection& at = *connections_[place];
  const int side = 1 - event.to_side;
  Flow& flow = at.flows[side];
  if (!flow.lost || flow.epoch != event.epoch || at.severed) return;
  ++flow.attempts;
  if (wire_.is_open(at.ends[side].host, at.ends[event.to_side].host)) return send_again(place, side);
  if (flow.attempts <= kAttemptsMost) {
    schedule(place, Kind::again, event.to_side, wire_.now() + pause_before(flow.attempts));
    return;
  }
  if (at.ends[side].state == End::State::open || at.ends[side].state == End::State::queued) {
    end_with(place, side, ETIMEDOUT);
    return;
  }
  empty(flow);
  if (End& other = at.ends[event.to_side]; other.state == End::State::half_open) other.state = End::State::closed;
  free_if_done(place);
}

void SimTcp::send_again(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  Flow& flow = at.flows[side];
  flow.lost = false;
  trace(at, side, "again", flow.taken - flow.arrived);
  if (flow.reset) return send_in_flow(place, Kind::reset, side);
  if (side == 0 && at.ends[1].state == End::State::half_open) send_in_flow(place, Kind::ack, 0);
  send_bytes(place, side, flow.arrived);
  if (flow.blocked && flow.arrived == flow.taken) send_in_flow(place, Kind::data, side, flow.taken);  // a window probe
  if (flow.fin && !flow.fin_arrived) send_in_flow(place, Kind::fin, side);
}

/// Tells the sender how much has been read, once it needs to know.
void SimTcp::update_credit(std::uint32_t place, int side) {
  Flow& flow = connections_[place]->flows[side];
  if (flow.update_under_way || flow.read == flow.credit) return;
  if (!flow.blocked && flow.taken - flow.credit <= wire_.options().window_bytes / 2) return;
  flow.update_under_way = true;
  flow.update_attempts = 0;
  send_credit(place, side);
}

void SimTcp::send_credit(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  const End& sender = at.ends[side];
  const End& receiver = at.ends[1 - side];
  Flow& flow = at.flows[side];
  if (at.severed || sender.dead || receiver.dead || sender.state != End::State::open || receiver.state != End::State::open) {
    flow.update_under_way = false;
  } else if (wire_.is_open(receiver.host, sender.host)) {
    send_loose(place, Kind::credit, 1 - side, flow.read);
  } else {
    schedule(place, Kind::update, 1 - side, wire_.now() + pause_before(flow.update_attempts));
    if (flow.update_attempts < kAttemptsMost) ++flow.update_attempts;
  }
}

/// `side` is no more: its peer hears so. What it had not delivered is dropped.
void SimTcp::answer_reset(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  Flow& flow = at.flows[side];
  if (flow.reset || at.severed) return;
  const bool was_lost = flow.lost;
  // What is under way still arrives before the reset: the sender cannot call it back.
  flow.reset = true;
  if (!was_lost) send_in_flow(place, Kind::reset, side);
}

// --- Arriving --------------------------------------------------------------------------------------

void SimTcp::handle(const SimEvent& event) {
  const std::uint32_t place = event.connection;
  Connection& at = *connections_[place];
  if (at.serial != event.serial) return;
  switch (event.kind) {
    case Kind::dial:
      return dial(place);
    case Kind::again:
      return try_again(place, event);
    case Kind::update:
      return send_credit(place, 1 - event.to_side);
    case Kind::severed:
      return sever(place, event.to_side);
    default:
      break;
  }
  if (at.severed) return;
  const int from_side = 1 - event.to_side;
  const bool is_open = wire_.is_open(at.ends[from_side].host, at.ends[event.to_side].host);
  switch (event.kind) {
    case Kind::syn:
      return is_open ? arrived_syn(place) : trace(at, from_side, "lost");
    case Kind::syn_ack:
      return is_open ? arrived_syn_ack(place) : trace(at, from_side, "lost");
    case Kind::refusal:
      if (!is_open) return trace(at, from_side, "lost");
      trace(at, 1, "refused");
      if (at.ends[0].state == End::State::connecting) end_with(place, 0, ECONNREFUSED);
      return;
    case Kind::credit:
      return is_open ? arrived_credit(place, event) : send_credit(place, event.to_side);
    default:
      break;
  }
  Flow& flow = at.flows[from_side];
  if (flow.epoch != event.epoch) return;
  if (!is_open) return lose(place, from_side);
  flow.attempts = 0;
  if (event.kind == Kind::reset) return arrived_reset(place, event.to_side);
  arrived_in_flow(place, event);
}

void SimTcp::dial(std::uint32_t place) {
  Connection& at = *connections_[place];
  if (at.ends[0].state != End::State::connecting || at.ends[0].dead) return;
  if (at.dials == kDialsMost) return end_with(place, 0, ETIMEDOUT);
  send_loose(place, Kind::syn, 0);
  schedule(place, Kind::dial, 0, wire_.now() + 1s * (1 << at.dials));
  ++at.dials;
}

void SimTcp::arrived_syn(std::uint32_t place) {
  Connection& at = *connections_[place];
  End& far = at.ends[1];
  trace(at, 0, "syn");
  if (at.ends[0].state != End::State::connecting) return;
  if (far.state == End::State::none) {
    at.listener = find_listener(far.host, far.address);
    if (at.listener < 0) return send_loose(place, Kind::refusal, 1);
    const Listener& listener = *listeners_[static_cast<std::size_t>(at.listener)];
    // As Linux counts: one more than the backlog may wait. Who finds no room is not answered, and asks again.
    if (listener.waiting.size() > static_cast<std::size_t>(listener.options.backlog)) return trace(at, 0, "backlog-full");
    far.state = End::State::half_open;
  }
  if (far.state == End::State::closed) return send_loose(place, Kind::refusal, 1);
  send_loose(place, Kind::syn_ack, 1);
}

void SimTcp::arrived_syn_ack(std::uint32_t place) {
  Connection& at = *connections_[place];
  End& near = at.ends[0];
  trace(at, 1, "syn-ack");
  if (near.state != End::State::connecting || near.dead) return;
  near.state = End::State::open;
  send_in_flow(place, Kind::ack, 0);
  tell_writer(near);
}

/// The client has been heard of: it is put before the listener. False when it cannot be, now or ever.
bool SimTcp::establish(std::uint32_t place) {
  Connection& at = *connections_[place];
  Listener* listener = listeners_[static_cast<std::size_t>(at.listener)].get();
  if (listener == nullptr) {
    at.ends[1].state = End::State::closed;
    answer_reset(place, 1);
    free_if_done(place);
    return false;
  }
  if (listener->waiting.size() > static_cast<std::size_t>(listener->options.backlog)) {
    lose(place, 0);
    return false;
  }
  at.ends[1].state = End::State::queued;
  listener->waiting.push_back(place);
  if (listener->owner != nullptr) listener->owner->readable(listener->handle);
  return true;
}

void SimTcp::arrived_in_flow(std::uint32_t place, const SimEvent& event) {
  Connection& at = *connections_[place];
  const int from_side = 1 - event.to_side;
  End& end = at.ends[event.to_side];
  Flow& flow = at.flows[from_side];
  if (wire_.is_traced()) {
    ByteView bytes;
    if (event.kind == Kind::data) bytes = ByteView(flow.bytes).substr(flow.head + (flow.arrived - flow.read), event.end - flow.arrived);
    trace(at, from_side, event.kind == Kind::ack ? "ack" : event.kind == Kind::fin ? "fin" : "data", bytes.size(), bytes);
  }
  if (end.state == End::State::half_open && !establish(place)) return;
  if (end.dead || end.state == End::State::closed || end.state == End::State::none) {
    // A FIN that crosses an ordinary close asks for no answer.
    if (event.kind == Kind::data || end.forgotten || end.dead) answer_reset(place, event.to_side);
    return;
  }
  if (event.kind == Kind::ack) return;
  if (event.kind == Kind::data) flow.arrived = std::max(flow.arrived, event.end);
  if (event.kind == Kind::fin) flow.fin_arrived = true;
  tell_reader(end);
}

void SimTcp::arrived_reset(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  End& end = at.ends[side];
  trace(at, 1 - side, "reset");
  if (end.dead) return;
  switch (end.state) {
    case End::State::none:
    case End::State::closed:
      return;
    case End::State::half_open:
      end.state = End::State::closed;
      return free_if_done(place);
    case End::State::connecting:
      return end_with(place, side, ECONNREFUSED);
    case End::State::queued:
    case End::State::open:
      // Linux: a program that has read the end already is told EPIPE.
      return end_with(place, side, at.flows[1 - side].fin_arrived ? EPIPE : ECONNRESET);
  }
}

void SimTcp::arrived_credit(std::uint32_t place, const SimEvent& event) {
  Connection& at = *connections_[place];
  Flow& flow = at.flows[event.to_side];
  trace(at, 1 - event.to_side, "credit", event.end);
  flow.update_under_way = false;
  flow.credit = std::max(flow.credit, event.end);
  if (std::exchange(flow.blocked, false)) tell_writer(at.ends[event.to_side]);
  update_credit(place, event.to_side);
}

void SimTcp::sever(std::uint32_t place, int side) {
  Connection& at = *connections_[place];
  End& end = at.ends[side];
  if (end.state == End::State::half_open) end.state = End::State::closed;
  if (end.state == End::State::none || end.state == End::State::closed || end.dead) return free_if_done(place);
  end_with(place, side, ECONNRESET);
}

}  // namespace pulpo::io
