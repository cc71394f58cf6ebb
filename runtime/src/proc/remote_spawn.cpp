// SPDX-License-Identifier: Apache-2.0
#include "proc/remote_spawn.hpp"

#include "proc/core.hpp"

namespace pulpo {

// --- Where the process is wanted ------------------------------------------------------------------------------------

void Core::take_spawn_request(MessagePtr message) {
  const unsigned where = runtime_.least_loaded_core();
  if (where == index_) return spawn_requested(std::move(message));
  message->to = Pid{kOwnNode, where << Pid::kSlotBits, 0};
  forward(where, std::move(message));
}

void Core::spawn_requested(MessagePtr message) {
  const SpawnRequest request(message->body);
  const MakeCallBody make_body = runtime_.call_bodies();
  if (make_body == nullptr) return refuse_spawn(*message, "notsup"_atom);
  SpawnOptions options;
  options.link = request.wants(SpawnRequest::kLink);
  options.monitor = request.wants(SpawnRequest::kMonitor);
  const auto spawned = spawn_here(make_body(message->body), options, message->from, message->ref, request.leader());
  // Who asks a node that is ending has as good as lost it.
  if (!spawned) return refuse_spawn(*message, spawned.error().reason.is_atom(atoms::shutdown) ? atoms::noconnection : atoms::system_limit);
  if (!request.wants(SpawnRequest::kReply)) return;
  MessagePtr reply = make(Signal::spawn_reply);
  reply->to = message->from;
  reply->from = spawned->pid;
  reply->ref = message->ref;
  reply->body = request.relations();
  send(std::move(reply));
}

void Core::refuse_spawn(const Message& request, const Term& why) {
  const SpawnRequest wanted(request.body);
  if (!wanted.wants(SpawnRequest::kReply) && !wanted.wants(SpawnRequest::kReplyOnError)) return;
  MessagePtr reply = make(Signal::spawn_reply);
  reply->to = request.from;
  reply->ref = request.ref;
  reply->body = why.is_atom(atoms::noproc) ? Term(atoms::noconnection) : why;  // of a node, not of a process
  send(std::move(reply));
}

// --- Where it was asked for --------------------------------------------------------------------------------------------

void Core::deliver_spawn_reply(Process& process, MessagePtr message) {
  const bool has_begun = static_cast<bool>(message->from);
  const bool is_awaited = awaits(process, message->ref);
  bool tells = true;
  if (!is_awaited) {
    bool is_known = false;
    if (process.has_relations()) {
      Relations& relations = *process.relations;
      if (relations.rare) {
        if (const PendingSpawn* const pending = relations.rare->spawns.find(message->ref)) {
          is_known = true;
          tells = pending->tells || !has_begun;
          relations.rare->spawns.erase(message->ref);
        }
      }
      if (!is_known && !has_begun && relations.monitors.find(message->ref) != nullptr) {
        is_known = true;
        relations.monitors.erase(message->ref);
      }
    }
    if (!is_known) return break_link_of_spawned(*message, "abandoned"_atom);
  }
  if (has_begun) {
    // Before anything of the process can arrive (SIG-11).
    const auto set = message->body.integer();
    if ((set & SpawnRequest::kLink) != 0) process.related().links.try_emplace(message->from, {});
    if ((set & SpawnRequest::kMonitor) != 0) process.related().monitors.try_emplace(message->ref, message->from);
    if (set != 0) relate(process, message->from.node);
  }
  if (is_awaited) return answer_wait(process, std::move(message));
  if (!tells) return;
  MessagePtr mail = make(Signal::message);
  mail->body = Term::tuple(
      {"spawn_reply"_atom, message->ref, has_begun ? atoms::ok : atoms::error, has_begun ? Term(message->from) : std::move(message->body)});
  // As a reply it does not count against the mailbox's limit.
  mail->counted = false;
  mail->bytes = sizeof(Message);
  queue_mail(process, mail.release());
}

// Nobody wants it any more, or nobody is left that could.
void Core::break_link_of_spawned(const Message& reply, const Term& why) {
  if (!reply.from || !reply.body.is_integer()) return;
  const auto take_back = [&](Signal kind) {
    MessagePtr signal = make(kind);
    signal->from = reply.to;
    signal->to = reply.from;
    signal->ref = kind == Signal::demonitor ? reply.ref : Ref{};
    signal->body = kind == Signal::demonitor ? Term() : why;
    send(std::move(signal));
  };
  if ((reply.body.integer() & SpawnRequest::kMonitor) != 0) take_back(Signal::demonitor);
  if ((reply.body.integer() & SpawnRequest::kLink) != 0) take_back(Signal::exit_link);
}

void Core::fail_pending_spawns(Process& process, NodeIndex life, NodeIndex by_name) {
  std::vector<Ref> lost;
  process.relations->rare->spawns.for_each([&](const Ref& ref, const PendingSpawn& pending) {
    if (pending.node == life || pending.node == by_name) lost.push_back(ref);
  });
  for (const Ref& ref : lost) {
    MessagePtr reply = make(Signal::spawn_reply);
    reply->ref = ref;
    reply->body = atoms::noconnection;
    deliver_spawn_reply(process, std::move(reply));
  }
}

// --- Inside a process ----------------------------------------------------------------------------------------------------

namespace {

Process& spawner(Core& core) {
  PULPO_ASSERT(core.process() != nullptr && "a spawn on another node belongs inside a process");
  return *core.process();
}

/// False: the link is over its limit.
bool ask(Core& core, NodeIndex node, Term request, const Ref& ref) {
  MessagePtr message = core.make(Signal::spawn_request);
  message->to = Pid{node, 0, 0};
  message->by_name = true;  // for that node in whatever life, and for nobody there
  message->name = {};
  message->from = core.pid_of(*core.process());
  message->ref = ref;
  message->body = std::move(request);
  if (node != kOwnNode) return core.send(std::move(message));
  core.take_spawn_request(std::move(message));
  return true;
}

/// Asks, and waits for what answers `wait`. Errors: killed, timeout.
Result<MessagePtr> ask_and_wait(Core& core, ReplyWait& wait, Atom node, Term request) {
  core.check_exit();
  if (wait.process.exit_pending) return Error{Errc::killed, {}, "spawn"};
  wait.node = core.index_of_node(node);
  ask(core, wait.node, std::move(request), wait.ref);
  while (!wait.is_answered() && !wait.timed_out) {
    if (!core.suspend(wait)) return Error{Errc::killed, {}, "spawn"};
  }
  core.spend(1);
  if (!wait.is_answered()) return Error{Errc::timeout, atoms::timeout, "spawn"};
  return wait.take_answer();
}

Error no_process(const Message& answer) {
  // Signal::request_down: the node went while we waited.
  if (answer.kind != Signal::spawn_reply || answer.body.is_atom(atoms::noconnection)) return {Errc::nodedown, atoms::noconnection, "spawn"};
  if (answer.body.is_atom(atoms::system_limit)) return {Errc::busy, answer.body, "spawn"};
  if (answer.body.is_atom("notsup"_atom)) return {Errc::unsupported, answer.body, "spawn"};
  return {Errc::bad_argument, answer.body, "spawn"};
}

}  // namespace

Result<Spawned> spawn_there(Atom node, Term request) {
  Core& core = Core::here();
  ReplyWait wait(spawner(core), core, core.make_ref(), WaitKind::spawn);
  const bool is_monitored = SpawnRequest(request).wants(SpawnRequest::kMonitor);
  PULPO_TRY(const MessagePtr answer, ask_and_wait(core, wait, node, std::move(request)));
  if (answer->kind != Signal::spawn_reply || !answer->from) return no_process(*answer);
  return Spawned{answer->from, is_monitored ? wait.ref : Ref{}};
}

Ref ask_to_spawn(Atom node, Term request, bool tells) {
  Core& core = Core::here();
  Process& process = spawner(core);
  const NodeIndex there = core.index_of_node(node);
  const Ref ref = core.make_ref();
  process.related().rarely().spawns.try_emplace(ref, {.node = there, .tells = tells});
  core.relate(process, there);
  if (!ask(core, there, std::move(request), ref)) core.wait_for_link(there);
  core.spend(1);
  return ref;
}

void ask_for_end(Atom node, Term request, const Ref& ref) {
  Core& core = Core::here();
  Process& process = spawner(core);
  const NodeIndex there = core.index_of_node(node);
  if (SpawnRequest(request).wants(SpawnRequest::kMonitor)) {
    // Its pid is never told; the node is what can be lost.
    process.related().monitors.try_emplace(ref, Address(atoms::undefined, node));
    core.relate(process, there);
  }
  if (!ask(core, there, std::move(request), ref)) core.wait_for_link(there);
  core.spend(1);
}

bool abandon_spawn(const Ref& ref) {
  const Process& process = spawner(Core::here());
  return process.has_relations() && process.relations->rare && process.relations->rare->spawns.erase(ref);
}

void forget_end(const Ref& ref) {
  const Process& process = spawner(Core::here());
  // Its DOWN meets nobody then.
  if (process.has_relations() && process.relations->monitors.erase(ref)) return;
  const Term wanted = ref;
  (void)receive_if(
      [&](const Term& message) {
        if (!message.is_tuple(4) && !message.is_tuple(5)) return false;
        const auto parts = message.elements();
        return parts[1] == wanted && (parts[0].is_atom("spawn_reply"_atom) || parts[0].is_atom(atoms::DOWN));
      },
      Duration::zero());
}

Result<Term> await_end_there(Atom node, Term request, const Ref& ref, Timeout timeout) {
  Core& core = Core::here();
  ReplyWait wait(spawner(core), core, ref);
  wait.deadline = timeout.after(core.loop().now());
  PULPO_TRY(const MessagePtr answer, ask_and_wait(core, wait, node, std::move(request)));
  if (answer->kind != Signal::down) return no_process(*answer);
  return std::move(answer->body);
}

void end_with(const Term& reason) {
  Core& core = Core::here();
  core.end_process(spawner(core), reason);
}

void report_failure(std::string_view report) {
  Core& core = Core::here();
  core.report_failure(spawner(core), report);
}

}  // namespace pulpo
