// SPDX-License-Identifier: Apache-2.0
//
// Core: one loop, one thread, and the processes pinned to it.
//
// The scheduler's loop runs on a pooled stack and calls processes directly. Only when one suspends midway does the loop
// move: it goes on on another pooled stack and leaves the old one to the process. When that process is resumed and returns, it
// returns into the loop on its own stack, which thereby becomes the loop's. A handler that does not block costs no switch.
//
//   Order      What one process sends another is handled in the order of sending: on one core at once, between cores through
//              one inbox a core, filled in chains.
//   Threads    Its own, but for post() and the counters.
//   Suspends   suspend() and what is built on it; never the loop itself, but to sleep.
//   Bounds     kSliceActivations activations, then I/O; kHandlerMessages messages a server in one of them.
//   Cost       See performance-notes.md section 2: 5 to 10 ns a message between servers on one core.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "io/loop.hpp"
#include "proc/core_watch.hpp"
#include "proc/descriptor.hpp"
#include "proc/driver.hpp"
#include "proc/inbox.hpp"
#include "proc/message_chain.hpp"
#include "proc/message_pool.hpp"
#include "proc/process.hpp"
#include "proc/reclaimer.hpp"
#include "proc/registry.hpp"
#include "proc/router.hpp"
#include "proc/run_queue.hpp"
#include "proc/send_timers.hpp"
#include "proc/spin.hpp"
#include "proc/stack_pool.hpp"
#include "pulpo/log.hpp"
#include "pulpo/process_info.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

struct BlockingJob;
class IoWait;
class Watchdog;
struct SpawnOrder;

/// Something with output that gathers during a slice and leaves at its end (a session's frames).
class Flusher : public ListHook<Flusher> {
 public:
  virtual ~Flusher() = default;
  virtual void flush() = 0;
};

class Core {
 public:
  Core(Runtime& runtime, Registry& registry, unsigned index, unsigned count);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core();

  /// The core of the calling thread, or null outside the runtime's threads.
  [[nodiscard]] static Core* current() noexcept;
  [[nodiscard]] static Core& here() noexcept;
  /// detail::LargeBlockTaker: the calling thread's core frees it bit by bit.
  static bool take_large_block(void* memory, std::size_t bytes) noexcept {
    Core* const core = current();
    if (core != nullptr) core->reclaimer_.take(memory, bytes);
    return core != nullptr;
  }
  /// Makes the loop; on the thread that will run().
  [[nodiscard]] Outcome<void> open();
  /// Runs processes until stop() was asked for and everything has ended.
  void run();

  // --- Without a thread: by the runtime's driver -----------------------------------------------------
  enum class Step : std::uint8_t { rests, cut_short, ended };
  /// Runs what can run at the present time, at most `slices` slices of it, and comes back to the driver's stack.
  Step step(unsigned slices);
  /// True when a step would find something to do, besides what the loop has.
  [[nodiscard]] bool has_work() const noexcept { return !runnable_.empty() || !inbox_.empty(); }
  /// It was stopped, and everything on it has ended.
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

  // --- Any thread -------------------------------------------------------------------------------------
  /// Runs `function` on this core between slices, after every signal that the calling core sent here before; it must not suspend.
  void post(std::function<void()> function);
  /// Starts a process; for threads that are no core's.
  void post_spawn(std::unique_ptr<Body> body);
  [[nodiscard]] CoreWatch& watch() noexcept { return watch_; }
  [[nodiscard]] const CoreWatch& watch() const noexcept { return watch_; }
  [[nodiscard]] std::size_t process_count() const noexcept { return process_count_.load(std::memory_order_relaxed); }

  // --- This core's thread -------------------------------------------------------------------------------
  [[nodiscard]] Runtime& runtime() noexcept { return runtime_; }
  [[nodiscard]] io::Loop& loop() noexcept { return *loop_; }
  [[nodiscard]] const std::string& loop_reason() const noexcept { return loop_reason_; }
  [[nodiscard]] const SpinPlan& spin_plan() const noexcept { return spin_plan_; }
  [[nodiscard]] unsigned index() const noexcept { return index_; }
  /// The running process, or null between processes.
  [[nodiscard]] Process* process() noexcept { return current_process_; }
  [[nodiscard]] Pid pid_of(const Process& process) const noexcept {
    // In one piece of eight bytes and one of four, as it is read: three of four would make the reader wait for the stores (10 ns).
    const std::uint64_t first = std::uint64_t{index_ << Pid::kSlotBits | process.slot} << 32;
    static_assert(kOwnNode == 0 && offsetof(Pid, id) == 4);
    Pid pid;
    std::memcpy(static_cast<void*>(&pid), &first, sizeof first);
    pid.serial = process.serial;
    return pid;
  }
  [[nodiscard]] Process* find(const Pid& pid) noexcept { return processes_.find(pid.slot(), pid.serial); }

