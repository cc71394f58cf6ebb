// SPDX-License-Identifier: Apache-2.0
//
// What each signal does when it arrives: the rules of SIG.2 to SIG.4, on the core of the process that gets it.
#include <algorithm>

#include "proc/core.hpp"
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
    undeliverable(std::move(message), atoms::noproc);
  } else {
    deliver_to(*process, std::move(message));
  }
}

void Core::deliver_to(Process& process, MessagePtr message) {
  switch (message->kind) {
    case Signal::message:
    case Signal::cast:
    case Signal::request:
    case Signal::exit_message:
    case Signal::down_message:
      append_mail(process, std::move(message));
      break;
    case Signal::reply:
    case Signal::request_down:
      deliver_answer(process, *message);
      break;
    case Signal::cancel:
      if (process.has_relations()) process.relations->owed.erase(message->ref);
      if (process.asking_ref == message->ref) process.asking = {};
      break;
    case Signal::exit_link:
      deliver_link_exit(process, *message);
      break;
    case Signal::exit:
      deliver_exit(process, *message);
      break;
    case Signal::link: {
      // While an unlink of ours is on its way, a link that crosses it is one that it will take back over there.
      Relations::Link& link = process.related().links[message->from];
      if (link.unlinks_pending == 0) link.active = true;
      relate(process, message->from.node);
      break;
    }
    case Signal::unlink:
      if (process.has_relations()) {
        // A link we are taking back ourselves waits for its own acknowledgement.
        const auto found = process.relations->links.find(message->from);
        if (found != process.relations->links.end()) {
          found->second.active = false;
          if (found->second.unlinks_pending == 0) process.relations->links.erase(found);
        }
      }
      acknowledge_unlink(*message);
      break;
    case Signal::unlink_ack:
      if (process.has_relations()) {
        const auto found = process.relations->links.find(message->from);
        if (found != process.relations->links.end() && found->second.unlinks_pending > 0 && --found->second.unlinks_pending == 0 &&
            !found->second.active) {
          process.relations->links.erase(found);
        }
      }
      break;
    case Signal::monitor:
      process.related().watchers.emplace(message->ref, message->from);
      relate(process, message->from.node);
      break;
    case Signal::demonitor:
      if (process.has_relations()) process.relations->watchers.erase(message->ref);
      break;
    case Signal::down:
      deliver_down(process, *message);
      break;
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
    const RuntimeOptions& options = runtime_.options();
    // The limit is about messages that gather: a single large one counts for half of it, so that it fits, and small ones beside it.
    message->bytes = static_cast<std::uint32_t>(std::min<std::size_t>(message->bytes, options.mailbox_bytes_max / 2));
    if (process.mail_count >= options.mailbox_messages_max || process.mail_bytes + message->bytes > options.mailbox_bytes_max) {
      if (!process.exit_pending) {
        log::error(
            "Process {} reached the limit of its mailbox ({} messages, {} bytes) and is stopped; give it less to do or a larger limit",
            Term(pid_of(process)).text(), process.mail_count, process.mail_bytes);
        end_process(process, Term::tuple({"mailbox_limit"_atom, static_cast<std::int64_t>(process.mail_count),
                                          static_cast<std::int64_t>(process.mail_bytes)}));
      }
      if (message->kind == Signal::request) undeliverable(std::move(message), atoms::killed);
      return;
    }
    ++process.mail_count;
    process.mail_bytes += message->bytes;
  }
  Message* const raw = message.release();
  raw->next = nullptr;
  *process.mail_end = raw;
  process.mail_end = &raw->next;
  if (process.state == Process::State::idle || (process.wait != nullptr && process.wait->kind == Wait::Kind::message)) wake(process);
}

Message* Core::take_mail(Process& process, Message** link) noexcept {
  Message* const message = *link;
  if (message == nullptr) return nullptr;
  *link = message->next;
  if (process.mail_end == &message->next) process.mail_end = link;
  message->next = nullptr;
  if (message->counted) {
    --process.mail_count;
    process.mail_bytes -= message->bytes;
  }
  return message;
}

void Core::owe(Process& process, const Message& request) { process.related().owed.emplace(request.ref, request.from); }

void Core::deliver_answer(Process& process, const Message& message) {
  if (process.wait == nullptr || process.wait->kind != Wait::Kind::reply) return;  // too late: it is never seen (GS-7)
  if (static_cast<ReplyWait&>(*process.wait).ref == message.ref) answer_wait(process, message.body, message.kind == Signal::request_down);
}

void Core::answer_wait(Process& process, const Term& value, bool down) {
  auto& wait = static_cast<ReplyWait&>(*process.wait);
  if (wait.answered) return;
  wait.answered = true;
  wait.down = down;
  wait.value = value;
  if (wait.monitor_on_answer && value.is_pid() && !down) process.related().monitors.emplace(wait.monitor_on_answer, value.pid());
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
  const auto found = process.relations->links.find(message.from);
  if (found == process.relations->links.end() || !found->second.active || found->second.unlinks_pending > 0) return;
  process.relations->links.erase(found);
  if (process.trap_exit) {
    MessagePtr mail = make(Signal::exit_message);
    mail->from = message.from;
    mail->body = message.body;
    append_mail(process, std::move(mail));
  } else if (!message.body.is_atom(atoms::normal)) {
    end_process(process, message.body);
  }
}

