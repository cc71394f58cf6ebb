// SPDX-License-Identifier: Apache-2.0
//
// The hot part of Core: what a message passes on its way from send() to its handler on the same core. Calls between these few
// lines were half of a message's cost, so they lie where the compiler sees them together. Included by proc/core.hpp only.
//
//   Threads    The core's.
//   Cost       A message between two servers of one core: see bench_process, RoundTrip.
#pragma once

#include "proc/core.hpp"  // IWYU pragma: keep

namespace pulpo {

namespace detail {
/// The core of this thread: the only thread_local.
extern constinit thread_local Core* this_core;
}  // namespace detail

inline Core* Core::current() noexcept { return detail::this_core; }

inline Core& Core::here() noexcept {
  Core* const core = detail::this_core;
  PULPO_ASSERT(core != nullptr && "this call belongs inside a process; other threads use Runtime");
  return *core;
}

inline void Core::run_queue_push(Process& process) noexcept {
  process.state = Process::State::runnable;
  watch_.queued();
  runnable_.push(process);
}

inline void Core::wake(Process& process) noexcept {
  if (process.state == Process::State::waiting || process.state == Process::State::idle) run_queue_push(process);
}

/// Puts it at the mailbox's end, and wakes who waits for it.
inline void Core::queue_mail(Process& process, Message* message) noexcept {
  ++mail_total_;
  message->next = nullptr;
  *process.mail_end = message;
  process.mail_end = &message->next;
  if (process.state == Process::State::idle || process.waits_for == WaitKind::message) wake(process);
}

inline Message* Core::take_mail(Process& process, Message** link) noexcept {
  Message* const message = *link;
  if (message == nullptr) return nullptr;
  *link = message->next;
  if (process.mail_end == &message->next) process.mail_end = link;
  message->next = nullptr;
  if (message->counted) {
    --process.mail_count;
    process.mail_bytes -= message->bytes;
    if (process.holds_up) [[unlikely]]
      release_senders(process);
  }
  return message;
}

inline void Core::recycle(Message* message) noexcept {
  if (message->owner == index_) [[likely]] {
    messages_.give(message);
  } else {
    send_home(message);
  }
}

/// The process of this core that takes a user message of `bytes` at once, with an empty message at hand in `message`; or null: the long
/// way.
inline Process* Core::take_room(const Pid& to, std::size_t bytes) noexcept {
  if (to.node != kOwnNode || to.core() != index_) return nullptr;
  Process* const process = find(to);
  if (process == nullptr || process->limited || process->mail_count >= mail_messages_max_ || bytes > mail_bytes_max_ / 2 ||
      process->mail_bytes + bytes > mail_bytes_max_)
    return nullptr;
  ++process->mail_count;
  process->mail_bytes += bytes;
  return process;
}

inline bool Core::send_here(const Pid& to, Signal kind, Term& body) noexcept {
  const std::size_t bytes = sizeof(Message) + body.heap_bytes();
  Process* const process = take_room(to, bytes);
  if (process == nullptr) return false;
  Message* const message = messages_.take(kind);
  message->from = pid_of(*current_process_);
  message->body = std::move(body);
  message->counted = true;
  message->bytes = static_cast<std::uint32_t>(bytes);
  queue_mail(*process, message);
  return true;
}

inline void* Core::send_here(const Pid& to, Signal kind, const detail::TypedMessage& type) noexcept {
  if (to.node != kOwnNode || to.core() != index_) return nullptr;
  Process* const target = find(to);
  if (target == nullptr || !target->takes_typed) return nullptr;
  Process* const process = take_room(to, sizeof(Message));
  if (process == nullptr) return nullptr;
  Message* const message = messages_.take_bare(kind);
  message->from = pid_of(*current_process_);
  message->type = &type;
  message->counted = true;
  message->bytes = sizeof(Message);
  queue_mail(*process, message);
  return message->payload;
}

inline void Core::spend(unsigned reductions) {
  Process* const process = current_process_;
  if (process == nullptr) return;
  process->reductions += reductions;
  if (reductions_left_ > reductions) [[likely]] {
    reductions_left_ -= reductions;
    return;
  }
  make_way();
}

}  // namespace pulpo
