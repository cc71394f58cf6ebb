// SPDX-License-Identifier: Apache-2.0
//
// Processes: what Elixir's Process and Kernel modules offer, as C++ calls.
//
// A process is a stackful coroutine with a mailbox, pinned to one core for life. These calls suspend
// only the process that makes them; the core goes on with others.
//
//   Order      Signals from one process to another arrive in the order of sending (SIG-1).
//   Threads    Inside a process only, unless a call says otherwise: outside one they stop the node. A program's
//              other threads use Runtime (pulpo/runtime.hpp).
//   Suspends   receive, call, sleep, yield, and everything documented so. A process that is being killed
//              gets pulpo::Killed thrown there, once more at each further suspension if it swallows it. During
//              unwinding, in a NoKill scope and while a server's object is destroyed nothing is thrown, and the call
//              returns at once with an error. A destructor of an author's own that suspends must hold a NoKill: C++ ends
//              the program when an exception leaves a destructor, and cannot be asked whether it is in one.
//   Bounds     A mailbox holds 10^6 user messages or 64 MiB of them (MailboxLimit says what happens then, and sets another limit). Exit
//              and down signals and replies do not count.
//   Cost       A send on one core: no lock, no atomic, one block from the core's free list.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "pulpo/error.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"

namespace pulpo {

class Runtime;

/// Thrown at a suspension point of a process that is being killed or ended by a link. Not a std::exception: catch
/// named types only, and it always reaches the top of the process.
struct Killed {};

/// Thrown by exit(reason). Not a std::exception, for the same reason.
struct Exiting {
  Term reason;
};

// --- Where a message goes ---------------------------------------------------------------------

/// A process by pid, by a name registered here, or by a name on another node ({Name, Node}).
class Address {
 public:
  Address(const Pid& pid) noexcept : pid_(pid), by_name_(false) {}  // NOLINT: a pid is one
  Address(Atom name) noexcept : name_(name), by_name_(true) {}      // NOLINT: and a name
  Address(Atom name, Atom node) noexcept : name_(name), node_(node), by_name_(true) {}

  [[nodiscard]] bool is_name() const noexcept { return by_name_; }
  [[nodiscard]] const Pid& pid() const noexcept { return pid_; }
  [[nodiscard]] Atom name() const noexcept { return name_; }
  [[nodiscard]] std::optional<Atom> node() const noexcept { return node_; }
  /// As GS-6 shows it in an exit reason: the pid, the name, or {Name, Node}.
  [[nodiscard]] Term term() const;

 private:
  Pid pid_{};
  Atom name_{};
  std::optional<Atom> node_{};
  bool by_name_;
};

// --- Life ---------------------------------------------------------------------------------------

/// What happens to a user message for a process whose mailbox is full. Signals of the runtime (exit, down, replies) always pass.
enum class WhenFull : std::uint8_t {
  stop,         ///< The receiver ends with {:mailbox_limit, messages, bytes}: it is too slow, and its supervisor starts it afresh.
  suspend,      ///< Senders of this node wait until half of it is empty. Those of other nodes cannot be held up, and twice the limit stops.
  refuse,       ///< Requests fail at once with mailbox_full; other messages are dropped.
  drop_newest,  ///< The message is dropped; a request fails with mailbox_full, so that its caller need not wait for its timeout.
  drop_oldest,  ///< The oldest message makes room: for readings, of which the latest counts. A request that is dropped fails with
                ///< mailbox_full.
};

/// The limit of one mailbox, over user messages alone.
struct MailboxLimit {
  std::size_t messages_max = 1'000'000;
  std::size_t bytes_max = 64u << 20;  ///< A single message counts for half of it at most.
  WhenFull when_full = WhenFull::stop;
};

struct SpawnOptions {
  bool link = false;                         ///< Linked to the spawner, atomically (SIG-11).
  bool monitor = false;                      ///< Monitored by the spawner; see Spawned::monitor.
  std::optional<Atom> name = {};             ///< Registered before it runs; spawn fails when the name is taken.
  std::optional<unsigned> core = {};         ///< The spawner's own core when empty.
  std::optional<MailboxLimit> mailbox = {};  ///< The runtime's (RuntimeOptions) when empty.
  std::size_t stack_bytes = 0;               ///< 0: the runtime's. Else rounded up to a power of two, at most 64 MiB.
};

struct Spawned {
  Pid pid;
  Ref monitor = {};  ///< Set when SpawnOptions::monitor was.
};

/// What a process runs: most callers use spawn(function) instead of deriving.
class Body;

/// Starts a process that runs `function` and ends when it returns. Move-only callables are welcome. On another core
/// than the caller's it suspends until that core has answered; terms that the function holds must have been share()d then, since
/// nobody can look into it. Errors: already_exists (the name is taken),
/// busy (process limit), bad_argument (no such core).
[[nodiscard]] Result<Spawned> try_spawn(std::unique_ptr<Body> body, const SpawnOptions& options);

class Body {
 public:
  Body() = default;
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;
  virtual ~Body() = default;
  /// Runs once, on the process, and may suspend. Returning false ends the process with reason `normal`. Returning true makes
  /// it a server: from then on it holds no stack while idle, and gets each message through handle().
  virtual bool start() = 0;
  /// A message for a server, borrowed until it returns. May suspend; messages that come meanwhile wait.
  virtual void handle(const struct Message& message);
  /// It looks at messages that are still structs (Signal::typed), instead of having them made into terms.
  [[nodiscard]] virtual bool takes_typed() const noexcept { return false; }
  /// What it is, for people: the class of a server, the function of a process. Any core; lives as long as the program.
  [[nodiscard]] virtual std::string_view what() const noexcept { return "process"; }
};

namespace detail {
template <class F>
class FunctionBody final : public Body {
 public:
  explicit FunctionBody(F function) : function_(std::move(function)) {}
  bool start() override {
    std::move(function_)();
    return false;
  }
  [[nodiscard]] std::string_view what() const noexcept override { return detail::type_name<F>(); }