void Core::deliver_down(Process& process, const Message& message) {
  // A request is its own monitor: over a link, the end of its server comes as a DOWN of the same reference.
  if (process.wait != nullptr && process.wait->kind == Wait::Kind::reply && static_cast<ReplyWait&>(*process.wait).ref == message.ref) {
    answer_wait(process, message.body, true);
    return;
  }
  if (!process.has_relations()) return;
  const auto found = process.relations->monitors.find(message.ref);
  if (found == process.relations->monitors.end()) return;
  // What was monitored by name is named with its node, also with our own (SIG-12).
  const Address target = found->second;
  process.relations->monitors.erase(found);
  MessagePtr mail = make(Signal::down_message);
  mail->ref = message.ref;
  const Term object = target.is_name() ? Term::tuple({target.name(), target.node().value_or(runtime_.node_name())}) : Term(target.pid());
  mail->body = Term::tuple({object, message.body});
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
  if (process.exit_pending || process.ending) return;
  process.related().pending_reason = reason;
  process.exit_pending = true;
  wake(process);
}

// The end of a process, told in OTP's order: the name is free before anybody hears of it (SIG-21); then links, then monitors (SIG-20).
void Core::announce_end(Process& process, const Term& reason) {
  const Pid pid = pid_of(process);
  if (process.has_relations()) {
    // Taken off first: what is sent below may come back to this process's own core at once.
    const std::unique_ptr<Relations> relations = std::move(process.relations);
    if (relations->name) registry_.remove(*relations->name, pid);
    for (const auto& [peer, link] : relations->links) {
      if (!link.active) continue;
      MessagePtr signal = make(Signal::exit_link);
      signal->from = pid;
      signal->to = peer;
      signal->body = reason;
      send(std::move(signal));
    }
    for (const auto& [ref, watcher] : relations->watchers) {
      MessagePtr signal = make(Signal::down);
      signal->from = pid;
      signal->to = watcher;
      signal->ref = ref;
      signal->body = reason;
      send(std::move(signal));
    }
    for (const auto& [ref, watched] : relations->monitors) {
      MessagePtr signal = make(Signal::demonitor);
      address(*signal, watched);
      signal->from = pid;
      signal->ref = ref;
      send(std::move(signal));
    }
    for (const auto& [ref, caller] : relations->owed) {
      MessagePtr signal = make(Signal::request_down);
      signal->to = caller;
      signal->ref = ref;
      signal->body = reason;
      send(std::move(signal));
    }
  }
  if (process.asking) {
    MessagePtr signal = make(Signal::request_down);
    signal->to = process.asking;
    signal->ref = process.asking_ref;
    signal->body = reason;
    send(std::move(signal));
  }
  while (Message* raw = take_mail(process, &process.mail_head)) {
    MessagePtr message(raw);
    if (message->kind != Signal::request) continue;
    MessagePtr signal = make(Signal::request_down);
    signal->to = message->from;
    signal->ref = message->ref;
    signal->body = reason;
    send(std::move(signal));
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

void Core::expect_from(NodeIndex node, ReplyWait& wait) {
  if (!is_nowhere(node)) peer(node).waits.push_back(wait);
}

void Core::relate(Process& process, NodeIndex node) {
  if (node != kOwnNode && !is_nowhere(node)) peer(node).related.insert(process.slot);
}

void Core::node_down(NodeIndex life, NodeIndex by_name, Atom name) {
  std::unordered_set<std::uint32_t> related;
  for (const NodeIndex node : {life, by_name}) {
    link_has_room(node);
    const std::size_t at = node & kNodeSlotMask;
    if (at >= peers_.size() || !peers_[at]) continue;
    while (ReplyWait* wait = peers_[at]->waits.pop_front()) {
      if (wait->answered) continue;
      wait->answered = wait->down = true;
      wait->value = Term::tuple({atoms::nodedown, name});
      wake(wait->process);
    }
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
  for (const auto& [peer, link] : relations.links) {
    if (peer.node == life) linked.push_back(peer);
  }
  for (const Pid& peer : linked) {
    MessagePtr signal = make(Signal::exit_link);
    signal->from = peer;
    signal->to = pid_of(process);
    signal->body = atoms::noconnection;
    deliver_link_exit(process, *signal);
    relations.links.erase(peer);
  }
  std::vector<Ref> watched;
  for (const auto& [ref, target] : relations.monitors) {
    const bool there = target.is_name() ? target.node() && index_of_node(*target.node()) == by_name : target.pid().node == life;
    if (there) watched.push_back(ref);
  }
  for (const Ref& ref : watched) {
    MessagePtr signal = make(Signal::down);
    signal->ref = ref;
    signal->body = atoms::noconnection;
    deliver_down(process, *signal);
  }
  std::erase_if(relations.watchers, [&](const auto& entry) { return entry.second.node == life; });
  std::erase_if(relations.owed, [&](const auto& entry) { return entry.second.node == life; });
}

}  // namespace pulpo
