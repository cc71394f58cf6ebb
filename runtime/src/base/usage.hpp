// SPDX-License-Identifier: Apache-2.0
//
// Usage: what this OS process has used so far. The one place that asks the kernel for it.
//
//   Threads    Any.
//   Errors     What the kernel does not tell is 0.
//   Cost       Two system calls and a small file; for reports, not for hot paths.
#pragma once

#include <cstdint>

namespace pulpo {

struct Usage {
  std::uint64_t cpu_microseconds = 0;  ///< User and system time of all threads.
  std::uint64_t rss_kibibytes = 0;     ///< Resident memory.
};

[[nodiscard]] Usage process_usage() noexcept;

}  // namespace pulpo