  /// Those of suspended processes, and the loop's own.
  [[nodiscard]] std::size_t stacks_in_use() const noexcept { return stacks_.in_use(); }

  [[nodiscard]] MessagePtr make(Signal kind) { return MessagePtr(messages_.take(kind)); }
  [[nodiscard]] Ref make_ref() noexcept;
  /// Sends a signal to wherever `to` (or `name` and `to.node`) is. False: a link is over its limit and the sender should wait.
  bool send(MessagePtr message);
  /// Answers a signal for somebody who does not exist: a request and a monitor get `why`, a link breaks with it, the rest vanishes.
  void undeliverable(MessagePtr message, const Term& why);
  /// The same for somebody on a node that cannot be reached (GS-6, SIG-17).
  void unreachable(MessagePtr message, Atom node);
  /// Hands a signal to another core, whatever it is for.
  void forward(unsigned core, MessagePtr message) {
    message->body.share();
    push_outbox(core, message.release());
  }
  /// Writes `address` into a message: pid, name here, or name on another node.
  void address(Message& message, const Address& address);
  [[nodiscard]] SendTimers& send_timers() noexcept { return send_timers_; }

  /// Leaves the running process until wake(): the deadline in `wait`, an answer, or an exit signal. Throws Killed as documented in
  /// pulpo/process.hpp. Returns false when it did not suspend, or not to the end, because the process is being ended and may not be thrown
  /// at.
  bool suspend(Wait& wait);
  /// Before something is begun that must be awaited: makes sure of the stack that park() will need. Throws as suspend() does; false when
  /// the process is being ended and may not be thrown at.
  [[nodiscard]] bool prepare_to_park();
  /// Leaves the running process until wake(), whatever comes meanwhile, and throws nothing: a deadline and an exit signal only call
  /// wait.interrupt(). After prepare_to_park().
  void park(IoWait& wait) noexcept;
  /// Throws Killed when an exit signal waits for the running process and it may be thrown at.
  void check_exit();
  void wake(Process& process) noexcept;
  void requeue(Process& process) noexcept { run_queue_push(process); }
  /// Counts work of the running process, and lets others run when it has had its share.
  void spend(unsigned reductions);
  /// The part of send() that most messages take.
  [[nodiscard]] bool send_here(const Pid& to, Signal kind, Term& body) noexcept;
  /// The same for a struct, which the caller makes in the room that is returned before anything else happens; null: the long way.
  [[nodiscard]] void* send_here(const Pid& to, Signal kind, const detail::TypedMessage& type) noexcept;
  /// The same for a process of another core, which makes a term of the struct where one is wanted.
  [[nodiscard]] void* send_across(const Pid& to, Signal kind, const detail::TypedMessage& type) noexcept;
  /// Ends the slice after the running activation: there is enough output to send.
  void end_slice() noexcept { slice_left_ = 0; }

  /// Hands a job of blocking() to the runtime's threads, or to the driver's. False: none can be had.
  [[nodiscard]] bool submit(const std::shared_ptr<BlockingJob>& job);
  /// True: it has not begun, and never will.
  [[nodiscard]] bool withdraw(BlockingJob& job) noexcept;

  [[nodiscard]] Result<Spawned> spawn(std::unique_ptr<Body> body, const SpawnOptions& options);
  /// Runs `question` on another core (or this), between its slices, and suspends until its answer is here.
  [[nodiscard]] Result<Term> ask(unsigned core, std::function<Term(Core&)> question);
  /// The same for an answer that comes later: `question` gets the pid and reference that answer() wants.
  using Later = std::function<void(Core&, const Pid&, const Ref&)>;
  [[nodiscard]] Result<Term> ask_later(unsigned core, Later question);
  void answer(const Pid& asker, const Ref& ref, const Term& value);
  /// A process of another node, or of this, wants one here: `message` is its spawn_request.
  void take_spawn_request(MessagePtr message);
  /// Says that `process` has failed, here and on the node of its group leader (LOG-7).
  void report_failure(const Process& process, std::string_view report);
  /// The living processes here whose group leader is `leader`, as a list.
  [[nodiscard]] Term group_of(const Pid& leader);
  [[nodiscard]] Registry& registry() noexcept { return registry_; }
  /// Notes that a process has a link or monitor with a process of `node`.
  void relate(Process& process, NodeIndex node);
  /// The connection to a node is gone, known as `life` to its pids and as `by_name` to those who named it: every wait, link and
  /// monitor towards it fires once with noconnection (SIG-15).
  void node_down(NodeIndex life, NodeIndex by_name, Atom name);
  [[nodiscard]] NodeIndex index_of_node(Atom node);
  /// Suspends the running process until the link to `node` has room again, or is down.
  void wait_for_link(NodeIndex node);
  void link_has_room(NodeIndex node);

