// SPDX-License-Identifier: Apache-2.0
#include "bench_alarm.hpp"

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "proc/core.hpp"

namespace pulpo::cli {

/// Lives until both its Alarm and the loop have let go of it.
struct Alarm::Watch final : io::Operation {
  Watch(int timer, const Pid& process) noexcept : descriptor(timer), owner(process) {}
  ~Watch() override { ::close(descriptor); }
  void completed(const io::Completion&) override {
    if (orphaned) {
      delete this;
      return;
    }
    Core& core = Core::here();
    MessagePtr message = core.make(Signal::message);
    message->to = owner;
    message->body = "alarm"_atom;
    core.send(std::move(message));
  }
  const int descriptor;
  const Pid owner;
  bool orphaned = false;
};

Alarm::Alarm() {
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer >= 0) watch_ = new Watch(timer, self());
}

Alarm::~Alarm() {
  if (watch_ == nullptr) return;
  if (!watch_->is_pending()) {
    delete watch_;
    return;
  }
  watch_->orphaned = true;
  Core::here().loop().cancel(*watch_);
}

void Alarm::set(TimePoint moment) {
  // All zeroes would stop it: the past is 1 ns after the clock's start.
  const auto since_start = std::max<Duration::rep>(moment.time_since_epoch().count(), 1);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<decltype(when.it_value.tv_sec)>(since_start / 1'000'000'000);
  when.it_value.tv_nsec = static_cast<decltype(when.it_value.tv_nsec)>(since_start % 1'000'000'000);
  ::timerfd_settime(watch_->descriptor, TFD_TIMER_ABSTIME, &when, nullptr);
  if (!watch_->is_pending()) Core::here().loop().poll(*watch_, watch_->descriptor, POLLIN);
}

}  // namespace pulpo::cli
