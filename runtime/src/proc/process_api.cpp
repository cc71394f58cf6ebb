// SPDX-License-Identifier: Apache-2.0
//
// The calls of pulpo/process.hpp, in terms of the core they run on.
#include "proc/core.hpp"
#include "pulpo/process.hpp"

namespace pulpo {
namespace {

Process& running(Core& core) {
  Process* const process = core.process();
  PULPO_ASSERT(process != nullptr && "this call belongs inside a process");
  return *process;
}

}  // namespace

// --- Life ---------------------------------------------------------------------------------------------------

Result<Spawned> try_spawn(std::unique_ptr<Body> body, const SpawnOptions& options) { return Core::here().spawn(std::move(body), options); }

Spawned detail::spawn_or_exit(std::unique_ptr<Body> body, const SpawnOptions& options) {
  auto spawned = try_spawn(std::move(body), options);
  if (spawned) return *spawned;
  exit(spawned.error().code == Errc::busy ? Term(atoms::system_limit) : Term(atoms::badarg));
}

Pid self() {
  Core& core = Core::here();
  return core.pid_of(running(core));
}

void exit(Term reason) { throw Exiting{std::move(reason)}; }

void exit(const Pid& pid, Term reason) {
  Core& core = Core::here();
  Process& process = running(core);
  const Pid me = core.pid_of(process);
  if (pid == me && !process.trap_exit && !reason.is_atom(atoms::kill)) exit(std::move(reason));
  MessagePtr signal = core.make(Signal::exit);
  signal->to = pid;
  signal->from = me;
  signal->body = std::move(reason);
  core.send(std::move(signal));
  core.check_exit();
  core.spend(1);
}

bool is_alive(const Pid& pid) {
  if (!pid.is_local()) return false;
  Core& core = Core::here();
  const auto lives = [pid](Core& its) {
    const Process* const process = its.find(pid);
    return Term(process != nullptr && !process->exit_pending && !process->ending);
  };
  core.spend(1);
  if (pid.core() == core.index()) return lives(core).is_atom(atoms::true_);
  if (pid.core() >= core.runtime().core_count()) return false;
  const auto answer = core.ask(pid.core(), lives);
  return answer && answer->is_atom(atoms::true_);
}

// --- Messages -----------------------------------------------------------------------------------------------

namespace {

void send_signal(Core& core, const Address& to, Signal kind, Term body) {
  if (!to.is_name() && core.send_here(to.pid(), kind, body)) return core.spend(1);
  MessagePtr message = core.make(kind);
  message->from = core.pid_of(running(core));
  message->body = std::move(body);
  core.address(*message, to);
  const NodeIndex node = message->to.node;
  if (message->by_name && node == kOwnNode) {
    // Looked up here, since the core behind it may hold us up.
    if (const auto holder = core.registry().find(message->name)) {
      message->to = *holder;
      message->by_name = false;
    }
  }
  const Pid pid = message->to;
  if (!core.send(std::move(message))) core.wait_for_link(node);
  const unsigned there = node == kOwnNode ? pid.core() : Router::kHomeCore;
  if (there != core.index() && there < core.runtime().core_count()) core.wait_for_core(there);
  if (running(core).held) core.wait_for_mailbox();
  core.spend(1);
}

}  // namespace

void* detail::typed_room(const Address& to, bool is_cast, const TypedMessage& type) {
  if (to.is_name() || !to.pid().is_local()) return nullptr;
  Core& core = Core::here();
  // What a send may wait for comes first here: between room and message there must be nothing.
  const unsigned there = to.pid().core();
  if (there != core.index() && there < core.runtime().core_count()) core.wait_for_core(there);
  if (core.process()->held) [[unlikely]]
    core.wait_for_mailbox();
  core.spend(1);
  const Signal kind = is_cast ? Signal::typed_cast : Signal::typed;
  void* const room = core.send_here(to.pid(), kind, type);
  return room != nullptr ? room : core.send_across(to.pid(), kind, type);
}

void send(const Address& to, Term message) {
  Core& core = Core::here();
  if (to.is_name() && !to.node()) {
    const auto holder = core.registry().find(to.name());
    if (!holder) exit(atoms::badarg);
    return send_signal(core, *holder, Signal::message, std::move(message));
  }
  send_signal(core, to, Signal::message, std::move(message));
}

void send(const Ref& alias, Term message) {
  Core& core = Core::here();
  const bool is_here = alias.node == kOwnNode;
  if (is_here && alias.first >= core.runtime().core_count()) return;  // of no process
  MessagePtr signal = core.make(Signal::alias_message);
  signal->from = core.pid_of(running(core));
  signal->to = is_here ? address_of_alias(alias) : Pid{alias.node, 0, 0};
  // As with a name: nobody here knows whose it is.
  signal->by_name = !is_here;
  signal->name = {};
  signal->ref = alias;
  signal->body = std::move(message);
  if (!core.send(std::move(signal))) core.wait_for_link(alias.node);
  const unsigned there = is_here ? alias.first : Router::kHomeCore;
  if (there != core.index() && there < core.runtime().core_count()) core.wait_for_core(there);
  if (running(core).held) core.wait_for_mailbox();
  core.spend(1);
}

void cast(const Address& to, Term message) {
  Core& core = Core::here();
  if (to.is_name() && !to.node()) {
    const auto holder = core.registry().find(to.name());
    if (holder) send_signal(core, *holder, Signal::cast, std::move(message));  // else nobody hears of it (GS-16)
    return;
  }
  send_signal(core, to, Signal::cast, std::move(message));
}

namespace {

Ref armed_or_exit(const Ref& timer) {
  if (!timer) exit(atoms::system_limit);
  return timer;
}

// What `question` says of a timer, on the core that made its reference: the first word of one names it.
std::optional<Duration> ask_of_timer(const Ref& timer, Duration (SendTimers::*question)(const Ref&) noexcept) {
  Core& core = Core::here();
  if (timer.node != kOwnNode) return std::nullopt;
  if (timer.first == core.index()) {
    const Duration left = (core.send_timers().*question)(timer);
    return left == SendTimers::kNone ? std::nullopt : std::optional(left);
  }
  if (timer.first >= core.runtime().core_count()) return std::nullopt;
  const auto answer = core.ask(timer.first, [question, timer](Core& its) { return Term((its.send_timers().*question)(timer).count()); });
  if (!answer || !answer->is_integer() || answer->integer() == SendTimers::kNone.count()) return std::nullopt;
  return Duration(answer->integer());
}

}  // namespace

Ref send_at(TimePoint time, const Address& to, Term message) {
  return armed_or_exit(Core::here().send_timers().arm(time, Duration::zero(), to, std::move(message)));
}

Ref send_after(Duration delay, const Address& to, Term message) {
  return send_at(Timeout(delay).after(Core::here().loop().now()), to, std::move(message));
}

Ref send_interval(Duration interval, const Address& to, Term message) {
  Core& core = Core::here();
  if (interval <= Duration::zero() || (!to.is_name() && !to.pid().is_local())) exit(atoms::badarg);
  message.share();
  const auto arm = [interval, to, message = std::move(message)](Core& its) {
    const TimePoint first = Timeout(interval).after(its.loop().now());
    return its.send_timers().arm(first, interval, to, message);
  };
  // It ends with its receiver, which only the receiver's core hears of.
  const unsigned where = to.is_name() ? core.index() : to.pid().core();
  if (where == core.index()) return armed_or_exit(arm(core));
  if (where >= core.runtime().core_count()) return core.make_ref();
  const auto answer = core.ask(where, [arm](Core& its) { return Term(arm(its)); });
  if (!answer) exit(atoms::killed);
  return armed_or_exit(answer->ref());
}

std::optional<Duration> cancel_timer(const Ref& timer) { return ask_of_timer(timer, &SendTimers::cancel); }

std::optional<Duration> read_timer(const Ref& timer) { return ask_of_timer(timer, &SendTimers::read); }

void sleep(Duration duration) {
  Core& core = Core::here();
  Wait wait(WaitKind::sleep, running(core), core);
  wait.deadline = Timeout(duration).after(core.loop().now());
  while (!wait.timed_out) {
    if (!core.suspend(wait)) return;
  }
}

void yield() {
  Core& core = Core::here();
  Wait wait(WaitKind::turn, running(core), core);
  core.suspend(wait);
}

TimePoint now() { return Core::here().loop().now(); }
TimePoint precise_now() { return Core::here().loop().refresh(); }
Ref make_ref() { return Core::here().make_ref(); }

// --- Links and monitors ---------------------------------------------------------------------------------------

void link(const Pid& pid) {
  Core& core = Core::here();
  Process& process = running(core);
  const Pid me = core.pid_of(process);
  if (pid == me) return;
  const auto [entry, fresh] = process.related().links.try_emplace(pid, {});
  if (!fresh && entry->active) return;
  entry->active = true;
  core.relate(process, pid.node);
  MessagePtr signal = core.make(Signal::link);
  signal->from = me;
  signal->to = pid;
  core.send(std::move(signal));
  core.check_exit();
  core.spend(1);
}

void unlink(const Pid& pid) {
  Core& core = Core::here();
  Process& process = running(core);
  if (!process.has_relations()) return;
  Relations::Link* const link = process.relations->links.find(pid);
  if (link == nullptr || !link->active) return;
  link->active = false;
  ++link->unlinks_pending;
  MessagePtr signal = core.make(Signal::unlink);
  signal->from = core.pid_of(process);
  signal->to = pid;
  core.send(std::move(signal));
  core.spend(1);
}

namespace {

Ref set_monitor(Core& core, const Address& target, const Ref& ref) {
  Process& process = running(core);
  MessagePtr signal = core.make(Signal::monitor);
  signal->from = core.pid_of(process);
  signal->ref = ref;
  core.address(*signal, target);
  process.related().monitors.try_emplace(ref, target);
  core.relate(process, signal->to.node);
  // Monitoring oneself never fires (SIG-12).
  if (!target.is_name() && target.pid() == core.pid_of(process)) return ref;
  core.send(std::move(signal));
  core.spend(1);
  return ref;
}

}  // namespace

Ref monitor(const Address& target) {
  Core& core = Core::here();
  return set_monitor(core, target, core.make_ref());
}

Ref monitor(const Address& target, AliasMode alias) {
  Core& core = Core::here();
  // Both at once: what the target answers may be here before monitor() returns.
  const Ref ref = core.make_ref();
  core.add_alias(running(core), ref, alias);
  return set_monitor(core, target, ref);
}

Ref alias() {
  Core& core = Core::here();
  const Ref ref = core.make_ref();
  core.add_alias(running(core), ref, AliasMode::explicit_unalias);
  return ref;
}

bool unalias(const Ref& alias) {
  Core& core = Core::here();
  return core.remove_alias(running(core), alias);
}

bool demonitor(const Ref& monitor, DemonitorOptions options) {
  Core& core = Core::here();
  Process& process = running(core);
  const bool found = core.drop_monitor(process, monitor);
  if (process.has_relations() && process.relations->rare) {
    const AliasMode* const mode = process.relations->rare->aliases.find(monitor);
    if (mode != nullptr && *mode != AliasMode::explicit_unalias) core.remove_alias(process, monitor);
  }
  if (options.flush && !found) {
    for (Message** link = &process.mail_head; *link != nullptr; link = &(*link)->next) {
      if ((*link)->kind == Signal::down_message && (*link)->ref == monitor) {
        const MessagePtr flushed(core.take_mail(process, link));
        break;
      }
    }
  }
  return found;
}

bool Core::drop_monitor(Process& process, const Ref& ref) {
  const Address* const target = process.has_relations() ? process.relations->monitors.find(ref) : nullptr;
  if (target == nullptr) return false;
  MessagePtr signal = make(Signal::demonitor);
  signal->from = pid_of(process);
  signal->ref = ref;
  address(*signal, *target);
  process.relations->monitors.erase(ref);
  send(std::move(signal));
  return true;
}

bool trap_exit(bool trap) {
  Process& process = running(Core::here());
  const bool before = process.trap_exit;
  process.trap_exit = trap;
  return before;
}

void set_mailbox_limit(const MailboxLimit& limit) {
  Core& core = Core::here();
  core.set_mailbox_limit(running(core), limit);
}

// --- Names -----------------------------------------------------------------------------------------------------

Result<void> register_name(Atom name, const Pid& pid) {
  Core& core = Core::here();
  if (name == atoms::undefined || name == atoms::nil) return Error{Errc::bad_argument, atoms::badarg, "register"};
  if (!pid.is_local() || pid.core() >= core.runtime().core_count())
    return Error{Errc::bad_argument, atoms::badarg, "register: not a process of this node"};
  const auto enter = [name, pid](Core& its) -> Term {
    Process* const process = its.find(pid);
    if (process == nullptr || process->exit_pending) return atoms::noproc;
    if (process->has_relations() && process->relations->name) return atoms::badarg;
    if (!its.registry().add(name, pid)) return atoms::already_started;
    process->related().name = name;
    return atoms::ok;
  };
  Term outcome;
  if (pid.core() == core.index()) {
    outcome = enter(core);
  } else {
    PULPO_TRY(outcome, core.ask(pid.core(), enter));
  }
  if (outcome.is_atom(atoms::ok)) return {};
  if (outcome.is_atom(atoms::noproc)) return Error{Errc::noproc, atoms::badarg, "register: the process does not live"};
  return Error{Errc::already_exists, atoms::badarg,
               outcome.is_atom(atoms::badarg) ? "register: the process has a name" : "register: the name is taken"};
}

Result<void> unregister_name(Atom name) {
  Core& core = Core::here();
  const auto holder = core.registry().find(name);
  if (!holder) return Error{Errc::noproc, atoms::badarg, "unregister: nobody has that name"};
  const auto leave = [name, pid = *holder](Core& its) -> Term {
    Process* const process = its.find(pid);
    if (process == nullptr || !process->has_relations() || process->relations->name != name) return false;
    its.registry().remove(name, pid);
    process->relations->name.reset();
    return true;
  };
  Term outcome;
  if (holder->core() == core.index()) {
    outcome = leave(core);
  } else {
    PULPO_TRY(outcome, core.ask(holder->core(), leave));
  }
  if (outcome.is_atom(atoms::true_)) return {};
  return Error{Errc::noproc, atoms::badarg, "unregister: nobody has that name"};
}

std::optional<Pid> whereis(Atom name) { return Core::here().registry().find(name); }

// --- Requests -----------------------------------------------------------------------------------------------------

namespace {

/// A request under way. When it goes without an answer (timeout, or its caller is being ended), the server is told that it owes
/// none any more; a reply that comes all the same meets nobody.
struct RequestWait final : ReplyWait {
  RequestWait(Process& process_, Core& core_, const Address& server) : ReplyWait(process_, core_, core_.make_ref()) { target = &server; }
  ~RequestWait() {
    if (is_answered()) return;
    MessagePtr cancel = core.make(Signal::cancel);
    core.address(*cancel, *target);
    cancel->from = core.pid_of(process);
    cancel->ref = ref;
    core.send(std::move(cancel));
  }
};

Error request_error(Term reason) {
  if (reason.is_atom(atoms::noproc)) return {Errc::noproc, std::move(reason), "call"};
  if (reason.is_atom("mailbox_full"_atom)) return {Errc::mailbox_full, std::move(reason), "call"};
  const bool node_lost = reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::nodedown);
  return {node_lost ? Errc::nodedown : Errc::exited, std::move(reason), "call"};
}

}  // namespace