  /// Calls `flusher.flush()` once, at the end of the present slice.
  void flush_soon(Flusher& flusher) noexcept {
    if (!flusher.is_linked()) flushers_.push_back(flusher);
  }

  /// Closed when this core ends, unless its owner was quicker.
  void keep(detail::Descriptor& descriptor) noexcept { descriptors_.push_back(descriptor); }
  /// Asks it again after the present slice.
  void hold_back(HeldBack& held) noexcept {
    if (!held.is_linked()) held_back_.push_back(held);
  }

  /// After a message to another core: makes the running process wait while that core's inbox is full. For what a process may send without
  /// end.
  void wait_for_core(unsigned core);
  void core_has_room(unsigned core);
  /// Makes the running process wait until the mailboxes that it filled have room (WhenFull::suspend).
  void wait_for_mailbox();
  [[nodiscard]] MailboxLimit mailbox_limit(const Process& process) const noexcept;
  void set_mailbox_limit(Process& process, const MailboxLimit& limit);

  // --- Aliases: references of this core that are addresses of its processes (SIG-14) -------------------
  void add_alias(Process& process, const Ref& ref, AliasMode mode);
  /// Takes a monitor of `process` back. False when there was none.
  bool drop_monitor(Process& process, const Ref& ref);
  /// False when it was not active.
  bool remove_alias(Process& process, const Ref& ref);

  /// A snapshot of one of this core's processes. Without its relations (links, monitors, who monitors it) it costs the same for all.
  [[nodiscard]] ProcessInfo describe(const Process& process, bool with_relations = true);
  /// What ProcessInfo::memory says.
  [[nodiscard]] std::size_t memory_of(const Process& process) const;
  [[nodiscard]] std::size_t stack_resident_of(const Process& process) const;
  [[nodiscard]] std::vector<Pid> list();
  [[nodiscard]] ProcessTable& processes() noexcept { return processes_; }
  /// Processes in the run queue.
  [[nodiscard]] std::uint32_t runnable() const noexcept { return watch_.runnable(); }
  /// What has come into mailboxes here since the start. Replies to calls do not: they go to who waits.
  [[nodiscard]] std::uint64_t mail_total() const noexcept { return mail_total_; }
  /// Of each size of stack on this core.
  [[nodiscard]] std::vector<StackUsage> stack_usage();
  /// Messages made here that have not come back.
  [[nodiscard]] std::size_t messages_in_use() const noexcept { return messages_.in_use(); }

  /// Before run(): tell that one when the core wakes. Null: no longer.
  void set_watchdog(Watchdog* watchdog) noexcept { watchdog_.store(watchdog, std::memory_order_release); }
  // --- This core's thread, also in a signal handler ---------------------------------------------------
  [[nodiscard]] const StackPool& pool_of(const Process& process) const noexcept {
    return process.stack_class == 0 ? stacks_ : *stack_pools_[process.stack_class - 1];
  }
  [[nodiscard]] std::size_t stack_bytes_of(const Process& process) const noexcept { return pool_of(process).stack_bytes(); }
  [[nodiscard]] std::size_t running_stack_bytes() const noexcept {
    return current_process_ != nullptr ? stack_bytes_of(*current_process_) : stacks_.stack_bytes();
  }
  /// Whether less than a quarter of the stack that runs now is left: who calls somebody whose depth it does not know asks before.
  [[nodiscard]] bool is_stack_short() const noexcept {
    if (this_stack_ == nullptr) return false;
    const char* const here = static_cast<const char*>(__builtin_frame_address(0));
    return static_cast<std::size_t>(here - this_stack_->bottom()) < this_stack_->size() / 4;
  }
  /// In the guard page of the stack that runs now.
  [[nodiscard]] bool is_below_stack(const void* address) const noexcept {
    if (this_stack_ == nullptr || !this_stack_->guarded) return false;
    const auto* const at = static_cast<const char*>(address);
    return at < this_stack_->bottom() && at >= this_stack_->bottom() - stacks_.page_bytes();
  }

  /// Sets the reason with which `process` will end at its next suspension; the first reason stays.
  void end_process(Process& process, const Term& reason);
  [[nodiscard]] Message* take_mail(Process& process, Message** link) noexcept;
  /// Marks a request that was taken out of a mailbox as owed an answer.
  void owe(Process& process, const Message& request);

