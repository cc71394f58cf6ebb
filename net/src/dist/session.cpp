// SPDX-License-Identifier: Apache-2.0
#include "dist/session.hpp"

#include <algorithm>

#include "dist/distribution.hpp"
#include "proc/remote_spawn.hpp"
#include "pulpo/log.hpp"
#include "wire/record.hpp"

namespace pulpo::dist {
namespace {

// The body of a request is the same term in a process and on the wire.
static_assert(SpawnRequest::kLink == wire::kSpawnLink && SpawnRequest::kMonitor == wire::kSpawnMonitor &&
              SpawnRequest::kReply == wire::kSpawnReply && SpawnRequest::kReplyOnError == wire::kSpawnReplyOnError);

/// Signals that end what a process elsewhere waits for: a call, a monitor, a link.
bool tells_of_an_end(Signal kind) noexcept {
  return kind == Signal::reply || kind == Signal::request_down || kind == Signal::down || kind == Signal::exit_link || kind == Signal::exit;
}

}  // namespace

Session::Session(Distribution& distribution, Core& core)
    : distribution_(distribution),
      core_(core),
      connection_(std::make_unique<links::Connection>(core.loop(), distribution.identity(), distribution.cookies(), core.runtime().random(),
                                                      *this)) {}

Session::~Session() { ListHook<Flusher>::unlink(); }

links::Connection::Owner::Verdict Session::admit(const links::Peer& peer) { return distribution_.admit(*this, peer); }

links::Connection::Owner::Verdict Session::challenged(const std::string& name) { return distribution_.challenged(*this, name); }

void Session::established(const links::Peer& peer) {
  peer_name_ = peer.name;
  peer_creation_ = peer.creation;
  hidden_ = peer.hidden;
  spawns_ = (peer.features & links::kRemoteSpawn) != 0;
  aliases_ = (peer.features & links::kAliases) != 0;
  began_ = core_.loop().now();
  const auto index = distribution_.nodes().find_or_make(peer.name, peer.creation);
  if (!index) {
    log::error("** Node {} is turned away: this node has met {} others and remembers no more **", peer.name, NodeTable::kEntriesMax);
    connection_->abort(links::Cause::busy, {.code = Errc::busy, .where = "session", .detail = "the table of nodes is full"});
    return;
  }
  peer_ = *index;
  encoder_ = std::make_unique<wire::Encoder>(distribution_.nodes(), peer_);
  decoder_ = std::make_unique<wire::Decoder>(distribution_.nodes(), peer_, distribution_.atom_quota(*this));
  if ((peer.features & links::kFragments) != 0) bulk_.emplace(*encoder_, static_cast<BulkLane::Owner&>(*this));
  heartbeat_.emplace(core_.loop(), *connection_, peer.tick_time);
  distribution_.stalled_links().add(*connection_, peer.tick_time);
  distribution_.session_up(*this);
}

wire::Frame Session::frame_of(const Message& message) {
  using wire::FrameKind;
  wire::Frame frame{.from = message.from, .to = message.by_name ? Pid{} : message.to, .ref = message.ref};
  if (message.by_name) frame.to_name = message.name;
  switch (message.kind) {
    case Signal::message:
    case Signal::cast:
      frame.kind = message.by_name ? FrameKind::send_name : FrameKind::send;
      frame.body = term_of(message);
      frame.ref = {};
      break;
    case Signal::request:
      frame.kind = FrameKind::request;
      frame.body = message.body;
      break;
    case Signal::reply:
      frame.kind = FrameKind::reply;
      frame.from = {};  // the reference says whose answer it is
      frame.body = message.body;
      break;
    case Signal::request_down:
    case Signal::down:
      frame.kind = FrameKind::down;
      frame.from = {};
      frame.body = message.body;
      break;
    case Signal::cancel:
      frame.kind = FrameKind::cancel;
      break;
    case Signal::exit_link:
      frame.kind = FrameKind::exit;
      frame.ref = {};
      frame.body = message.body;
      break;
    case Signal::exit:
      frame.kind = FrameKind::exit2;
      frame.ref = {};
      frame.body = message.body;
      break;
    case Signal::link:
      frame.kind = FrameKind::link;
      break;
    case Signal::unlink:
    case Signal::unlink_ack:
      frame.kind = message.kind == Signal::unlink ? FrameKind::unlink : FrameKind::unlink_ack;
      frame.unlink_id = std::uint64_t{message.ref.second} << 32 | message.ref.third;
      frame.ref = {};
      break;
    case Signal::monitor:
      frame.kind = FrameKind::monitor;
      break;
    case Signal::demonitor:
      frame.kind = FrameKind::demonitor;
      break;
    case Signal::spawn_request:
    case Signal::spawn_reply:
      frame.kind = message.kind == Signal::spawn_request ? FrameKind::spawn_request : FrameKind::spawn_reply;
      frame.body = message.body;
      break;
    case Signal::alias_message:
      frame.kind = FrameKind::alias;
      frame.body = message.body;
      break;
    case Signal::exit_message:
    case Signal::down_message:
    case Signal::typed:
    case Signal::typed_cast:
    case Signal::hold:
    case Signal::release:
    case Signal::spawn:
    case Signal::task:
    case Signal::recycle:
      PULPO_ASSERT(!"a signal that never leaves its node");
  }
  return frame;
}

bool Session::send(MessagePtr message) {
  if (kept_.empty() && has_room()) [[likely]] {
    if (is_bulk(*message)) [[unlikely]]
      return send_bulk(std::move(message));
    encode(std::move(message));
    if (has_room()) [[likely]]
      return true;
  } else {
    keep(std::move(message));
  }
  held_up_ = true;
  return false;
}

/// Large, or behind something large of the same sender.
bool Session::is_bulk(const Message& message) const noexcept {
  if (message.body.is_inline() && (!bulk_ || bulk_->empty())) [[likely]]
    return false;
  if (!bulk_ || (message.kind == Signal::spawn_request && !spawns_) || (message.kind == Signal::alias_message && !aliases_)) return false;
  return BulkLane::is_large(message) || (!bulk_->empty() && bulk_->holds_back(message));
}

bool Session::send_bulk(MessagePtr message) {
  if (!connection_->is_established() || !count(*message, kQueueMax)) return true;
  bulk_->add(std::move(message));
  core_.flush_soon(*this);
  if (bulk_->bytes() <= kQueueMax) return true;
  bulk_held_up_ = true;
  return false;
}

void Session::add_more() {
  wire::OutBuffer& out = connection_->gathering();
  do {
    bulk_->write(out);
  } while (!bulk_->empty() && out.size() < kBulkRecordBytes);
}

void Session::write_whole(MessagePtr message) { encode(std::move(message)); }

Session::Traffic Session::traffic() const noexcept {
  Traffic traffic{.messages_sent = frames_sent_,
                  .messages_received = frames_received_,
                  .records_sent = sequence_,
                  .records_received = received_.load(std::memory_order_relaxed),
                  .bytes_waiting = connection_->queued_bytes() + (bulk_ ? bulk_->bytes() : 0)};
  for (const MessagePtr& each : kept_) traffic.bytes_waiting += each->bytes;
  return traffic;
}

void Session::left(Signal kind, std::size_t bytes) {
  if (const Reserve reserve = reserve_of(kind); reserve.taken != nullptr) *reserve.taken -= bytes;
}

void Session::encode(MessagePtr message) {
  if (message->kind == Signal::spawn_request && !spawns_) [[unlikely]]
    return core_.undeliverable(std::move(message), "notsup"_atom);
  if (message->kind == Signal::alias_message && !aliases_) [[unlikely]]
    return;  // to it, what others send there is lost: it was so when it was made
  wire::OutBuffer& out = connection_->gathering();
  if (auto encoded = encoder_->encode(out, frame_of(*message)); !encoded) return not_encoded(std::move(message), encoded.error());
  ++frames_sent_;
  core_.flush_soon(*this);
  if (out.size() >= kSliceBytes) core_.end_slice();
}

/// Too large or too deep for a message, or nothing that can leave its node; the link is untouched.
void Session::not_encoded(MessagePtr message, const Fault& fault) {
  log::error("** A {} for node {} was not sent: {} **", wire::to_string(frame_of(*message).kind), peer_name_, fault.text());
  Term why = Term::tuple({"badarg"_atom, fault.text()});
  if (message->kind == Signal::request || message->kind == Signal::spawn_request) return core_.undeliverable(std::move(message), why);
  if (!tells_of_an_end(message->kind)) return;
  // Somebody there waits for it, and would wait for ever: it goes with another reason.
  if (message->kind == Signal::reply) message->kind = Signal::request_down;
  message->body = std::move(why);
  if (encoder_->encode(connection_->gathering(), frame_of(*message))) core_.flush_soon(*this);
}

Session::Reserve Session::reserve_of(Signal kind) noexcept {
  switch (kind) {
    case Signal::message:
    case Signal::cast:
    case Signal::request:  // its caller waits for the reply
    case Signal::spawn_request:
    case Signal::alias_message:
      return {nullptr, 0};
    case Signal::reply:
    case Signal::down:  // the result of an rpc
      return {&kept_replies_, kReplyReserve};
    default:
      return {&kept_control_, kControlReserve};
  }
}

bool Session::count(Message& message, std::size_t beyond) {
  message.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(sizeof(Message) + message.body.heap_bytes(), INT32_MAX));
  const Reserve reserve = reserve_of(message.kind);
  if (reserve.taken == nullptr) return true;
  *reserve.taken += message.bytes;
  if (*reserve.taken <= reserve.limit + beyond) return true;
  Fault fault{.code = Errc::busy,
              .where = "session",
              .detail = fmt::format("{} does not read what it is sent: {} bytes wait beyond the {} of the queue", peer_name_,
                                    *reserve.taken - beyond, kQueueMax)};
  log::error("** Connection with node {} is closed: {} **", peer_name_, fault.text());
  connection_->abort(links::Cause::closed_here, std::move(fault));
  return false;
}

