// SPDX-License-Identifier: Apache-2.0
#include "io/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>

namespace pulpo::io {
namespace {

using std::chrono::milliseconds;

constexpr int kSlotBits = 6;
constexpr std::int64_t kNanosecondsPerTick = 1'000'000;

constexpr int digit(std::int64_t tick, int level) noexcept { return static_cast<int>(tick >> (level * kSlotBits)) & 63; }

}  // namespace

void Timer::unlink_from_wheel() noexcept {
  if (wheel_ != nullptr) wheel_->cancel(*this);
}

TimerWheel::TimerWheel(TimePoint start) noexcept : start_(start) {}

TimerWheel::~TimerWheel() {
  for (auto& wheel : wheels_) {
    for (auto& slot : wheel) {
      while (Timer* timer = slot.pop_front()) timer->wheel_ = nullptr;
    }
  }
}

void TimerWheel::arm(Timer& timer, TimePoint deadline) noexcept {
  if (timer.wheel_ != nullptr) timer.wheel_->cancel(timer);
  if (deadline == kNever) return;
  // Rounded up, so that a timer is never early.
  const std::int64_t after = deadline <= start_ ? 0 : (deadline - start_).count();
  const std::int64_t tick = after / kNanosecondsPerTick + (after % kNanosecondsPerTick != 0 ? 1 : 0);
  // What is due already waits for the next advance(), not for this one: a timer that arms itself
  // again for the past must not keep advance() from returning.
  timer.tick_ = std::max(tick, target_ + 1);
  timer.wheel_ = this;
  ++armed_;
  insert(timer);
}

void TimerWheel::cancel(Timer& timer) noexcept {
  if (timer.wheel_ == nullptr) return;
  PULPO_ASSERT(timer.wheel_ == this);
  const int level = timer.slot_ / kSlots;
  const int slot = timer.slot_ % kSlots;
  timer.unlink();
  timer.wheel_ = nullptr;
  --armed_;
  if (wheels_[level][slot].empty()) occupied_[level] &= ~(std::uint64_t{1} << slot);
}

/// A timer lives in the wheel of the highest base-64 digit in which its tick differs from tick_; so all of a
/// wheel is due before any of the next, and each slot is spread at the moment time enters it. Both keep
/// timers of one deadline in the order of arming.
void TimerWheel::insert(Timer& timer) noexcept {
  const auto differing = static_cast<std::uint64_t>(timer.tick_ ^ tick_);
  const int highest = differing == 0 ? 0 : (63 - std::countl_zero(differing)) / kSlotBits;
  const int level = std::min(highest, kLevels - 1);
  int slot = digit(timer.tick_, level);
  if (highest >= kLevels - 1) {
    // The last wheel turns without end. What lies more than a turn ahead waits in its farthest slot, and is
    // looked at again there.
    constexpr int shift = (kLevels - 1) * kSlotBits;
    const std::int64_t ahead = (timer.tick_ >> shift) - (tick_ >> shift);
    if (ahead >= kSlots) slot = (digit(tick_, level) + kSlots - 1) % kSlots;
  }
  timer.slot_ = static_cast<std::uint16_t>(level * kSlots + slot);
  wheels_[level][slot].push_back(timer);
  occupied_[level] |= std::uint64_t{1} << slot;
}

TimerWheel::Due TimerWheel::next() const noexcept {
  for (int level = 0; level < kLevels - 1; ++level) {
    if (occupied_[level] == 0) continue;
    const int slot = std::countr_zero(occupied_[level]);  // Slots behind the present digit are empty.
    const int shift = level * kSlotBits;
    const std::int64_t turn = tick_ >> (shift + kSlotBits) << kSlotBits;
    return {.tick = (turn + slot) << shift, .level = level, .slot = slot};
  }
  constexpr int level = kLevels - 1;
  if (occupied_[level] == 0) return {.tick = std::numeric_limits<std::int64_t>::max(), .level = 0, .slot = 0};
  const int ahead = 1 + std::countr_zero(std::rotr(occupied_[level], digit(tick_, level) + 1));
  const std::int64_t turn = (tick_ >> (level * kSlotBits)) + ahead;
  return {.tick = turn << (level * kSlotBits), .level = level, .slot = (digit(tick_, level) + ahead) % kSlots};
}

std::size_t TimerWheel::advance(TimePoint now) {
  if (now > start_) target_ = std::max(target_, (now - start_).count() / kNanosecondsPerTick);
  std::size_t fired = 0;
  while (armed_ > 0) {
    const Due due = next();
    if (due.tick > target_) break;
    tick_ = due.tick;
    auto& slot = wheels_[due.level][due.slot];
    if (due.level == 0) {
      // One by one: expired() may cancel any of the others.
      while (Timer* timer = slot.front()) {
        cancel(*timer);
        ++fired;
        timer->expired();
      }
    } else {
      occupied_[due.level] &= ~(std::uint64_t{1} << due.slot);
      while (Timer* timer = slot.pop_front()) insert(*timer);
    }
  }
  tick_ = target_;
  return fired;
}

void TimerWheel::drop_unwanted() noexcept {
  while (armed_ > 0) {
    const Due due = next();
    Timer& nearest = *wheels_[due.level][due.slot].front();
    if (nearest.still_wanted()) return;
    cancel(nearest);
  }
}

TimePoint TimerWheel::next_deadline() const noexcept {
  if (armed_ == 0) return kNever;
  return start_ + milliseconds(next().tick);
}

}  // namespace pulpo::io
