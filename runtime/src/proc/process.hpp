// SPDX-License-Identifier: Apache-2.0
//
// Process: the control block of one process.
//
// What send and run touch comes first, in one cache line; relations (links, monitors, name) lie behind one pointer that
// most processes never set.
//
//   Ownership  The core's ProcessTable owns the blocks and uses them again; the serial tells lives apart.
//   Threads    Its core's alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "io/timer_wheel.hpp"
#include "proc/message.hpp"
#include "pulpo/process.hpp"

namespace pulpo {

class Core;
class Process;
class Stack;

/// Why a process is suspended. Lives on its stack while it is, and doubles as its timer.
struct Wait : io::Timer {
  enum class Kind : std::uint8_t { message, reply, sleep, turn, link };

  Wait(Kind kind_, Process& process_, Core& core_) noexcept : core(core_), process(process_), kind(kind_) {}
  /// However its frame is left, also by an exception: nobody looks at it any more.
  ~Wait() override;

  Core& core;
  Process& process;
  const Kind kind;
  bool timed_out = false;
  TimePoint deadline = kNever;
  const Address* target = nullptr;  ///< reply: whose; for the live view and the wait-for graph.

 protected:
  void expired() override;
};

/// A process that waits for the answer to one reference.
struct ReplyWait : Wait, ListHook<ReplyWait> {
  ReplyWait(Process& process_, Core& core_, Ref ref_) noexcept : Wait(Kind::reply, process_, core_), ref(ref_) {}
  ~ReplyWait() override { ListHook<ReplyWait>::unlink(); }
  const Ref ref;
  Ref monitor_on_answer{};  ///< A spawn on another core: the answer is the new pid, monitored before anything else arrives.
  bool answered = false;
  bool down = false;  ///< The answer is a reason: the other side ended, or is not there.
  Term value;
};

/// A process whose message filled the link to another node.
struct LinkWait : Wait, ListHook<LinkWait> {
  LinkWait(Process& process_, Core& core_) noexcept : Wait(Kind::link, process_, core_) {}
  ~LinkWait() override { ListHook<LinkWait>::unlink(); }
};

/// Links, monitors and the like of one process.
struct Relations {
  struct Link {
    bool active = true;
    std::uint32_t unlinks_pending = 0;  ///< Unlinks not acknowledged yet; until then exit signals of the old link are ignored (SIG-10).
  };
  std::unordered_map<Pid, Link> links;
  std::unordered_map<Ref, Address> monitors;  ///< What this process monitors.
  std::unordered_map<Ref, Pid> watchers;      ///< Who monitors it.
  std::unordered_map<Ref, Pid> owed;          ///< Requests taken from the mailbox and not answered yet.
  std::optional<Atom> name;
  Term pending_reason;  ///< Why it is being ended, once exit_pending is set.
};

class Process {
 public:
  enum class State : std::uint8_t { free, runnable, running, waiting, idle };  // idle: a server at its top level

  // --- The first cache line: what send and run touch -----------------------------------------------
  Process* run_next = nullptr;
  Message* mail_head = nullptr;
  Message** mail_end = &mail_head;  ///< Where the next message is linked in.
  Body* body = nullptr;
  Stack* stack = nullptr;  ///< Where it is suspended midway; null when it holds none.
  Wait* wait = nullptr;    ///< Why.
  State state = State::free;
  bool started = false;
  bool serves = false;  ///< A server: handle() gets each message.
  bool trap_exit = false;
  bool exit_pending = false;     ///< To be ended at the next suspension; Relations::pending_reason says why.
  bool ending = false;           ///< Its body is being destroyed: nothing is thrown any more.
  std::uint16_t no_kill = 0;     ///< NoKill scopes it is in.
  std::uint32_t mail_count = 0;  ///< User messages waiting.

  // --- The rest ---------------------------------------------------------------------------------------
  std::uint32_t slot = 0;
  std::uint32_t serial = 0;
  std::uint64_t mail_bytes = 0;
  std::uint64_t reductions = 0;
  Pid asking{};  ///< Whose request the handler is working on; nobody once it is answered.
  Ref asking_ref{};
  Pid group_leader{};
  std::unique_ptr<Relations> relations;

  [[nodiscard]] Relations& related() {
    if (!relations) relations = std::make_unique<Relations>();
    return *relations;
  }
  [[nodiscard]] bool is_living() const noexcept { return state != State::free; }
  [[nodiscard]] bool has_relations() const noexcept { return relations != nullptr; }
};
static_assert(sizeof(Process) <= 256, "goal of performance-notes.md section 2");

/// The blocks of one core, by slot.
class ProcessTable {
 public:
  explicit ProcessTable(std::size_t processes_max) noexcept : processes_max_(processes_max) {}

  /// Null when the limit is reached.
  [[nodiscard]] Process* make();
  void free(Process& process) noexcept;
  /// The living process of this slot and serial, or null.
  [[nodiscard]] Process* find(std::uint32_t slot, std::uint32_t serial) noexcept {
    if (slot >= made_) return nullptr;
    Process& process = chunks_[slot / kChunk][slot % kChunk];
    return process.serial == serial && process.is_living() ? &process : nullptr;
  }
  [[nodiscard]] std::size_t living() const noexcept { return living_; }
  template <class F>
  void for_each_living(F&& visit) {
    for (std::uint32_t slot = 0; slot < made_; ++slot) {
      Process& process = chunks_[slot / kChunk][slot % kChunk];
      if (process.is_living()) visit(process);
    }
  }
  /// The living ones among these slots.
  template <class Slots, class F>
  void for_each_of(const Slots& slots, F&& visit) {
    for (const std::uint32_t slot : slots) {
      Process& process = chunks_[slot / kChunk][slot % kChunk];
      if (process.is_living()) visit(process);
    }
  }

 private:
  static constexpr std::uint32_t kChunk = 256;
  const std::size_t processes_max_;
  std::vector<std::unique_ptr<Process[]>> chunks_;
  std::uint32_t made_ = 0;
  std::size_t living_ = 0;
  Process* free_ = nullptr;  ///< Linked by run_next.
};

}  // namespace pulpo