 private:
  F function_;
};
Spawned spawn_or_exit(std::unique_ptr<Body> body, const SpawnOptions& options);
/// In a catch block, inside a process: the exit reason that the exception being handled stands for (SIG-6, D12).
[[nodiscard]] Term exception_reason();
template <class F>
std::unique_ptr<Body> function_body(F&& function) {
  return std::make_unique<FunctionBody<std::decay_t<F>>>(std::forward<F>(function));
}
}  // namespace detail

/// The pid of the calling process.
[[nodiscard]] Pid self();
/// Spawns on the caller's core. Exits the caller with system_limit when no process can be made, with badarg when a name is taken.
template <class F>
Pid spawn(F&& function, const SpawnOptions& options = {}) {
  return detail::spawn_or_exit(detail::function_body(std::forward<F>(function)), options).pid;
}
template <class F>
Pid spawn_link(F&& function, SpawnOptions options = {}) {
  options.link = true;
  return spawn(std::forward<F>(function), options);
}
template <class F>
Spawned spawn_monitor(F&& function, SpawnOptions options = {}) {
  options.monitor = true;
  return detail::spawn_or_exit(detail::function_body(std::forward<F>(function)), options);
}

/// Ends the calling process with `reason` (SIG-6): unwinds its stack, destructors run, links and monitors hear of it.
[[noreturn]] void exit(Term reason);
/// Sends an exit signal (exit/2): SIG-7. To itself with a reason it does not trap, the process ends at once.
void exit(const Pid& pid, Term reason);
/// Sets the caller's own mailbox limit; what waits already stays.
void set_mailbox_limit(const MailboxLimit& limit);
/// True while the process lives. Local pids only; false for others.
[[nodiscard]] bool is_alive(const Pid& pid);

// --- Messages -------------------------------------------------------------------------------------

/// Never fails for a pid or a {Name, Node} (SIG-3); an unregistered local name exits the caller with badarg. Suspends only
/// when the link to another node, the inbox of another core, or a mailbox with WhenFull::suspend is full.
void send(const Address& to, Term message);
/// GenServer.cast/2: {'$gen_cast', message}, and whoever does not exist does not matter (GS-16).
void cast(const Address& to, Term message);
/// To the process that made this alias (SIG-14). One that is no longer active drops the message.
void send(const Ref& alias, Term message);

// --- Timers -------------------------------------------------------------------------------------------
// They belong to the core of the caller and not to the caller: they outlive it. Those for a pid of that core go when its process ends; a
// name is looked up when its message leaves. A core has at most RuntimeOptions::timers_max of them pending; beyond that these calls exit
// the caller with system_limit. The resolution is a millisecond, and a message is never early.

/// Delivers `message` to `to` after `delay`, unless cancelled (Process.send_after/3).
Ref send_after(Duration delay, const Address& to, Term message);
/// The same at a time of now()'s clock: for what must not drift (`abs: true`).
Ref send_at(TimePoint time, const Address& to, Term message);
/// Delivers `message` every `interval`, for the first time after one, until it is cancelled or the process of the pid ends
/// (:timer.send_interval/3); those that a stalled core has missed are left out. Exits the caller with badarg when `interval` is not above
/// zero, or the pid another node's. Suspends when the pid is another core's.
Ref send_interval(Duration interval, const Address& to, Term message);
/// How long it would still have taken; nothing when it had fired, was cancelled, or never was. Suspends when the timer is another core's.
std::optional<Duration> cancel_timer(const Ref& timer);
/// The same, and it goes on.
[[nodiscard]] std::optional<Duration> read_timer(const Ref& timer);

/// Looks at messages oldest first; those for which `wanted` returns false keep their place (SIG-4). Returns the first
/// it accepts, or nothing at the deadline. `wanted` must neither suspend nor receive. By pattern: pulpo/receive.hpp.
[[nodiscard]] std::optional<Term> receive_if(const std::function<bool(const Term&)>& wanted, Timeout timeout = Timeout::infinity());
/// The oldest message, whatever it is.
[[nodiscard]] std::optional<Term> receive_any(Timeout timeout = Timeout::infinity());

/// Suspends for `duration`, at least a millisecond's resolution.
void sleep(Duration duration);
/// Lets the core's other processes run.
void yield();
/// The loop's time, read once a turn; the only clock a process needs.
[[nodiscard]] TimePoint now();
/// The same clock read at this moment: for measuring, at the price of a clock read.
[[nodiscard]] TimePoint precise_now();
/// A reference never given before on this node.
[[nodiscard]] Ref make_ref();

// --- Links and monitors ------------------------------------------------------------------------------

/// SIG-9. To a local pid that does not live: exits a caller that does not trap with noproc.
void link(const Pid& pid);
/// SIG-10: after it returns no exit signal of that link is delivered.
void unlink(const Pid& pid);
/// How long the alias that is made with a monitor lives (SIG-14).
enum class AliasMode : std::uint8_t {
  explicit_unalias,  ///< Until unalias().
  demonitor,         ///< As long as the monitor: until demonitor() or its DOWN.
  reply_demonitor,   ///< The same; and the first message sent to it ends both.
};
/// SIG-12: {:DOWN, ref, :process, object, reason} comes once.
[[nodiscard]] Ref monitor(const Address& target);
/// The same; the reference is an alias of the caller as well.
[[nodiscard]] Ref monitor(const Address& target, AliasMode alias);
struct DemonitorOptions {
  bool flush = false;  ///< Also removes a DOWN that is already in the mailbox (SIG-13).
};
/// True when the monitor was still there (SIG-13's option `info`).
bool demonitor(const Ref& monitor, DemonitorOptions options = {});
/// A reference as an address of the caller, for as long as it wants to be reached by it: what arrives after unalias() is dropped, so that
/// a late answer meets nobody. Dies with the caller.
[[nodiscard]] Ref alias();
/// True when it was active. An alias of a monitor dies alone: the monitor stays.
bool unalias(const Ref& alias);
/// Exit signals become {:EXIT, pid, reason} messages. Returns the previous setting (SIG-8).
bool trap_exit(bool trap);

// --- Names ----------------------------------------------------------------------------------------------

/// SIG-21. Errors: already_exists (name taken, or the process has one), noproc, bad_argument (`undefined`).
Result<void> register_name(Atom name, const Pid& pid);
Result<void> unregister_name(Atom name);
[[nodiscard]] std::optional<Pid> whereis(Atom name);

// --- Requests: a call with its monitor fused into it ------------------------------------------------

/// Sends {'$gen_call', {self, ref}, request} and suspends until the reply. One signal there, one back: the request is its
/// own monitor. Errors: timeout; noproc; mailbox_full; nodedown (reason {:nodedown, node}); exited (reason is the server's); killed;
/// bad_argument (calling itself: reason :calling_self). A reply that comes later is dropped before the mailbox (GS-7).
/// `epoch`, when given, is told as which instance of its application the server took the request up, 0 when it says nothing of it: see
/// serving_epoch() (application.hpp).
[[nodiscard]] Result<Term> request(const Address& server, Term message, Timeout timeout = Timeout(5s), std::uint64_t* epoch = nullptr);
/// Answers a request that `server` received (the calling process, when it is nobody), from any process of the server's node. Once
/// answered, further replies to it are dropped.
void reply(const Pid& caller, const Ref& request, Term value, const Pid& server = {});
namespace detail {
/// A reply's value that says as which instance its server serves; request() takes it apart. {:"$epoch", epoch, value}.
[[nodiscard]] Term with_epoch(std::uint64_t epoch, Term value);
}  // namespace detail
/// Answers a request that the calling process received with a reason instead of a value: the caller's request() is an Error with
/// Errc::exited and that reason, and we live on. For a request that no clause handles.
void refuse(const Pid& caller, const Ref& request, Term reason);

// --- About processes ------------------------------------------------------------------------------------

/// No kill is delivered while one of these lives; suspending calls return at once with an error if one is waiting.
class NoKill {
 public:
  NoKill();
  ~NoKill();
  NoKill(const NoKill&) = delete;
  NoKill& operator=(const NoKill&) = delete;
};

/// Whose output and application a process belongs to (AC-55, IO-4): inherited from the spawner, nobody at first.
[[nodiscard]] Pid group_leader();
void set_group_leader(const Pid& leader);

/// Inside a process: the runtime it runs in.
[[nodiscard]] Runtime& runtime();
/// True on a thread that is running a process.
[[nodiscard]] bool inside_process() noexcept;

}  // namespace pulpo
