// SPDX-License-Identifier: Apache-2.0
#include "otp/time_units.hpp"

#include "base/wall_time.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

std::int64_t TimeUnit::told(std::chrono::nanoseconds time) const noexcept {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  const std::int64_t seconds = time.count() / kNanoseconds;
  const std::int64_t rest = time.count() % kNanoseconds;                   // not negative: neither clock is
  return seconds * parts_a_second + rest * parts_a_second / kNanoseconds;  // below 2^60
}

bool Codec<TimeUnit>::decode(const Term& term, TimeUnit& out) {
  if (term.is_integer()) {
    out.parts_a_second = term.integer();
    return term.integer() > 0 && term.integer() <= 1'000'000'000;
  }
  if (!term.is_atom()) return false;
  const std::string_view name = term.atom().text();
  const bool is_nanosecond = name == "nanosecond" || name == "native";
  out.parts_a_second = name == "second"        ? 1
                       : name == "millisecond" ? 1'000
                       : name == "microsecond" ? 1'000'000
                       : is_nanosecond         ? 1'000'000'000
                                               : 0;
  return out.parts_a_second > 0;
}

std::int64_t system_time_in(const TimeUnit& unit) { return unit.told(wall_time()); }
std::int64_t monotonic_time_in(const TimeUnit& unit) { return unit.told(precise_now().time_since_epoch()); }

}  // namespace pulpo
