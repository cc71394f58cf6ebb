// SPDX-License-Identifier: Apache-2.0
//
// TokenBucket: so many at once, and then so many a second.
//
//   Threads    One.
#pragma once

#include <algorithm>

#include "pulpo/time.hpp"

namespace pulpo::discovery {

class TokenBucket {
 public:
  TokenBucket(unsigned at_once, unsigned a_second) noexcept : at_once_(at_once), token_(Duration(1s) / a_second), have_(at_once) {}

  /// False: not now.
  [[nodiscard]] bool take(TimePoint now) noexcept {
    if (filled_ == TimePoint{}) filled_ = now;
    const auto come = static_cast<std::uint64_t>((now - filled_) / token_);
    if (come > 0) {
      have_ = static_cast<unsigned>(std::min<std::uint64_t>(at_once_, have_ + come));
      filled_ = have_ == at_once_ ? now : filled_ + token_ * static_cast<std::int64_t>(come);
    }
    if (have_ == 0) return false;
    --have_;
    return true;
  }

 private:
  unsigned at_once_;
  Duration token_;
  unsigned have_;
  TimePoint filled_{};
};

}  // namespace pulpo::discovery
