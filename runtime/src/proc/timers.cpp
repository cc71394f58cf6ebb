// SPDX-License-Identifier: Apache-2.0
//
// Deadlines of waits, and senders that wait for a link.
#include "proc/core.hpp"
#include "proc/io_wait.hpp"

namespace pulpo {

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