namespace {

Atom epoch_word() { return "$epoch"_atom; }

Term without_epoch(Term value, std::uint64_t* epoch) {
  const bool has_one = value.is_tuple(3) && value.elements()[0].is_atom(epoch_word()) && value.elements()[1].is_integer();
  if (epoch != nullptr) *epoch = has_one ? static_cast<std::uint64_t>(value.elements()[1].integer()) : 0;
  if (has_one) return value.elements()[2];
  return value;
}

}  // namespace

Term detail::with_epoch(std::uint64_t epoch, Term value) {
  return Term::tuple({epoch_word(), static_cast<std::int64_t>(epoch), std::move(value)});
}

Result<Term> request(const Address& server, Term message, Timeout timeout, std::uint64_t* epoch) {
  Core& core = Core::here();
  Process& process = running(core);
  core.check_exit();
  if (process.exit_pending) return Error{Errc::killed, {}, "call"};
  MessagePtr signal = core.make(Signal::request);
  core.address(*signal, server);
  const Pid me = core.pid_of(process);
  if (!server.is_name() ? server.pid() == me : (signal->to.node == kOwnNode && core.registry().find(server.name()) == me)) {
    return Error{Errc::bad_argument, atoms::calling_self, "call"};
  }
  RequestWait wait(process, core, server);
  wait.deadline = timeout.after(core.loop().now());
  signal->from = me;
  signal->ref = wait.ref;
  signal->body = std::move(message);
  wait.node = signal->to.node;
  core.send(std::move(signal));  // an answer may come before we sleep: noproc on this very core
  while (!wait.is_answered() && !wait.timed_out) {
    if (!core.suspend(wait)) break;
  }
  if (wait.is_answered()) {
    const MessagePtr answer = wait.take_answer();
    core.spend(1);
    if (answer->kind != Signal::reply) return request_error(std::move(answer->body));
    return without_epoch(std::move(answer->body), epoch);
  }
  core.spend(1);
  if (wait.timed_out) return Error{Errc::timeout, atoms::timeout, "call"};
  return Error{Errc::killed, {}, "call"};
}