 private:
  friend void release_message(Message* message) noexcept;
  friend class Runtime;

  // The order of arrival is the order of these numbers' use: see performance-notes.md sections 5 and 8.
  static constexpr int kSliceActivations = 256;
  // After a sleep: whoever waits at the other end of a link, perhaps asleep as well, begins on the first results while we do the rest.
  static constexpr int kWakingActivations = 24;
  static constexpr unsigned kHandlerMessages = 32;
  /// Signals taken from the inbox in one slice: at 50 ns each they take 0.2 ms. Others that fill it faster than it is emptied must not
  /// keep this core from its own work.
  static constexpr unsigned kInboxSlice = 4096;
  /// Messages for another core after which it gets them before the end of the slice: it works on these while this one makes more. Each
  /// time costs one exchange of a word that both cores write; a server makes as many in one activation. They count like activations, so
  /// that a core that sends soon looks at what comes back.
  static constexpr unsigned kOutboxFull = 32;
  static constexpr unsigned kEmptyMax = 256;     ///< Empty blocks kept for each other core: a slice's, 24 KiB.
  static constexpr unsigned kReductions = 2000;  ///< Sends and the like before a process makes way, as in the BEAM.
  /// What a spawn counts for. So a process that only spawns has some 200 children that have not run yet, and not as many as there
  /// may be.
  static constexpr unsigned kSpawnReductions = 10;

  // core.cpp: the loop
  static void loop_entry(void* self);
  void run_loop();
  void between_slices();
  void leave_step() noexcept;
  void make_way();
  void run_blocking_jobs() noexcept;
  [[nodiscard]] bool spin();
  void activate(Process& process);
  void run_process(Process& process) noexcept;
  [[gnu::always_inline]] inline bool run_body(Process& process);
  void run_on_own_stack(Process& process);
  static void own_stack_entry(void* self);
  void serve_on_own_stack();
  /// Of processes with stacks of that size; 0: of those that run on the loop's own. Errors: bad_argument (beyond kStackBytesMax).
  [[nodiscard]] Result<std::uint8_t> stack_class_of(std::size_t bytes);
  void report_exception(const Process& process, const Term& reason);
  void finish(Process& process, const Term& reason) noexcept;
  void run_queue_push(Process& process) noexcept;
  void queue_spawned(Process& process) noexcept;
  void stop_processes();
  void leave(Wait& wait, Stack& next) noexcept;
  void close_descriptors() noexcept;
  void ask_held_back();
  /// Lets go of what was still on its way, after all threads ended and before any core is destroyed: messages lie in the
  /// pool of the core that made them.
  void discard_left();

  // between_cores.cpp: outboxes, inboxes, and blocks on their way home
  void drain_inbox();
  void flush_outboxes() noexcept;
  void arrive(Message* message);
  void arrive_typed(Message* message);
  void return_empty(unsigned core) noexcept;
  void return_all_empty() noexcept;
  void push_outbox(unsigned core, Message* message) noexcept;
  void recycle(Message* message) noexcept;
  void send_home(Message* message) noexcept;
  friend void release_message(Message* message) noexcept;

  // delivery.cpp: what each signal does on arrival
  void deliver(MessagePtr message);
  void deliver_to(Process& process, MessagePtr message);
  void append_mail(Process& process, MessagePtr message);
  void queue_mail(Process& process, Message* message) noexcept;
  [[nodiscard]] Process* take_room(const Pid& to, std::size_t bytes) noexcept;
  [[nodiscard]] MessagePtr mailbox_full(Process& process, MessagePtr message, const MailboxLimit& limit);
  void drop(Process& process, MessagePtr message);
  void release_senders(Process& process);
  void deliver_to_alias(MessagePtr message);
  [[nodiscard]] bool awaits(const Process& process, const Ref& ref) const noexcept {
    return process.awaits_answer() && process.awaited == ref.number() && ref.first == index_ && ref.node == kOwnNode;
  }
  void answer_wait(Process& process, MessagePtr answer);
  void deliver_exit(Process& process, const Message& message);
  void deliver_link_exit(Process& process, const Message& message);
  void deliver_down(Process& process, MessagePtr message);
  void acknowledge_unlink(const Message& unlink);
  void announce_end(Process& process, const Term& reason);

  // spawn.cpp
  [[nodiscard]] Result<Spawned> spawn_here(std::unique_ptr<Body> body, const SpawnOptions& options, const Pid& spawner, const Ref& monitor,
                                           const Pid& leader);
  [[nodiscard]] Result<Spawned> spawn_elsewhere(std::unique_ptr<Body> body, const SpawnOptions& options);
  void take_order(SpawnOrder& order);

