// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of waits, messages that leave later, and senders that wait for a link.
#include "proc/core.hpp"
#include "proc/io_wait.hpp"
#include "proc/send_timer.hpp"

namespace pulpo {

void SendTimer::expired() {
  MessagePtr signal = core_.make(Signal::message);
  core_.address(*signal, to_);
  signal->body = std::move(message_);
  Core& core = core_;
  core.cancel_send(ref_);  // destroys this timer
  core.send(std::move(signal));
}

void Core::set_alarm(Process& process, TimePoint due) {
  Alarm& alarm = alarms_.try_emplace(process.slot, *this, process).first->second;
  process.has_alarm = true;
  process.alarm_due = due;
  loop_->timers().arm(alarm, due);
}

bool Core::Alarm::still_wanted() noexcept {
  if (process_.wait != nullptr && process_.wait->deadline != kNever) return true;
  process_.alarm_due = kNever;
  return false;
}

void Core::Alarm::expired() {
  if (!still_wanted()) return;
  Wait& wait = *process_.wait;
  if (wait.deadline > core_.loop_->now()) {
    process_.alarm_due = wait.deadline;
    core_.loop_->timers().arm(*this, wait.deadline);
    return;
  }
  process_.alarm_due = kNever;
  wait.timed_out = true;
  if (wait.kind == WaitKind::io) return static_cast<IoWait&>(wait).interrupt();
  core_.wake(process_);
}

Ref Core::send_at(TimePoint deadline, const Address& to, Term message) {
  const Ref ref = make_ref();
  auto timer = std::make_unique<SendTimer>(*this, ref, to, std::move(message));
  loop_->timers().arm(*timer, deadline);
  send_timers_.emplace(ref, std::move(timer));
  return ref;
}

bool Core::cancel_send(const Ref& ref) noexcept { return send_timers_.erase(ref) != 0; }

void Core::wait_for_link(NodeIndex node) {
  if (current_process_ == nullptr) return;
  LinkWait wait(*current_process_, *this);
  peer(node).senders.push_back(wait);
  while (wait.is_linked()) {
    if (!suspend(wait)) return;
  }
}

void Core::wait_for_mailbox() {
  Wait wait(WaitKind::mailbox, *current_process_, *this);
  while (wait.process.held) {
    if (!suspend(wait)) return;
  }
}

void Core::link_has_room(NodeIndex node) {
  const std::size_t at = node & kNodeSlotMask;
  if (at >= peers_.size() || !peers_[at]) return;
  while (LinkWait* wait = peers_[at]->senders.pop_front()) wake(wait->process);
}

}  // namespace pulpo
