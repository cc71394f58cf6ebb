// SPDX-License-Identifier: Apache-2.0
//
// Identities, cookies, a listening ear for the log, and a loop of each kind, shared by the tests of the link.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/sim_network.hpp"
#include "link/handshake.hpp"
#include "pulpo/log.hpp"

namespace pulpo::links {

class FixedCookies final : public Cookies {
 public:
  explicit FixedCookies(std::string own) : own_(std::move(own)) {}
  std::string_view cookie_for(std::string_view peer) const override {
    const auto special = others.find(std::string(peer));
    return special == others.end() ? own_ : special->second;
  }
  std::map<std::string, std::string> others;

 private:
  std::string own_;
};

/// Keeps what is logged, instead of stderr, while it lives.
class LogEar {
 public:
  LogEar() : before_(log::exchange_target({.sink = &LogEar::take, .context = this})) {}
  ~LogEar() { log::exchange_target(before_); }
  LogEar(const LogEar&) = delete;
  LogEar& operator=(const LogEar&) = delete;

  struct Line {
    log::Level level;
    std::string text;
  };
  std::vector<Line> lines;
  [[nodiscard]] bool heard(std::string_view text) const {
    for (const auto& line : lines) {
      if (line.text.find(text) != std::string::npos) return true;
    }
    return false;
  }

 private:
  static void take(void* context, const log::Entry& entry) {
    static_cast<LogEar*>(context)->lines.push_back({entry.level, std::string(entry.message)});
  }
  log::Target before_;
};

inline Identity identity(std::string name, std::uint32_t creation = 5) { return {.name = std::move(name), .creation = creation}; }

enum class OnLoop : std::uint8_t { epoll, uring, sim };

/// Those there are here: emulators have no io_uring.
inline std::vector<OnLoop> loops() {
  std::vector<OnLoop> have = {OnLoop::epoll, OnLoop::sim};
  if (io::make_loop(io::LoopKind::uring)) have.push_back(OnLoop::uring);
  return have;
}
inline std::string loop_name(OnLoop loop) { return loop == OnLoop::epoll ? "Epoll" : loop == OnLoop::uring ? "Uring" : "Sim"; }

/// One loop, with a network of its own when it is a simulated one.
class LoneLoop {
 public:
  [[nodiscard]] io::Loop* make(OnLoop kind) {
    if (kind == OnLoop::sim) {
      network_ = std::make_unique<io::SimNetwork>(io::SimOptions{});
      auto loop = network_->make_loop(network_->add_host());
      sim_ = loop.get();
      loop_ = std::move(loop);
    } else if (auto made = io::make_loop(kind == OnLoop::epoll ? io::LoopKind::epoll : io::LoopKind::uring)) {
      loop_ = std::move(*made);
    }
    return loop_.get();
  }
  /// One turn; where nothing is to be done, time passes until something is.
  void turn() {
    if (sim_ != nullptr && !sim_->has_work()) network_->advance(std::min(network_->next_event(), sim_->next_due()));
    loop_->turn(io::Loop::Wait::yes);
  }

 private:
  std::unique_ptr<io::SimNetwork> network_;
  std::unique_ptr<io::Loop> loop_;
  io::SimLoop* sim_ = nullptr;
};

}  // namespace pulpo::links