  // remote_spawn.cpp
  void spawn_requested(MessagePtr message);
  void refuse_spawn(const Message& request, const Term& why);
  void deliver_spawn_reply(Process& process, MessagePtr message);
  void break_link_of_spawned(const Message& reply, const Term& why);
  void fail_pending_spawns(Process& process, NodeIndex life, NodeIndex by_name);

  Runtime& runtime_;
  Registry& registry_;
  const unsigned index_;
  const unsigned count_;
  const std::size_t mail_messages_max_;
  const std::size_t mail_bytes_max_;
  Driver* const driver_;  ///< Null: a thread of its own.
  std::unique_ptr<io::Loop> loop_;
  std::string loop_reason_;
  CoreWatch watch_;
  std::atomic<Watchdog*> watchdog_{nullptr};
  SpinPlan spin_plan_;
  Spinner spinner_;

  RunQueue runnable_{kSliceActivations};
  Process* current_process_ = nullptr;
  int slice_left_ = 0;
  unsigned reductions_left_ = kReductions;
  std::uint64_t mail_total_ = 0;
  Stack* this_stack_ = nullptr;
  Stack thread_stack_;                                     ///< Of the thread, or of the driver, that run() or step() was called on.
  unsigned step_slices_ = 0;                               ///< What is left of a step.
  IntrusiveList<BlockingJob, BlockingJob> blocking_jobs_;  ///< With a driver: to be run after the present step.
  bool ended_ = false;

  struct Outbox {
    MessageChain leaving;
    std::uint32_t weight = 0;  ///< Of `leaving`.
    bool urgent = false;       ///< `leaving` holds more than blocks on their way home.
    bool is_held_up = false;   ///< That core's inbox is full; it will call core_has_room().
    MessageChain empty;        ///< Blocks of that core: the next messages for it, or home when they are many or nothing else is to do.
    IntrusiveList<LinkWait, LinkWait> senders;  ///< Held up by it.
  };
  std::vector<Outbox> outboxes_;
  bool outbox_is_full_ = false;
  IntrusiveList<Flusher, Flusher> flushers_;
  Reclaimer reclaimer_;

  IntrusiveList<HeldBack, HeldBack> held_back_;
  IntrusiveList<detail::Descriptor, detail::Descriptor> descriptors_;

  struct Peer {
    IntrusiveList<LinkWait, LinkWait> senders;  ///< Held up by a full link.
    std::unordered_set<std::uint32_t> related;  ///< Slots of processes with links or monitors there; may name dead ones.
  };
  [[nodiscard]] Peer& peer(NodeIndex node);
  void fire_noconnection(Process& process, NodeIndex life, NodeIndex by_name);
  std::vector<std::unique_ptr<Peer>> peers_;
  Atom last_node_ = atoms::undefined;  ///< The latest answer of index_of_node().
  NodeIndex last_node_index_ = ~NodeIndex{0};

  /// What ends a wait in time. It is left armed when the wait ends before, which nearly all do: the next wait of that process has a later
  /// deadline, and takes it over.
  class Alarm final : public io::Timer {
   public:
    Alarm(Core& core, Process& process) noexcept : core_(core), process_(process) {}
    bool still_wanted() noexcept override;

   private:
    void expired() override;
    Core& core_;
    Process& process_;
  };
  void set_alarm(Process& process, TimePoint due);
  std::unordered_map<std::uint32_t, Alarm> alarms_;  ///< By slot.

  SendTimers send_timers_;
  std::uint64_t next_ref_ = 1;
  bool stopping_ = false;
  std::atomic<std::size_t> process_count_{0};

  MessagePool messages_;
  ProcessTable processes_;
  StackPool stacks_;
  // 16 KiB to 64 MiB in powers of two: 13 sizes at most, which fit Process::stack_class.
  static constexpr std::size_t kStackBytesMax = 64u << 20;
  std::vector<std::unique_ptr<StackPool>> stack_pools_;       ///< Of sizes other than the usual; made when first asked for.
  std::unordered_map<std::uint64_t, std::uint32_t> aliases_;  ///< Ref::number() to slot.
  Inbox inbox_;
};

/// Adds pid, registered name and node of whoever runs on this thread (log::Source).
void add_log_fields(std::vector<log::Field>& fields);

/// The exit reason that the exception now being handled stands for (SIG-6, D12). For use in a catch block.
[[nodiscard]] Term reason_of_exception(const Process& process);

}  // namespace pulpo

#include "proc/core_inline.hpp"  // IWYU pragma: export
