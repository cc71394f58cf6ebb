// SPDX-License-Identifier: Apache-2.0
//
// What goes from core to core: outboxes, inboxes, and the blocks that carry it.
#include <bit>
#include <memory>
#include <utility>

#include "proc/core.hpp"
#include "proc/orders.hpp"

namespace pulpo {

using detail::this_core;

void Core::drain_inbox() {
  std::uint32_t weight = 0;
  for (unsigned taken = 0; taken < kInboxSlice; ++taken) {
    Message* const message = inbox_.pop();
    if (message == nullptr) break;
    weight += Inbox::weight(*message);
    arrive(message);
  }
  if (weight == 0) return;
  for (std::uint64_t cores = inbox_.took(weight); cores != 0; cores &= cores - 1) {
    Core& core = runtime_.core(static_cast<unsigned>(std::countr_zero(cores)));
    core.post([&core, index = index_] { core.core_has_room(index); });
  }
}

void Core::arrive(Message* message) {
  switch (message->kind) {
    case Signal::typed:
    case Signal::typed_cast:
      arrive_typed(message);
      break;
    case Signal::recycle:
      messages_.give_all(message);
      break;
    case Signal::task:
      run_task(message);
      break;
    case Signal::spawn: {
      const std::unique_ptr<SpawnOrder> order(static_cast<SpawnOrder*>(message));
      take_order(*order);
      break;
    }
    case Signal::spawn_request:
      if (message->to.node == kOwnNode) {
        spawn_requested(MessagePtr(message));
        break;
      }
      [[fallthrough]];
    default:
      send(MessagePtr(message));
  }
}

void Core::push_outbox(unsigned core, Message* message) noexcept {
  Outbox& outbox = outboxes_[core];
  outbox.leaving.push_back(message);
  outbox.weight += Inbox::weight(*message);
  if (message->kind == Signal::recycle) return;
  outbox.urgent = true;
  if (outbox.weight >= kOutboxFull) outbox_is_full_ = true;
}

void Core::wait_for_core(unsigned core) {
  if (outbox_is_full_) flush_outboxes();
  Outbox& outbox = outboxes_[core];
  if (!outbox.is_held_up || current_process_ == nullptr) return;
  LinkWait wait(*current_process_, *this);
  outbox.senders.push_back(wait);
  while (wait.is_linked()) {
    if (!suspend(wait)) return;
  }
}

void Core::core_has_room(unsigned core) {
  outboxes_[core].is_held_up = false;
  while (LinkWait* const wait = outboxes_[core].senders.pop_front()) wake(wait->process);
}

void Core::flush_outboxes() noexcept {
  outbox_is_full_ = false;
  for (unsigned core = 0; core < count_; ++core) {
    Outbox& outbox = outboxes_[core];
    if (outbox.leaving.empty()) continue;
    const bool urgent = std::exchange(outbox.urgent, false);
    const unsigned count = outbox.leaving.size();
    Message* const first = outbox.leaving.take_all();
    slice_left_ -= static_cast<int>(count);
    Core& target = runtime_.core(core);
    // A sleeping core is not woken for its own empty blocks.
    if (target.inbox_.push(first, urgent, std::exchange(outbox.weight, 0))) target.loop_->wake();
    if (!outbox.is_held_up) outbox.is_held_up = target.inbox_.ask_for_room(index_);
  }
}

void Core::send_home(Message* message) noexcept {
  message->clear();
  const unsigned core = message->owner;
  outboxes_[core].empty.push_back(message);
  if (outboxes_[core].empty.size() > kEmptyMax) return_empty(core);
}

void Core::return_empty(unsigned core) noexcept {
  if (!outboxes_[core].empty.empty()) push_outbox(core, outboxes_[core].empty.take_as_recycle());
}

void Core::return_all_empty() noexcept {
  for (unsigned core = 0; core < count_; ++core) return_empty(core);
  flush_outboxes();
}

void* Core::send_across(const Pid& to, Signal kind, const detail::TypedMessage& type) noexcept {
  if (to.node != kOwnNode || to.core() >= count_ || to.core() == index_) return nullptr;
  Message* message = outboxes_[to.core()].empty.pop_front();
  if (message == nullptr) {
    message = messages_.take_bare(kind);
  } else {
    message->kind = kind;
    message->by_name = false;
  }
  message->from = pid_of(*current_process_);
  message->to = to;
  message->type = &type;
  push_outbox(to.core(), message);
  return message->payload;
}

void Core::arrive_typed(Message* message) {
  const Process* const target = find(message->to);
  if (Process* const process = target != nullptr && target->takes_typed ? take_room(message->to, sizeof(Message)) : nullptr) {
    message->counted = true;
    message->bytes = sizeof(Message);
    return queue_mail(*process, message);
  }
  message->make_term();
  deliver(MessagePtr(message));
}

void release_message(Message* message) noexcept {
  if (message->owner == kUnpooled) {
    discard_order_or_body(message);
  } else if (this_core != nullptr) {
    this_core->recycle(message);
  } else {
    message->clear();  // the runtime has ended: its pools own the block
  }
}

void Core::post(std::function<void()> function) {
  auto* const order = new TaskOrder(std::move(function));
  if (this_core != nullptr && &this_core->runtime_ == &runtime_) {
    this_core->push_outbox(index_, order);  // behind what that core has sent before
  } else if (inbox_.push(order, true)) {
    loop_->wake();
  }
}

void Core::post_spawn(std::unique_ptr<Body> body) {
  auto* const order = new SpawnOrder(std::move(body), {});
  if (inbox_.push(order, true)) loop_->wake();
}

}  // namespace pulpo
