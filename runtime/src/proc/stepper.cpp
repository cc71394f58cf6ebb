// SPDX-License-Identifier: Apache-2.0
#include "proc/stepper.hpp"

#include <algorithm>

#include "proc/core.hpp"

namespace pulpo {

// --- Seat ---------------------------------------------------------------------------------------------------------

Stepper::Seat::Seat(Stepper& stepper, io::HostNumber host) noexcept : stepper_(stepper), host_(host) {}

Stepper::Seat::~Seat() {
  for (const auto& loop : loops_) stepper_.leave(*loop);
}

io::SimLoop& Stepper::Seat::add_loop() {
  loops_.push_back(stepper_.network_.make_loop(host_));
  stepper_.places_.push_back({this, loops_.back().get(), nullptr});
  return *loops_.back();
}

void Stepper::Seat::kill() {
  killed_ = true;
  stalled_until_ = {};
  for (const Place& place : stepper_.places_) {
    if (place.seat == this) stepper_.network_.kill(*place.loop);
  }
}

std::size_t Stepper::Seat::raise(int number) {
  std::size_t watching = 0;
  for (const Place& place : stepper_.places_) {
    if (place.seat == this) watching += place.loop->raise(number);
  }
  return watching;
}

void Stepper::Seat::stall(TimePoint until) {
  stalled_until_ = until;
  for (const Place& place : stepper_.places_) {
    if (place.seat == this) stepper_.network_.stall(*place.loop, until);
  }
}

Outcome<std::unique_ptr<io::Loop>> Stepper::Seat::enlist(Core& core) {
  auto loop = stepper_.network_.make_loop(host_);
  stepper_.places_.push_back({this, loop.get(), &core});
  return std::unique_ptr<io::Loop>(std::move(loop));
}

void Stepper::Seat::retire(Core& core) noexcept {
  std::erase_if(stepper_.places_, [&](const Place& place) { return place.core == &core; });
}

bool Stepper::Seat::run_until(const std::function<bool()>& done) {
  PULPO_ASSERT(Core::current() == nullptr && "a process cannot wait for its own world");
  if (!killed_) return stepper_.run_until(done, stepper_.network_.now() + kPatience);
  while (!done()) {
    if (stepper_.round(this) == Round::idle) return done();
  }
  return true;
}

// --- Stepper ------------------------------------------------------------------------------------------------------

Stepper::~Stepper() { PULPO_ASSERT(places_.empty()); }

void Stepper::leave(const io::SimLoop& loop) noexcept {
  std::erase_if(places_, [&](const Place& place) { return place.loop == &loop; });
}

bool Stepper::wants_step(const Place& place) noexcept {
  if (place.core != nullptr && place.core->has_ended()) return false;
  return place.loop->has_work() || (place.core != nullptr && place.core->has_work());
}

Stepper::Round Stepper::step(const Place& place) {
  running_ = place.seat;
  Round result = Round::some;
  if (place.core == nullptr) {
    place.loop->turn(io::Loop::Wait::yes);  // never sleeps, and forgets that it was woken
  } else if (place.core->step(kSlices) == Core::Step::cut_short) {
    result = Round::busy;
  }
  running_ = nullptr;
  return result;
}

Stepper::Round Stepper::round(const Seat* only) {
  Round result = Round::idle;
  const std::size_t first = places_.size() > 1 ? random_.u32() % places_.size() : 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place place = places_[(first + i) % places_.size()];
    if (only != nullptr ? place.seat != only : place.seat->killed_ || place.seat->stalled_until_ > network_.now()) continue;
    if (wants_step(place)) result = std::max(result, step(place));
  }
  return result;
}

TimePoint Stepper::next_due() const {
  TimePoint next = network_.next_event();
  for (const Place& place : places_) {
    if (place.seat->killed_ || (place.core != nullptr && place.core->has_ended())) continue;
    const TimePoint due = wants_step(place) ? network_.now() : place.loop->next_due();
    next = std::min(next, std::max(due, place.seat->stalled_until_));
  }
  return next;
}

bool Stepper::run_until(const std::function<bool()>& done, TimePoint limit) {
  for (unsigned rounds = 1; !done(); ++rounds) {
    const Round result = round(nullptr);
    if (result != Round::idle && after_round) after_round();
    if (result == Round::some && rounds < kRoundsAtOnce) continue;
    rounds = 0;
    const TimePoint next = result == Round::idle ? next_due() : network_.now() + kStepTime;
    if (next == kNever && limit == kNever) return false;
    network_.advance(std::min(next, limit));
    if (next > limit) return done();
  }
  return true;
}

}  // namespace pulpo
