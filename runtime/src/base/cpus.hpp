// SPDX-License-Identifier: Apache-2.0
//
// Cpus: how many processors this program may really use.
//
// A container or a systemd unit often gives less than the board has: by affinity, or by a quota of
// its control group. A loop more than that only adds switches and throttling.
//
//   Threads    Any; reads the kernel's files anew each time.
//   Errors     What cannot be read counts as no limit: the answer is at least 1.
#pragma once

#include <optional>
#include <string_view>

namespace pulpo {

struct CpuCounts {
  unsigned online = 1;          ///< That the kernel runs on.
  unsigned allowed = 1;         ///< By affinity (sched_getaffinity).
  std::optional<double> quota;  ///< Of the control group and those above it, in processors: 1.5.
  /// The smaller of both; a fraction of a processor counts as one.
  [[nodiscard]] unsigned usable() const noexcept;
};

[[nodiscard]] CpuCounts count_cpus();

/// `cpu.max` of cgroup v2, "200000 100000" -> 2.0; nothing for "max 100000" or anything else.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);
/// The path of this program's group in /proc/self/cgroup, for the v2 line ("0::/path") or the v1 line of `controller`.
[[nodiscard]] std::optional<std::string_view> parse_cgroup_path(std::string_view text, std::string_view controller);

}  // namespace pulpo
