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

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/flat_map.hpp"
#include "base/intrusive_list.hpp"
#include "proc/message.hpp"
#include "pulpo/process.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class Core;
class Process;
class Stack;

/// What a suspended process waits for.
enum class WaitKind : std::uint8_t { none, message, reply, spawn, sleep, turn, link, io, mailbox };
[[nodiscard]] const char* to_string(WaitKind kind) noexcept;

/// Why a process is suspended. Lives on its stack while it is. What arrives looks at the process alone: a stack that has been left is
/// cold memory.
struct Wait {
  Wait(WaitKind kind_, Process& process_, Core& core_) noexcept : core(core_), process(process_), kind(kind_) {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;
  /// However its frame is left, also by an exception: nobody looks at it any more.
  ~Wait();

  Core& core;
  Process& process;
  const WaitKind kind;
  bool timed_out = false;
  TimePoint deadline = kNever;
  const Address* target = nullptr;  ///< reply: whose; for the live view and the wait-for graph.
};

/// A process that waits for the answer to one reference, which this core made. The answer is kept by the process, see
/// Process::answer.
struct ReplyWait : Wait {
  ReplyWait(Process& process_, Core& core_, Ref ref_, WaitKind kind_ = WaitKind::reply) noexcept;
  ~ReplyWait();
  [[nodiscard]] bool is_answered() const noexcept;
  /// The signal that answered: Signal::reply, or one that says why there is none.
  [[nodiscard]] MessagePtr take_answer() noexcept;

  const Ref ref;
  NodeIndex node = kOwnNode;  ///< Whose end ends the wait.
  Ref monitor_on_answer{};    ///< WaitKind::spawn: the answer is the new pid, monitored before anything else arrives.

 private:
  bool taken_ = false;
};

/// A process whose message filled the link to another node, or the inbox of another core.
struct LinkWait : Wait, ListHook<LinkWait> {
  LinkWait(Process& process_, Core& core_) noexcept : Wait(WaitKind::link, process_, core_) {}
  ~LinkWait() { unlink(); }
};

/// Something that is over when its process is, also where somebody else has it.
class EndsWithProcess : public ListHook<EndsWithProcess> {
 public:
  virtual ~EndsWithProcess() { unlink(); }
  /// On the process' core, in its end. It is on no list any more.
  virtual void process_ended() noexcept = 0;
};

/// A process that was asked for elsewhere and has not begun as far as we know.
struct PendingSpawn {
  NodeIndex node = kOwnNode;
  bool tells = false;  ///< {:spawn_reply, …, :ok, pid} is wanted, not its failure alone.
};

/// What few processes ever have.
struct RareRelations {
  FlatMap<Ref, AliasMode> aliases;
  FlatMap<Ref, PendingSpawn> spawns;
  std::optional<MailboxLimit> mailbox;  ///< Instead of the runtime's; Process::limited is set.
  std::uint64_t dropped = 0;            ///< Messages that the mailbox's limit cost.
  IntrusiveList<EndsWithProcess, EndsWithProcess> dependents;
  FlatMap<Pid, bool> held_senders;  ///< Who waits for our mailbox; Process::holds_up is set while there is one.
  std::uint32_t held_by = 0;        ///< Whose mailboxes we wait for; Process::held is set while there is one.
  Term pending_reason;              ///< Why it is being ended, once exit_pending is set.
};

/// Links, monitors and the like of one process.
struct Relations {
  struct Link {
    bool active = true;
    std::uint32_t unlinks_pending = 0;  ///< Unlinks not acknowledged yet; until then exit signals of the old link are ignored (SIG-10).
  };
  FlatMap<Pid, Link> links;
  FlatMap<Ref, Address> monitors;  ///< What this process monitors.
  FlatMap<Ref, Pid> watchers;      ///< Who monitors it.
  FlatMap<Ref, Pid> owed;          ///< Requests put aside and not answered yet.
  std::optional<Atom> name;
  std::unique_ptr<RareRelations> rare;

