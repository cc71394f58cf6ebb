// SPDX-License-Identifier: Apache-2.0
#include "top_view.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <string_view>
#include <utility>

#include "top_sampler.hpp"
#include "top_screen.hpp"
#include "top_terminal.hpp"

namespace pulpo::cli::top {
namespace {

using Clock = std::chrono::steady_clock;

class View {
 public:
  View(Runtime& runtime, const ViewSettings& settings, Terminal terminal)
      : settings_(settings), terminal_(std::move(terminal)), sampler_(runtime, settings.first) {
    state_.node = std::string(settings.first.text());
    state_.order = settings.order;
    state_.interval = settings.interval;
  }

  void run() {
    look_again_ = true;
    while (!over_) {
      page_ = page_of(terminal_.size());
      settle(state_, sample_, page_);
      begin_look_if_due();
      terminal_.show(render(state_, sample_, terminal_.size()));
      wait();
    }
  }

 private:
  void begin_look_if_due() {
    // The node that was looked at is not the one that is shown any more: it was lost.
    if (has_sample_ && sample_.selected != state_.node) look_again_ = true;
    if (sampler_.is_looking()) return;
    if (!look_again_ && (state_.paused || Clock::now() < due_)) return;
    look_again_ = false;
    due_ = Clock::now() + state_.interval;
    sampler_.begin({.wants = wants_of(state_, page_), .window = std::min<Duration>(500ms, state_.interval / 4)});
  }

  void wait() {
    int timeout = -1;
    if (!sampler_.is_looking() && !state_.paused) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_ - Clock::now());
      timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    }
    const int signals = settings_.signals != nullptr ? settings_.signals->descriptor() : -1;
    pollfd ready[] = {{settings_.in, POLLIN, 0}, {sampler_.descriptor(), POLLIN, 0}, {settings_.stop, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(ready, std::size(ready), timeout) <= 0) return;
    if (ready[3].revents != 0) take_signals();
    if (ready[2].revents != 0) over_ = true;
    if (ready[1].revents != 0) take_sample();
    if (ready[0].revents != 0) take_keys();
  }

  void take_signals() {
    while (const int number = settings_.signals->take()) {
      if (number == SIGCONT) {
        terminal_.take_again();
      } else if (number != SIGWINCH) {
        over_ = true;
      }
    }
  }

  void take_sample() {
    auto sample = sampler_.take();
    if (!sample) return;
    add_rates(*sample, sample_);
    keep_known(*sample, std::move(sample_));
    sample_ = std::move(*sample);
    has_sample_ = true;
  }

  void take_keys() {
    bool open = true;
    const std::string bytes = terminal_.read(open);
    if (!open) over_ = true;
    for (const Key& key : read_keys(bytes)) {
      const Action action = press(state_, sample_, page_, key);
      settle(state_, sample_, page_);
      switch (action.kind) {
        case Action::Kind::none:
          break;
        case Action::Kind::quit:
          over_ = true;
          return;
        case Action::Kind::kill:
          sampler_.kill(action.pid);
          look_again_ = true;
          break;
        case Action::Kind::ask:
          look_again_ = true;
          break;
      }
    }
  }

  const ViewSettings& settings_;
  Terminal terminal_;
  Sampler sampler_;
  State state_;
  Sample sample_;
  std::size_t page_ = 0;
  Clock::time_point due_{};
  bool has_sample_ = false;
  bool look_again_ = false;
  bool over_ = false;
};

}  // namespace

Outcome<void> run_top(Runtime& runtime, const ViewSettings& settings) {
  PULPO_TRY(Terminal terminal,
            Terminal::open({.in = settings.in, .out = settings.out, .colours = settings.colours, .styles = settings.styles}));
  View(runtime, settings, std::move(terminal)).run();
  return {};
}

void read_environment(ViewSettings& settings, const char* no_color, const char* term) {
  settings.colours = no_color == nullptr || *no_color == '\0';
  settings.styles = term == nullptr || std::string_view(term) != "dumb";
}

}  // namespace pulpo::cli::top
