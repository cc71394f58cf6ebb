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
/// Resident memory to the page, counted by the kernel at this moment (smaps_rollup); what process_usage() says of it may lag by some
/// hundred KiB a thread. 0 on kernels before 4.14.
[[nodiscard]] std::uint64_t resident_bytes() noexcept;

}  // namespace pulpo