void Session::keep(MessagePtr message) {
  if (!connection_->is_established()) return;  // it ends: whoever waits is told then
  if (count(*message, 0)) kept_.push_back(std::move(message));
}

void Session::send_kept() {
  while (!kept_.empty() && has_room()) {
    MessagePtr message = std::move(kept_.front());
    kept_.pop_front();
    if (bulk_ && is_bulk(*message)) {
      bulk_->add(std::move(message));  // counted already
      core_.flush_soon(*this);
      continue;
    }
    left(message->kind, message->bytes);
    encode(std::move(message));
  }
}

void Session::flush() { connection_->flush(); }

void Session::sent() {
  send_kept();
  if (!held_up_ && !bulk_held_up_) return;
  // Half of the limit, so that senders do not take turns at its edge. All are told at once, or those of large messages, told whenever
  // the others are, would pile up theirs.
  if (held_up_ && (!kept_.empty() || connection_->queued_bytes() > kQueueMax / 2)) return;
  if (bulk_held_up_ && bulk_->bytes() > kQueueMax / 2) return;
  held_up_ = bulk_held_up_ = false;
  distribution_.link_has_room(*this);
}

void Session::record(ByteView body) {
  const auto broken = [this](const Fault& fault) {
    log::error("** Connection with node {} is closed: {} **", peer_name_, fault.text());
    connection_->abort(links::Cause::malformed, fault);
  };
  auto reader = wire::RecordReader::open(body);
  if (!reader) return broken(reader.error());
  const std::uint64_t due = received_.load(std::memory_order_relaxed) + 1;
  if (reader->stamp().seq != due) {
    return broken(
        {.code = Errc::bad_message, .where = "record", .detail = fmt::format("number {} where {} was due", reader->stamp().seq, due)});
  }
  received_.store(due, std::memory_order_relaxed);
  for (;;) {
    auto more = reader->next(*decoder_, incoming_);
    if (!more) return broken(more.error());
    if (!*more) return;
    deliver(incoming_);
  }
}

