// SPDX-License-Identifier: Apache-2.0
//
// What happens when a mailbox is full, and messages that come by an alias.
#include <algorithm>

#include "proc/core.hpp"
#include "pulpo/log.hpp"

namespace pulpo {

// --- Limits -------------------------------------------------------------------------------------------------------

MailboxLimit Core::mailbox_limit(const Process& process) const noexcept {
  if (process.limited) return *process.relations->rare->mailbox;
  const RuntimeOptions& options = runtime_.options();
  return {.messages_max = options.mailbox_messages_max, .bytes_max = options.mailbox_bytes_max};
}

void Core::set_mailbox_limit(Process& process, const MailboxLimit& limit) {
  process.related().rarely().mailbox = limit;
  process.limited = true;
  if (process.holds_up) release_senders(process);
}

namespace {

/// The oldest message that counts, as take_mail() wants it; null when none does.
Message** oldest_counted(Process& process) noexcept {
  Message** link = &process.mail_head;
  while (*link != nullptr && !(*link)->counted) link = &(*link)->next;
  return *link == nullptr ? nullptr : link;
}

bool has_room(const Process& process, std::size_t bytes, const MailboxLimit& limit) noexcept {
  return process.mail_count < limit.messages_max && process.mail_bytes + bytes <= limit.bytes_max;
}

}  // namespace

/// Gives `message` back when it is to be queued all the same.
MessagePtr Core::mailbox_full(Process& process, MessagePtr message, const MailboxLimit& limit) {
  switch (limit.when_full) {
    case WhenFull::suspend: {
      // What others sent before they heard of it fits between the limit and twice of it, or 4,096 messages beyond: an inbox holds 1,024,
      // and another core sends 2,000 at most (kReductions) before it hears.
      if (process.mail_count >= std::max<std::size_t>(limit.messages_max * 2, limit.messages_max + 4096) ||
          process.mail_bytes > std::max<std::size_t>(limit.bytes_max * 2, limit.bytes_max + 4096 * sizeof(Message)))
        break;
      const Pid& sender = message->from;
      // A caller waits anyway; and who fills its own mailbox would wait for itself.
      if (message->kind == Signal::request || !sender || !sender.is_local() || sender == pid_of(process)) return message;
      if (process.related().rarely().held_senders.try_emplace(sender, true).second) {
        process.holds_up = true;
        MessagePtr hold = make(Signal::hold);
        hold->from = pid_of(process);
        hold->to = sender;
        send(std::move(hold));
      }
      return message;
    }
    case WhenFull::refuse:
    case WhenFull::drop_newest:
      drop(process, std::move(message));
      return {};
    case WhenFull::drop_oldest:
      while (!has_room(process, message->bytes, limit)) {
        Message** const oldest = oldest_counted(process);
        if (oldest == nullptr) break;
        drop(process, MessagePtr(take_mail(process, oldest)));
      }
      return message;
    case WhenFull::stop:
      break;
  }
  if (!process.exit_pending) {
    log::error("Process {} reached the limit of its mailbox ({} messages, {} bytes) and is stopped; give it less to do or a larger limit",
               Term(pid_of(process)).text(), process.mail_count, process.mail_bytes);
    end_process(process, Term::tuple({"mailbox_limit"_atom, static_cast<std::int64_t>(process.mail_count),
                                      static_cast<std::int64_t>(process.mail_bytes)}));
  }
  if (message->kind == Signal::request) undeliverable(std::move(message), atoms::killed);
  return {};
}

void Core::drop(Process& process, MessagePtr message) {
  RareRelations& rare = process.related().rarely();
  if (rare.dropped++ == 0) {
    const MailboxLimit limit = mailbox_limit(process);
    log::warning("Process {} has reached the limit of its mailbox ({} messages, {} bytes) and drops what is beyond; Process.info counts it",
                 Term(pid_of(process)).text(), limit.messages_max, limit.bytes_max);
  }
  if (message->kind == Signal::request) undeliverable(std::move(message), "mailbox_full"_atom);
}

/// Once half of the mailbox is empty, so that senders do not take turns at its edge.
void Core::release_senders(Process& process) {
  const MailboxLimit limit = mailbox_limit(process);
  if (process.mail_count > limit.messages_max / 2 || process.mail_bytes > limit.bytes_max / 2) return;
  process.holds_up = false;
  FlatMap<Pid, bool> senders;
  process.relations->rare->held_senders.swap(senders);
  senders.for_each([&](const Pid& sender, bool) {
    MessagePtr signal = make(Signal::release);
    signal->from = pid_of(process);
    signal->to = sender;
    send(std::move(signal));
  });
}

// --- Aliases ------------------------------------------------------------------------------------------------------

void Core::add_alias(Process& process, const Ref& ref, AliasMode mode) {
  process.related().rarely().aliases.try_emplace(ref, mode);
  aliases_.emplace(ref.number(), process.slot);
}

bool Core::remove_alias(Process& process, const Ref& ref) {
  if (!process.has_relations() || !process.relations->rare || !process.relations->rare->aliases.erase(ref)) return false;
  aliases_.erase(ref.number());
  return true;
}

void Core::deliver_to_alias(MessagePtr message) {
  const auto found = aliases_.find(message->ref.number());
  if (found == aliases_.end() || message->ref.node != kOwnNode || message->ref.first != index_) return;
  Process& process = processes_.at(found->second);
  const Ref ref = message->ref;
  if (*process.relations->rare->aliases.find(ref) == AliasMode::reply_demonitor) {
    remove_alias(process, ref);
    drop_monitor(process, ref);
  }
  message->kind = Signal::message;
  message->to = pid_of(process);
  message->ref = {};
  append_mail(process, std::move(message));
}

}  // namespace pulpo