namespace {

// The request is settled: its server no longer owes an answer.
void settle(Core& core, Process& process, const Pid& caller, const Ref& request, const Pid& server) {
  if (process.handling != nullptr && process.handling->ref == request) {
    process.settled = true;
  } else if (!server || server == core.pid_of(process)) {
    if (process.has_relations()) process.relations->owed.erase(request);
  } else {
    MessagePtr settled = core.make(Signal::cancel);
    settled->to = server;
    settled->from = caller;
    settled->ref = request;
    core.send(std::move(settled));
  }
}

void answer(Signal kind, const Pid& caller, const Ref& request, Term value, const Pid& server) {
  Core& core = Core::here();
  Process& process = running(core);
  settle(core, process, caller, request, server);
  MessagePtr signal = core.make(kind);
  signal->to = caller;
  signal->from = core.pid_of(process);
  signal->ref = request;
  signal->body = std::move(value);
  core.send(std::move(signal));
  core.spend(1);
}

}  // namespace

void reply(const Pid& caller, const Ref& request, Term value, const Pid& server) {
  answer(Signal::reply, caller, request, std::move(value), server);
}
void refuse(const Pid& caller, const Ref& request, Term reason) { answer(Signal::request_down, caller, request, std::move(reason), {}); }

// --- About processes ---------------------------------------------------------------------------------------------

NoKill::NoKill() { ++running(Core::here()).no_kill; }
NoKill::~NoKill() { --running(Core::here()).no_kill; }

Pid group_leader() { return running(Core::here()).group_leader; }
void set_group_leader(const Pid& leader) { running(Core::here()).group_leader = leader; }

Term detail::exception_reason() { return reason_of_exception(running(Core::here())); }

Runtime& runtime() { return Core::here().runtime(); }

bool inside_process() noexcept {
  Core* const core = Core::current();
  return core != nullptr && core->process() != nullptr;
}

}  // namespace pulpo
