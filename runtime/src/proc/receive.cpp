// SPDX-License-Identifier: Apache-2.0
//
// Selective receive: one scan of the mailbox, whoever looks.
#include "pulpo/receive.hpp"

#include "proc/core.hpp"
#include "proc/message.hpp"

namespace pulpo {
namespace {

/// Takes the first message that `wanted` accepts out of the mailbox; null at the deadline. Those passed over keep their place and are
/// not looked at twice.
template <class Wanted>
MessagePtr take_first(Timeout timeout, Wanted&& wanted) {
  Core& core = Core::here();
  PULPO_ASSERT(core.process() != nullptr && "receive belongs inside a process");
  Process& process = *core.process();
  core.check_exit();
  Wait wait(WaitKind::message, process, core);
  wait.deadline = timeout.after(core.loop().now());
  Message** link = &process.mail_head;
  for (;;) {
    process.wait = &wait;  // what a guard that suspends or receives leaves changed
    for (; *link != nullptr; link = &(*link)->next) {
      if ((*link)->is_typed()) (*link)->make_term();
      const bool accepted = wanted(**link);
      if (process.wait != &wait) throw Exiting{Term::tuple({atoms::badarg, "a guard of receive() must neither suspend nor receive"})};
      if (!accepted) continue;
      MessagePtr message(core.take_mail(process, link));
      if (message->kind == Signal::request) core.owe(process, *message);
      core.spend(1);
      return message;
    }
    if (wait.timed_out || timeout.duration() <= Duration::zero()) {
      core.spend(1);  // whoever polls must make way too
      return {};
    }
    if (!core.suspend(wait)) return {};
  }
}

}  // namespace

std::optional<Term> receive_if(const std::function<bool(const Term&)>& wanted, Timeout timeout) {
  Term term;
  const MessagePtr message = take_first(timeout, [&](const Message& waiting) {
    term = term_of(waiting);
    return wanted(term);
  });
  return message ? std::optional(std::move(term)) : std::nullopt;
}

std::optional<Term> receive_any(Timeout timeout) {
  const MessagePtr message = take_first(timeout, [](const Message&) { return true; });
  return message ? std::optional(term_of(*message)) : std::nullopt;
}

namespace detail {

bool receive_first(bool (*looks)(void* clauses, Arrived& message), void* clauses, Timeout timeout) {
  Arrived arrived;
  return static_cast<bool>(take_first(timeout, [&](const Message& waiting) {
    arrived.look_at(waiting);
    return looks(clauses, arrived);
  }));
}

void Arrived::look_at(const Message& message) noexcept {
  message_ = &message;
  split_ = built_ = false;
  switch (message.kind) {
    case Signal::cast:
      tag_ = atoms::gen_cast;
      return;
    case Signal::request:
      tag_ = atoms::gen_call;
      return;
    case Signal::exit_message:
      tag_ = atoms::EXIT;
      return;
    case Signal::down_message:
      tag_ = atoms::DOWN;
      return;
    default:
      tag_ = tag_of(message.body);
  }
}

std::span<const Term> Arrived::elements() {
  std::size_t size = 0;
  switch (message_->kind) {
    case Signal::exit_message:
      size = 3;
      if (!split_) {
        parts_[1] = message_->from;
        parts_[2] = message_->body;
      }
      break;
    case Signal::down_message:
      size = 5;
      if (!split_) {
        const auto object_and_reason = message_->body.elements();
        parts_[1] = message_->ref;
        parts_[2] = atoms::process;
        parts_[3] = object_and_reason[0];
        parts_[4] = object_and_reason[1];
      }
      break;
    default: {
      const Term& whole = term();
      return whole.is_tuple() ? whole.elements() : std::span<const Term>();
    }
  }
  parts_[0] = tag_;
  split_ = true;
  return std::span(parts_).first(size);
}

const Term& Arrived::term() {
  if (message_->kind == Signal::message) return message_->body;
  if (!built_) whole_ = term_of(*message_);
  built_ = true;
  return whole_;
}

}  // namespace detail
}  // namespace pulpo
