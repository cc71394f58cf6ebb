// SPDX-License-Identifier: Apache-2.0
//
// TallyOf, OutcomeOf: what a story of one seed tells of itself. Stories differ in what they count.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "pulpo/time.hpp"

namespace pulpo::testing {

/// What happened, so that a run that tested nothing is noticed. T has members of std::size_t, and counters(): their names and places.
template <class T>
class TallyOf {
 public:
  T& operator+=(const T& other) noexcept {
    T& self = static_cast<T&>(*this);
    for (const auto& [name, member] : T::counters()) self.*member += other.*member;
    return self;
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [name, member] : T::counters()) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counted(member), name);
    return text;
  }
  /// The name of something that never happened; empty when all did.
  [[nodiscard]] std::string missing() const {
    for (const auto& [name, member] : T::counters()) {
      if (counted(member) == 0) return name;
    }
    return {};
  }

 protected:
  using Counter = std::pair<const char*, std::size_t T::*>;

 private:
  [[nodiscard]] std::size_t counted(std::size_t T::*member) const { return static_cast<const T&>(*this).*member; }
};

template <class Tally>
struct OutcomeOf {
  std::uint64_t seed = 0;
  std::string broken;  ///< Which of the rules, and how; empty when all held.
  Tally tally;
  std::string trace;  ///< When it was asked for.
  Duration virtual_time{};
};

}  // namespace pulpo::testing
