// SPDX-License-Identifier: Apache-2.0
//
// CookieJar: a node's own cookie, and those for single peers (NODE-15).
//
//   Threads    The home core's.
//   Bounds     kCookieBytesMax a cookie; as many peers as somebody here names.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "link/handshake.hpp"
#include "pulpo/result.hpp"

namespace pulpo::dist {

class CookieJar final : public links::Cookies {
 public:
  static constexpr std::size_t kCookieBytesMax = 255;  ///< An atom's, which a cookie is for Erlang.

  explicit CookieJar(std::string own) : own_(std::move(own)) {}
  [[nodiscard]] std::string_view cookie_for(std::string_view peer) const override {
    const auto found = of_peers_.find(std::string(peer));
    return found != of_peers_.end() ? found->second : own_;
  }
  [[nodiscard]] const std::string& own() const noexcept { return own_; }
  void set_own(std::string cookie) { own_ = std::move(cookie); }
  void set(std::string_view peer, std::string cookie) { of_peers_[std::string(peer)] = std::move(cookie); }
  [[nodiscard]] static bool is_cookie(std::string_view cookie) noexcept { return !cookie.empty() && cookie.size() <= kCookieBytesMax; }

 private:
  std::string own_;
  std::unordered_map<std::string, std::string> of_peers_;
};

}  // namespace pulpo::dist
