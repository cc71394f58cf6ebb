// SPDX-License-Identifier: Apache-2.0
#include "proc/spin.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pulpo {

std::string SpinPlan::text() const {
  switch (mode) {
    case SpinChoice::Mode::off:
      return "off";
    case SpinChoice::Mode::automatic:
      return "adaptive";
    case SpinChoice::Mode::fixed:
      break;
  }
  return fmt::format("{}us", window / 1us);
}

SpinPlan plan_spin(const SpinChoice& choice, unsigned cores, const CpuCounts& cpus, bool looks_are_free, bool is_small) {
  if (choice.mode != SpinChoice::Mode::automatic) {
    return {.mode = choice.mode, .window = std::min<Duration>(choice.window, kSpinWindowMax), .reason = "as asked for"};
  }
  const auto off = [](std::string why) { return SpinPlan{.reason = std::move(why)}; };
  // Of a processor and a half, one is there for looking; the half is spent sooner by it.
  const unsigned whole = cpus.quota && *cpus.quota < cpus.allowed ? static_cast<unsigned>(*cpus.quota) : cpus.allowed;
  if (is_small) return off("on ARM it is left to --spin: batteries");
  if (whole < 2) return off("one processor: whoever is waited for needs it");
  if (cores > whole) return off(fmt::format("more cores ({}) than whole processors ({})", cores, whole));
  if (!looks_are_free) return off("the epoll loop needs a system call for each look");
  return {.mode = SpinChoice::Mode::automatic,
          .window = std::min<Duration>(choice.window, kSpinWindowMax),
          .reason = fmt::format("{} {} on {} processors; up to {} us, while messages come closer than that", cores,
                                cores == 1 ? "core" : "cores", whole, choice.window / 1us)};
}

bool is_board_processor() noexcept {
#if defined(__arm__) || defined(__aarch64__)
  return true;
#else
  return false;
#endif
}

}  // namespace pulpo
