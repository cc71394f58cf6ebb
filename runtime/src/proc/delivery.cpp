// SPDX-License-Identifier: Apache-2.0
//
// What each signal does when it arrives: the rules of SIG.2 to SIG.4, on the core of the process that gets it.
#include <algorithm>

#include "proc/core.hpp"
#include "proc/io_wait.hpp"
#include "pulpo/log.hpp"

namespace pulpo {

bool Core::send(MessagePtr message) {
  if (message->to.node != kOwnNode) {
    if (Router* const router = runtime_.router()) return router->route(*this, std::move(message));
    const Atom node = message->by_name ? last_node_ : atoms::undefined;
    unreachable(std::move(message), node);
    return true;
  }
  if (message->by_name) {
    const auto holder = registry_.find(message->name);
    if (!holder) {
      undeliverable(std::move(message), atoms::noproc);
      return true;
    }
    message->to = *holder;
  }
  const unsigned core = message->to.core();
  if (core == index_) {
    deliver(std::move(message));
  } else if (core < count_) {
    message->body.share();
    push_outbox(core, message.release());
  } else {
    undeliverable(std::move(message), atoms::noproc);
  }
  return true;
}

void Core::deliver(MessagePtr message) {
  Process* const process = find(message->to);
  if (process == nullptr) {
    if (message->kind == Signal::alias_message) return deliver_to_alias(std::move(message));
    undeliverable(std::move(message), atoms::noproc);
  } else {
    deliver_to(*process, std::move(message));
  }
}

void Core::deliver_to(Process& process, MessagePtr message) {
  switch (message->kind) {
    case Signal::message:
    case Signal::cast:
    case Signal::typed:
    case Signal::typed_cast:
    case Signal::request:
    case Signal::exit_message:
    case Signal::down_message:
      append_mail(process, std::move(message));
      break;
    case Signal::reply:
    case Signal::request_down:
      // One that comes too late is never seen (GS-7).
      if (awaits(process, message->ref)) answer_wait(process, std::move(message));
      break;
    case Signal::cancel:
      if (process.has_relations()) process.relations->owed.erase(message->ref);
      if (process.handling != nullptr && process.handling->ref == message->ref) process.settled = true;
      break;
    case Signal::exit_link:
      deliver_link_exit(process, *message);
      break;
    case Signal::exit:
      deliver_exit(process, *message);
      break;
    case Signal::link: {
      // While an unlink of ours is on its way, a link that crosses it is one that it will take back over there.
      Relations::Link& link = *process.related().links.try_emplace(message->from, {.active = false}).first;
      if (link.unlinks_pending == 0) link.active = true;
      relate(process, message->from.node);
      break;
    }
    case Signal::unlink:
      if (process.has_relations()) {
        // A link we are taking back ourselves waits for its own acknowledgement.
        Relations::Link* const link = process.relations->links.find(message->from);
        if (link != nullptr) {
          link->active = false;
          if (link->unlinks_pending == 0) process.relations->links.erase(message->from);
        }
      }
      acknowledge_unlink(*message);
      break;
    case Signal::unlink_ack:
      if (process.has_relations()) {
        Relations::Link* const link = process.relations->links.find(message->from);
        if (link != nullptr && link->unlinks_pending > 0 && --link->unlinks_pending == 0 && !link->active) {
          process.relations->links.erase(message->from);
        }
      }
      break;
    case Signal::monitor:
      process.related().watchers.try_emplace(message->ref, message->from);
      relate(process, message->from.node);
      break;
    case Signal::demonitor:
      if (process.has_relations()) process.relations->watchers.erase(message->ref);
      break;
    case Signal::down:
      deliver_down(process, std::move(message));
      break;
    case Signal::hold:
      process.held = true;
      ++process.related().rarely().held_by;
      break;
    case Signal::release:
      if (--process.related().rarely().held_by > 0) break;
      process.held = false;
      if (process.waits_for == WaitKind::mailbox) wake(process);
      break;
    case Signal::spawn_reply:
      deliver_spawn_reply(process, std::move(message));
      break;
    case Signal::alias_message:
    case Signal::spawn_request:
    case Signal::spawn:
    case Signal::task:
    case Signal::recycle:
      PULPO_ASSERT(!"a signal for a core reached a process");
  }
}

void Core::unreachable(MessagePtr message, Atom node) {
  const bool is_request = message->kind == Signal::request;
  undeliverable(std::move(message), is_request ? Term::tuple({atoms::nodedown, node}) : Term(atoms::noconnection));
}

// What OTP answers for somebody who is not there: a request and a monitor learn why, a link breaks, the rest vanishes (SIG-3).
void Core::undeliverable(MessagePtr message, const Term& why) {
  MessagePtr answer;
  switch (message->kind) {
    case Signal::request:
      answer = make(Signal::request_down);
      answer->body = why;
      break;
    case Signal::monitor:
      answer = make(Signal::down);
      answer->body = why;
      break;
    case Signal::link:
      answer = make(Signal::exit_link);
      answer->body = why;
      break;
    case Signal::unlink:
      acknowledge_unlink(*message);
      return;
    case Signal::spawn_request:
      refuse_spawn(*message, why);
      return;
    case Signal::spawn_reply:
      break_link_of_spawned(*message, why);
      return;
    default:
      return;
  }
  answer->to = message->from;
  answer->from = message->to;
  answer->ref = message->ref;
  send(std::move(answer));
}

void Core::append_mail(Process& process, MessagePtr message) {
  message->counted = message->kind == Signal::message || message->kind == Signal::cast || message->kind == Signal::request;
  // A term of a few blocks that refer to each other many times over weighs more than 32 bits hold.
  constexpr std::size_t kBytesMax = UINT32_MAX - sizeof(Message);
  message->bytes =
      static_cast<std::uint32_t>(sizeof(Message) + (message->body.is_inline() ? 0 : std::min(message->body.heap_bytes(), kBytesMax)));
  if (message->counted) {
    const MailboxLimit limit = mailbox_limit(process);
    // The limit is about messages that gather: a single large one counts for half of it, so that it fits, and small ones beside it.
    message->bytes = static_cast<std::uint32_t>(std::min<std::size_t>(message->bytes, limit.bytes_max / 2));
    if (process.mail_count >= limit.messages_max || process.mail_bytes + message->bytes > limit.bytes_max) {
      message = mailbox_full(process, std::move(message), limit);
      if (!message) return;
    }
    ++process.mail_count;
    process.mail_bytes += message->bytes;
  }
  queue_mail(process, message.release());
}

void Core::owe(Process& process, const Message& request) { process.related().owed.try_emplace(request.ref, request.from); }

void Core::answer_wait(Process& process, MessagePtr answer) {
  if (process.waits_for == WaitKind::spawn && answer->kind == Signal::reply) {
    const Ref monitor = static_cast<ReplyWait&>(*process.wait).monitor_on_answer;
    if (monitor && answer->body.is_pid()) process.related().monitors.try_emplace(monitor, answer->body.pid());
  }
  process.answered = true;
  process.answer = answer.release();
  wake(process);
}

// exit/2 (SIG-7).
void Core::deliver_exit(Process& process, const Message& message) {
  if (message.body.is_atom(atoms::kill)) {
    end_process(process, atoms::killed);
    return;
  }
  if (process.trap_exit) {
    MessagePtr mail = make(Signal::exit_message);
    mail->from = message.from;
    mail->body = message.body;
    append_mail(process, std::move(mail));
  } else if (!message.body.is_atom(atoms::normal) || message.from == pid_of(process)) {
    end_process(process, message.body);
  }
}

// A broken link (SIG-7): `kill` is no more than a reason here.
void Core::deliver_link_exit(Process& process, const Message& message) {
  if (!process.has_relations()) return;
  const Relations::Link* const link = process.relations->links.find(message.from);
  if (link == nullptr || !link->active || link->unlinks_pending > 0) return;
  process.relations->links.erase(message.from);
  if (process.trap_exit) {
    MessagePtr mail = make(Signal::exit_message);
    mail->from = message.from;
    mail->body = message.body;
    append_mail(process, std::move(mail));
  } else if (!message.body.is_atom(atoms::normal)) {
    end_process(process, message.body);
  }
}

void Core::deliver_down(Process& process, MessagePtr message) {
  // A request is its own monitor: over a link, the end of its server comes as a DOWN of the same reference.
  if (awaits(process, message->ref)) return answer_wait(process, std::move(message));
  if (!process.has_relations()) return;
  const Address* const found = process.relations->monitors.find(message->ref);
  if (found == nullptr) return;
  // What was monitored by name is named with its node, also with our own (SIG-12).
  const Address target = *found;
  process.relations->monitors.erase(message->ref);
  if (process.relations->rare) {
    const AliasMode* const mode = process.relations->rare->aliases.find(message->ref);
    if (mode != nullptr && *mode != AliasMode::explicit_unalias) remove_alias(process, message->ref);
  }
  MessagePtr mail = make(Signal::down_message);
  mail->ref = message->ref;
  const Term object = target.is_name() ? Term::tuple({target.name(), target.node().value_or(runtime_.node_name())}) : Term(target.pid());
  mail->body = Term::tuple({object, message->body});
  append_mail(process, std::move(mail));
}

void Core::acknowledge_unlink(const Message& unlink) {
  MessagePtr answer = make(Signal::unlink_ack);
  answer->to = unlink.from;
  answer->from = unlink.to;
  answer->ref = unlink.ref;
  send(std::move(answer));
}

void Core::end_process(Process& process, const Term& reason) {
  // Also while its body is being destroyed: a wait in there ends, and stop() with it. What it ends with is settled by then.
  if (process.exit_pending) return;
  process.related().rarely().pending_reason = reason;
  process.exit_pending = true;
  if (process.waits_for == WaitKind::io) return static_cast<IoWait&>(*process.wait).interrupt();
  wake(process);
}

// The end of a process, told in OTP's order: the name is free before anybody hears of it (SIG-21); then links, then monitors (SIG-20).
void Core::announce_end(Process& process, const Term& reason) {
  const Pid pid = pid_of(process);
  const auto tell = [&](Signal kind, const Pid& to, const Ref& ref) {
    MessagePtr signal = make(kind);
    signal->from = pid;
    signal->to = to;
    signal->ref = ref;
    signal->body = reason;
    send(std::move(signal));
  };
  if (process.has_relations()) {
    // Taken off first: what is sent below may come back to this process's own core at once.
    const std::unique_ptr<Relations> relations = std::move(process.relations);
    if (relations->rare) {
      while (EndsWithProcess* const dependent = relations->rare->dependents.pop_front()) dependent->process_ended();
      relations->rare->aliases.for_each([&](const Ref& ref, AliasMode) { aliases_.erase(ref.number()); });
      relations->rare->held_senders.for_each([&](const Pid& sender, bool) { tell(Signal::release, sender, {}); });
    }
    if (relations->name) registry_.remove(*relations->name, pid);
    relations->links.for_each([&](const Pid& peer, const Relations::Link& link) {
      if (link.active) tell(Signal::exit_link, peer, {});
    });
    relations->watchers.for_each([&](const Ref& ref, const Pid& watcher) { tell(Signal::down, watcher, ref); });
    relations->monitors.for_each([&](const Ref& ref, const Address& watched) {
      MessagePtr signal = make(Signal::demonitor);
      address(*signal, watched);
      signal->from = pid;
      signal->ref = ref;
      send(std::move(signal));
    });
    relations->owed.for_each([&](const Ref& ref, const Pid& caller) { tell(Signal::request_down, caller, ref); });
  }
  if (const MessagePtr handled(std::exchange(process.handling, nullptr)); handled && !process.settled) {
    tell(Signal::request_down, handled->from, handled->ref);
  }
  while (Message* raw = take_mail(process, &process.mail_head)) {
    const MessagePtr message(raw);
    if (message->kind == Signal::request) tell(Signal::request_down, message->from, message->ref);
  }
}

// --- Other nodes -----------------------------------------------------------------------------------------

NodeIndex Core::index_of_node(Atom node) {
  if (node == runtime_.node_name()) return kOwnNode;
  if (node != last_node_) {
    Router* const router = runtime_.router();
    // Without a router there are no other nodes; any number but our own makes the signal undeliverable.
    last_node_index_ = router != nullptr ? router->index_of(node) : ~NodeIndex{0};
    last_node_ = node;
  }
  return last_node_index_;
}

void Core::address(Message& message, const Address& address) {
  if (!address.is_name()) {
    message.to = address.pid();
    return;
  }
  message.by_name = true;
  message.name = address.name();
  message.to = Pid{address.node() ? index_of_node(*address.node()) : kOwnNode, 0, 0};
}

Core::Peer& Core::peer(NodeIndex node) {
  const std::size_t at = node & kNodeSlotMask;
  if (at >= peers_.size()) peers_.resize(at + 1);
  if (!peers_[at]) peers_[at] = std::make_unique<Peer>();
  return *peers_[at];
}

namespace {

// The number of a node that there is no way to: signals for it are answered at once, and nothing has to be remembered.
bool is_nowhere(NodeIndex node) noexcept { return (node & kNodeSlotMask) == kNodeSlotMask; }

}  // namespace

void Core::relate(Process& process, NodeIndex node) {
  if (node != kOwnNode && !is_nowhere(node)) peer(node).related.insert(process.slot);
}

void Core::node_down(NodeIndex life, NodeIndex by_name, Atom name) {
  // Every living process is looked at, some ns each: a list of those that wait would cost every call two misses of the cache.
  processes_.for_each_living([&](Process& process) {
    if (!process.awaits_answer() || process.wait == nullptr) return;
    const auto& wait = static_cast<ReplyWait&>(*process.wait);
    if (wait.node == kOwnNode || (wait.node != life && wait.node != by_name)) return;
#if PULPO_FAULT == 1  // Planted: calls in flight are forgotten when their connection ends. tests/simulation must find it.
    static_cast<void>(name);
    return;
#endif
    MessagePtr down = make(Signal::request_down);
    down->body = Term::tuple({atoms::nodedown, name});
    answer_wait(process, std::move(down));
  });
  std::unordered_set<std::uint32_t> related;
  for (const NodeIndex node : {life, by_name}) {
    link_has_room(node);
    const std::size_t at = node & kNodeSlotMask;
    if (at >= peers_.size() || !peers_[at]) continue;
    related.merge(peers_[at]->related);
    peers_[at]->related.clear();
  }
  processes_.for_each_of(related, [&](Process& process) { fire_noconnection(process, life, by_name); });
}

// Exit signals come before DOWN messages (SIG-15).
void Core::fire_noconnection(Process& process, NodeIndex life, NodeIndex by_name) {
  if (!process.has_relations()) return;
  Relations& relations = *process.relations;
  std::vector<Pid> linked;
  relations.links.for_each([&](const Pid& peer, const Relations::Link&) {
    if (peer.node == life) linked.push_back(peer);
  });
  for (const Pid& peer : linked) {
    MessagePtr signal = make(Signal::exit_link);
    signal->from = peer;
    signal->to = pid_of(process);
    signal->body = atoms::noconnection;
    deliver_link_exit(process, *signal);
    relations.links.erase(peer);
  }
  if (relations.rare) fail_pending_spawns(process, life, by_name);
  std::vector<Ref> watched;
  relations.monitors.for_each([&](const Ref& ref, const Address& target) {
    const bool there = target.is_name() ? target.node() && index_of_node(*target.node()) == by_name : target.pid().node == life;
    if (there) watched.push_back(ref);
  });
  for (const Ref& ref : watched) {
    MessagePtr signal = make(Signal::down);
    signal->ref = ref;
    signal->body = atoms::noconnection;
    deliver_down(process, std::move(signal));
  }
  const auto is_there = [&](const Ref&, const Pid& pid) { return pid.node == life; };
  relations.watchers.erase_if(is_there);
  relations.owed.erase_if(is_there);
}

}  // namespace pulpo
