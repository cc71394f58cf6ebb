// SPDX-License-Identifier: Apache-2.0
//
// Identities, cookies and a listening ear for the log, shared by the tests of the link.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

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
  static void take(void* context, log::Level level, std::string_view message) {
    static_cast<LogEar*>(context)->lines.push_back({level, std::string(message)});
  }
  log::Target before_;
};

inline Identity identity(std::string name, std::uint32_t creation = 5) { return {.name = std::move(name), .creation = creation}; }

}  // namespace pulpo::links
