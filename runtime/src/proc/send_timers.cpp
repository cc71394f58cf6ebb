// SPDX-License-Identifier: Apache-2.0
#include "proc/send_timers.hpp"

#include <algorithm>

#include "proc/core.hpp"

namespace pulpo {

void SendTimer::expired() { timers_->fire(*this); }

SendTimers::SendTimers(Core& core, std::size_t timers_max) noexcept
    : core_(core), timers_max_(std::min(timers_max, std::size_t{1} << kIndexBits)) {}

SendTimer* SendTimers::take() {
  if (free_ != 0) {
    SendTimer& timer = at(free_ - 1);
    free_ = timer.next_;
    return &timer;
  }
  if (made_ >= timers_max_) return nullptr;
  if (made_ % kChunk == 0) chunks_.push_back(std::make_unique<SendTimer[]>(kChunk));
  SendTimer& timer = at(made_);
  timer.timers_ = this;
  timer.index_ = made_++;
  return &timer;
}

std::optional<std::uint32_t> SendTimers::chain_of(const Address& to) const noexcept {
  if (to.is_name() || !to.pid().is_local() || to.pid().core() != core_.index()) return std::nullopt;
  return to.pid().slot();
}

Ref SendTimers::arm(TimePoint deadline, Duration interval, const Address& to, Term message) {
  const auto chain = chain_of(to);
  if (chain && core_.find(to.pid()) == nullptr) return core_.make_ref();  // as if it had been cancelled by the end of that process
  SendTimer* const timer = take();
  if (timer == nullptr) return {};
  timer->due_ = std::min(deadline, kNever - Duration(1));  // the wheel takes kNever for a disarming
  timer->interval_ = interval;
  timer->to_ = to;
  timer->message_ = std::move(message);
  timer->next_ = timer->previous_ = 0;
  if (chain) {
    if (*chain >= first_of_.size()) first_of_.resize(std::size_t{*chain} + 1);
    timer->next_ = first_of_[*chain];
    if (timer->next_ != 0) at(timer->next_ - 1).previous_ = timer->index_ + 1;
    first_of_[*chain] = timer->index_ + 1;
  }
  ++armed_;
  core_.loop().timers().arm(*timer, timer->due_);
  const std::uint64_t number = std::uint64_t{1} << 63 | timer->generation_ << kIndexBits | timer->index_;
  return {kOwnNode, core_.index(), static_cast<std::uint32_t>(number >> 32), static_cast<std::uint32_t>(number)};
}

SendTimer* SendTimers::find(const Ref& ref) noexcept {
  const std::uint64_t number = ref.number();
  if (ref.node != kOwnNode || ref.first != core_.index() || number >> 63 == 0) return nullptr;
  const auto index = static_cast<std::uint32_t>(number & ((1u << kIndexBits) - 1));
  if (index >= made_) return nullptr;
  SendTimer& timer = at(index);
  const std::uint64_t generation = number << 1 >> (kIndexBits + 1);
  return timer.generation_ == generation && timer.is_armed() ? &timer : nullptr;
}

Duration SendTimers::left(const SendTimer& timer) const noexcept { return std::max(timer.due_ - core_.loop().now(), Duration::zero()); }

Duration SendTimers::read(const Ref& ref) noexcept {
  const SendTimer* const timer = find(ref);
  return timer == nullptr ? kNone : left(*timer);
}

Duration SendTimers::cancel(const Ref& ref) noexcept {
  SendTimer* const timer = find(ref);
  if (timer == nullptr) return kNone;
  const Duration rest = left(*timer);
  release(*timer);
  return rest;
}

void SendTimers::release(SendTimer& timer) noexcept {
  if (timer.is_armed()) core_.loop().timers().cancel(timer);
  if (const auto chain = chain_of(timer.to_)) {
    if (timer.next_ != 0) at(timer.next_ - 1).previous_ = timer.previous_;
    (timer.previous_ != 0 ? at(timer.previous_ - 1).next_ : first_of_[*chain]) = timer.next_;
  }
  timer.message_ = Term();
  --armed_;
  // A record whose uses are all counted is not used again: no reference is given twice.
  if (++timer.generation_ >> kGenerationBits != 0) return;
  timer.next_ = free_;
  free_ = timer.index_ + 1;
}

void SendTimers::release_all(std::uint32_t slot) noexcept {
  while (first_of_[slot] != 0) release(at(first_of_[slot] - 1));
}

void SendTimers::fire(SendTimer& timer) {
  MessagePtr signal = core_.make(Signal::message);
  core_.address(*signal, timer.to_);
  if (timer.interval_ > Duration::zero()) {
    signal->body = timer.message_;
    // In step with its beginning; what a stalled core has missed is left out, and not made up for in a burst.
    const Duration late = core_.loop().now() - timer.due_;
    timer.due_ += timer.interval_ * (1 + std::max<std::int64_t>(late / timer.interval_, 0));
    core_.loop().timers().arm(timer, timer.due_);
  } else {
    signal->body = std::move(timer.message_);
    release(timer);
  }
  core_.send(std::move(signal));
}

void SendTimers::clear() noexcept {
  for (std::uint32_t index = 0; index < made_; ++index) {
    if (at(index).is_armed()) release(at(index));
  }
}

}  // namespace pulpo
