// SPDX-License-Identifier: Apache-2.0
//
// ProcessRanking: the processes of this node that have most of something, found where they are (OBS-3).
//
// Of 100,000 processes an observer shows twenty: the cores pick them, and nothing of the others leaves the node.
//
//   Order      The most first; of equal ones the lower core and slot.
//   Threads    Inside a process.
//   Suspends   Between slices of some 0.4 ms, after each of which others run, and for the window.
//   Bounds     kLimitMax rows. With a window eight bytes for each slot of the node, until it returns.
//   Cost       0.1 us a process, which is mostly waiting for memory; by memory 3 us for each that is suspended midway, since only the
//   kernel
//              knows what of a stack is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pulpo/process_info.hpp"

namespace pulpo {

enum class ProcessOrder : std::uint8_t { memory, reductions, message_queue_len };
constexpr auto enum_atoms(ProcessOrder) {
  return std::array{EnumAtom{ProcessOrder::memory, "memory"}, EnumAtom{ProcessOrder::reductions, "reductions"},
                    EnumAtom{ProcessOrder::message_queue_len, "message_queue_len"}};
}

struct RankedProcess {
  ProcessInfo info;          ///< Without relations.
  std::uint64_t recent = 0;  ///< Reductions within the window; all of them without one.
};

struct ProcessRanking {
  std::vector<RankedProcess> top;
  std::size_t processes = 0;            ///< How many were looked at.
  std::uint64_t recent_reductions = 0;  ///< Of all, within the window; 0 without one.
  std::uint64_t messages_waiting = 0;   ///< In all mailboxes.
};

inline constexpr std::size_t kRankingLimitMax = 1000;

/// The first `limit` by `order`; reductions are those of the next `window`, as OBS-3 counts them since the last sample, or all there ever
/// were when it is zero.
[[nodiscard]] ProcessRanking rank_processes(ProcessOrder order, std::size_t limit, Duration window);

}  // namespace pulpo