  [[nodiscard]] RareRelations& rarely() {
    if (!rare) rare = std::make_unique<RareRelations>();
    return *rare;
  }
};

class alignas(128) Process {
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
  WaitKind waits_for = WaitKind::none;  ///< `wait`'s kind.
  bool started : 1 = false;
  bool serves : 1 = false;  ///< A server: handle() gets each message.
  bool trap_exit : 1 = false;
  bool exit_pending : 1 = false;     ///< To be ended at the next suspension; Relations::pending_reason says why.
  bool ending : 1 = false;           ///< Its body is being destroyed: nothing is thrown any more.
  bool settled : 1 = false;          ///< `handling` has been answered.
  bool answered : 1 = false;         ///< `answer` is set, `awaited` is not.
  bool has_alarm : 1 = false;        ///< Core::alarms_ has one of ours.
  bool limited : 1 = false;          ///< RareRelations::mailbox is set.
  bool holds_up : 1 = false;         ///< Senders wait for its mailbox.
  bool takes_typed : 1 = false;      ///< Its body is told of messages that are structs.
  bool held : 1 = false;             ///< It waits for a mailbox, or will with its next message.
  std::uint8_t stack_class : 4 = 0;  ///< Core::stack_pools_: where its stack comes from; 0: the loop's own, on loan.
  std::uint16_t no_kill = 0;         ///< NoKill scopes it is in.
  std::uint32_t mail_count = 0;      ///< User messages waiting.
  std::uint32_t serial = 0;

  // --- The second -----------------------------------------------------------------------------------------
  union {
    std::uint64_t awaited = 0;  ///< Ref::number() of what a ReplyWait waits for the answer to; 0: nothing.
    Message* answer;            ///< That answer, owned, once `answered`.
  };
  Message* handling = nullptr;   ///< A server: the request that its handler works on, owned.
  TimePoint alarm_due = kNever;  ///< When the alarm in Core::alarms_ goes off: not after the deadline of `wait`, and often long before.
  std::uint64_t mail_bytes = 0;
  std::uint64_t reductions = 0;
  std::unique_ptr<Relations> relations;
  Pid group_leader{};
  std::uint32_t slot = 0;

  [[nodiscard]] Relations& related() {
    if (!relations) relations = std::make_unique<Relations>();
    return *relations;
  }
  /// Once exit_pending is set.
  [[nodiscard]] const Term& pending_reason() const noexcept { return relations->rare->pending_reason; }
  [[nodiscard]] bool is_living() const noexcept { return state != State::free; }
  [[nodiscard]] bool has_relations() const noexcept { return relations != nullptr; }
  /// It waits for an answer that has not come.
  [[nodiscard]] bool awaits_answer() const noexcept { return !answered && awaited != 0; }
};
// Two cache lines, which processors fetch as a pair.
static_assert(sizeof(void*) == 4 || sizeof(Process) == 128, "goal of performance-notes.md section 2: at most 256");

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
  /// By the slot of one that was made.
  [[nodiscard]] Process& at(std::uint32_t slot) noexcept { return chunks_[slot / kChunk][slot % kChunk]; }
  [[nodiscard]] std::size_t living() const noexcept { return living_; }
  template <class F>
  void for_each_living(F&& visit) {
    for (std::uint32_t slot = 0; slot < made_; ++slot) {
      Process& process = chunks_[slot / kChunk][slot % kChunk];
      if (process.is_living()) visit(process);
    }
  }
  /// One more than the highest slot that was ever used.
  [[nodiscard]] std::uint32_t slots() const noexcept { return made_; }
  /// The living ones from `first` to before `end`: a part of a walk that lets others run in between.
  template <class F>
  void for_each_living(std::uint32_t first, std::uint32_t end, F&& visit) {
    for (std::uint32_t slot = first; slot < std::min(end, made_); ++slot) {
      Process& process = at(slot);
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