void Session::deliver(wire::Frame& frame) {
  using wire::FrameKind;
  ++frames_received_;
  Signal kind = Signal::message;
  switch (frame.kind) {
    case FrameKind::send:
    case FrameKind::send_name:
      if (frame.body.is_tuple(2) && frame.body.elements()[0].is_atom(atoms::gen_cast)) {
        kind = Signal::cast;
        frame.body = Term(frame.body.elements()[1]);
      }
      break;
    case FrameKind::request:
      kind = Signal::request;
      break;
    case FrameKind::reply:
      kind = Signal::reply;
      break;
    case FrameKind::cancel:
      kind = Signal::cancel;
      break;
    case FrameKind::link:
      kind = Signal::link;
      break;
    case FrameKind::unlink:
      kind = Signal::unlink;
      break;
    case FrameKind::unlink_ack:
      kind = Signal::unlink_ack;
      break;
    case FrameKind::exit:
      kind = Signal::exit_link;
      break;
    case FrameKind::exit2:
      kind = Signal::exit;
      break;
    case FrameKind::monitor:
      kind = Signal::monitor;
      break;
    case FrameKind::demonitor:
      kind = Signal::demonitor;
      break;
    case FrameKind::down:
      kind = Signal::down;
      break;
    case FrameKind::spawn_request:
      kind = Signal::spawn_request;
      break;
    case FrameKind::spawn_reply:
      kind = Signal::spawn_reply;
      break;
    case FrameKind::alias:
      if (frame.ref.first >= core_.runtime().core_count()) return;  // no alias of ours
      kind = Signal::alias_message;
      frame.to = address_of_alias(frame.ref);
      break;
  }
  MessagePtr message = core_.make(kind);
  message->from = frame.from;
  message->to = frame.to;
  message->ref = frame.ref;
  // The peer's number, whole: the acknowledgement brings it back.
  if (frame.unlink_id != 0)
    message->ref = Ref{peer_, 0, static_cast<std::uint32_t>(frame.unlink_id >> 32), static_cast<std::uint32_t>(frame.unlink_id)};
  if (frame.to_name != Atom{}) {
    message->by_name = true;
    message->name = frame.to_name;
    message->to = {};
  }
  message->body = std::move(frame.body);
  if (kind == Signal::spawn_request) return core_.take_spawn_request(std::move(message));
  // A peer cannot make us forward: what is for a third node, or for nobody, ends here.
  if (message->to.node == kOwnNode) core_.send(std::move(message));
}

void Session::ended(const links::Ending& ending) {
  heartbeat_.reset();
  distribution_.stalled_links().remove(*connection_);
  distribution_.session_ended(*this, ending);
}

}  // namespace pulpo::dist
