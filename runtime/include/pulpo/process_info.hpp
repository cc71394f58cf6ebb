// SPDX-License-Identifier: Apache-2.0
//
// Process.info: what can be seen of a process from outside (OBS-8).
//
//   Order      A snapshot, taken by the process's core between two activations of its processes.
//   Threads    Inside a process.
//   Suspends   process_info() and list_processes(): until the cores asked have answered.
//   Errors     noproc: it does not live (Elixir's nil). unsupported: it lives on another node.
//   Cost       One hop to the process's core. Nothing is counted for its sake that is not counted anyway; how deep a stack was used is
//              asked of the kernel (mincore(2)) when somebody wants to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pulpo/codec.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

enum class ProcessStatus : std::uint8_t {
  running,
  runnable,
  waiting,    ///< In the middle of a function, on a stack of its own.
  idle,       ///< A server at its top level: it holds no stack.
  suspended,  ///< Held up by a full mailbox or a full link.
  exiting,
};
constexpr auto enum_atoms(ProcessStatus) {
  return std::array{EnumAtom{ProcessStatus::running, "running"},     EnumAtom{ProcessStatus::runnable, "runnable"},
                    EnumAtom{ProcessStatus::waiting, "waiting"},     EnumAtom{ProcessStatus::idle, "idle"},
                    EnumAtom{ProcessStatus::suspended, "suspended"}, EnumAtom{ProcessStatus::exiting, "exiting"}};
}
constexpr auto enum_atoms(WhenFull) {
  return std::array{EnumAtom{WhenFull::stop, "stop"}, EnumAtom{WhenFull::suspend, "suspend"}, EnumAtom{WhenFull::refuse, "refuse"},
                    EnumAtom{WhenFull::drop_newest, "drop_newest"}, EnumAtom{WhenFull::drop_oldest, "drop_oldest"}};
}

/// What a process waits for.
struct ProcessWait {
  std::string kind;  ///< "message", "reply", "sleep", "link", "mailbox", "io", …
  Term target = {};  ///< reply: whose; io: {call, descriptor}; else nil.
  Timeout left = Timeout::infinity();
};

struct ProcessInfo {
  Pid pid{};
  std::optional<Atom> registered_name = {};
  std::string initial_call = {};  ///< The class of a server, or the function's type.
  ProcessStatus status = ProcessStatus::waiting;
  std::optional<ProcessWait> waits_for = {};
  std::size_t message_queue_len = 0;    ///< User messages.
  std::size_t message_queue_bytes = 0;  ///< What they weigh.
  MailboxLimit mailbox = {};
  std::uint64_t messages_dropped = 0;  ///< By the mailbox limit.
  std::vector<Pid> links = {};
  std::vector<Term> monitors = {};  ///< Pids, or {name, node}.
  std::vector<Pid> monitored_by = {};
  std::size_t aliases = 0;
  bool trap_exit = false;
  Pid group_leader{};
  std::uint64_t reductions = 0;
  std::size_t memory = 0;       ///< Control block, relations, mailbox and resident stack; not what its own objects hold.
  std::size_t stack_bytes = 0;  ///< What it may use.
  /// Resident of the stack it holds now, 0 when it holds none. Stacks are used again: that of an earlier process may have gone deeper.
  std::size_t stack_resident = 0;

  /// Elixir's keyword list, in the order of OBS-8.
  [[nodiscard]] Term term() const;
};

[[nodiscard]] Result<ProcessInfo> process_info(const Pid& pid);
/// The processes of this node, by core and slot (Process.list).
[[nodiscard]] std::vector<Pid> list_processes();

/// The stacks of one size on all cores: how many there are, and how deep the deepest was ever used, so that an author can choose
/// RuntimeOptions::stack_bytes (--stack-size) and SpawnOptions::stack_bytes.
struct StackUsage {
  std::size_t stack_bytes = 0;
  std::size_t made = 0;
  std::size_t in_use = 0;
  std::size_t deepest_bytes = 0;  ///< In whole pages. 0: the kernel does not tell.
};
[[nodiscard]] std::vector<StackUsage> stack_usage();

}  // namespace pulpo
