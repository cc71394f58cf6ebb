// SPDX-License-Identifier: Apache-2.0
#include "proc/process_ranking.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "proc/core.hpp"

namespace pulpo {
namespace {

// What a core gives away at a time. Of 100,000 processes a walk took 10 ms, and 280 ms where each had a stack to ask the kernel about: some
// 0.4 ms in either case.
constexpr std::uint32_t kSlice = 4096;
constexpr std::uint32_t kSliceWithStacks = 128;

/// What a process had done when the window began, by slot; the serial tells whether it is still the same one.
struct Earlier {
  std::uint32_t serial = 0;
  std::uint32_t reductions = 0;  ///< Their lower half: what comes within a window is less.
};

struct Candidate {
  std::uint64_t key;
  std::uint64_t recent;
  Pid pid;
  /// Before `other` in the list.
  [[nodiscard]] bool operator<(const Candidate& other) const noexcept {
    if (key != other.key) return key > other.key;
    return pid.id < other.pid.id;
  }
};

/// The work of one ranking. Only one core looks at it at a time: the one that is asked.
struct Walk {
  ProcessOrder order;
  std::size_t limit;
  bool has_window;
  std::vector<std::vector<Earlier>> earlier;  ///< By core.
  std::vector<Candidate> best;                ///< A heap, the last of the list on top.
  ProcessRanking ranking;

  void note(Core& core, std::uint32_t first) {
    std::vector<Earlier>& mine = earlier[core.index()];
    if (mine.empty()) mine.resize(core.processes().slots());
    const auto end = std::min<std::uint32_t>(first + kSlice, static_cast<std::uint32_t>(mine.size()));
    core.processes().for_each_living(first, end, [&](const Process& process) {
      mine[process.slot] = {process.serial, static_cast<std::uint32_t>(process.reductions)};
    });
  }

  [[nodiscard]] std::uint64_t recent_of(const Core& core, const Process& process) const {
    if (!has_window) return process.reductions;
    const std::vector<Earlier>& then = earlier[core.index()];
    if (process.slot >= then.size() || then[process.slot].serial != process.serial) return process.reductions;  // it began since
    return static_cast<std::uint32_t>(process.reductions) - then[process.slot].reductions;
  }

  [[nodiscard]] std::uint64_t key_of(const Core& core, const Process& process, std::uint64_t recent) const {
    switch (order) {
      case ProcessOrder::memory:
        return core.memory_of(process);
      case ProcessOrder::reductions:
        return recent;
      case ProcessOrder::message_queue_len:
        break;
    }
    return process.mail_count;
  }

  void rank(Core& core, std::uint32_t first, std::uint32_t count) {
    core.processes().for_each_living(first, first + count, [&](const Process& process) {
      const std::uint64_t recent = recent_of(core, process);
      ++ranking.processes;
      ranking.messages_waiting += process.mail_count;
      if (has_window) ranking.recent_reductions += recent;
      const Candidate candidate{key_of(core, process, recent), recent, core.pid_of(process)};
      if (best.size() == limit) {
        if (limit == 0 || !(candidate < best.front())) return;
        std::pop_heap(best.begin(), best.end());
        best.back() = candidate;
      } else {
        best.push_back(candidate);
      }
      std::push_heap(best.begin(), best.end());
    });
  }

  /// Those of that core among the next kSliceWithStacks candidates.
  void describe(Core& core, std::size_t first) {
    const std::size_t end = std::min<std::size_t>(first + kSliceWithStacks, best.size());
    for (std::size_t i = first; i < end; ++i) {
      const Candidate& each = best[i];
      if (each.pid.core() != core.index()) continue;
      const Process* const process = core.find(each.pid);
      if (process == nullptr) continue;  // it ended meanwhile
      ranking.top[i] = {.info = core.describe(*process, false), .recent = each.recent};
      if (ranking.top[i].info.waits_for) ranking.top[i].info.waits_for->target.share();
    }
  }
};

/// Slice by slice, on every core: `step(core, first)`. False when the caller is being ended.
template <class F>
bool walk_cores(Core& core, const std::shared_ptr<Walk>& walk, std::uint32_t slice, F step) {
  for (unsigned i = 0; i < core.runtime().core_count(); ++i) {
    for (std::uint32_t first = 0;; first += slice) {
      const auto more = core.ask(i, [walk, step, first, slice](Core& its) {
        step(*walk, its, first);
        return Term(first + slice < its.processes().slots());
      });
      if (!more) return false;
      if (!more->is_atom(atoms::true_)) break;
    }
  }
  return true;
}

}  // namespace

ProcessRanking rank_processes(ProcessOrder order, std::size_t limit, Duration window) {
  Core& core = Core::here();
  const auto walk = std::make_shared<Walk>();
  walk->order = order;
  walk->limit = std::min(limit, kRankingLimitMax);
  walk->has_window = window > Duration::zero();
  walk->earlier.resize(core.runtime().core_count());
  if (walk->has_window) {
    if (!walk_cores(core, walk, kSlice, [](Walk& its, Core& there, std::uint32_t first) { its.note(there, first); })) return {};
    sleep(window);
  }
  const std::uint32_t slice = order == ProcessOrder::memory ? kSliceWithStacks : kSlice;
  if (!walk_cores(core, walk, slice, [slice](Walk& its, Core& there, std::uint32_t first) { its.rank(there, first, slice); })) return {};
  std::sort(walk->best.begin(), walk->best.end());
  std::vector<RankedProcess>& top = walk->ranking.top;
  top.resize(walk->best.size());
  for (unsigned i = 0; i < core.runtime().core_count(); ++i) {
    for (std::size_t first = 0; first < top.size(); first += kSliceWithStacks) {
      const auto done = core.ask(i, [walk, first](Core& its) {
        walk->describe(its, first);
        return Term(atoms::ok);
      });
      if (!done) return {};
    }
  }
  std::erase_if(top, [](const RankedProcess& each) { return !each.info.pid; });
  return std::move(walk->ranking);
}

}  // namespace pulpo
