// SPDX-License-Identifier: Apache-2.0
//
// How processes come to be, on this core or by order of another.
#include "proc/core.hpp"
#include "proc/orders.hpp"

namespace pulpo {

Result<Spawned> Core::spawn(std::unique_ptr<Body> body, const SpawnOptions& options) {
  const unsigned where = options.core.value_or(index_);
  if (where >= count_) return Error{Errc::bad_argument, "no such core", "spawn"};
  if (where != index_) return spawn_elsewhere(std::move(body), options);
  Process* const spawner = process();
  const Ref monitor = options.monitor ? make_ref() : Ref{};
  PULPO_TRY(const Spawned spawned, spawn_here(std::move(body), options, spawner != nullptr ? pid_of(*spawner) : Pid{}, monitor,
                                              spawner != nullptr ? spawner->group_leader : Pid{}));
  if (spawner != nullptr) {
    if (options.link) spawner->related().links.try_emplace(spawned.pid, {});
    if (options.monitor) spawner->related().monitors.try_emplace(monitor, spawned.pid);
    spend(kSpawnReductions);
  }
  return spawned;
}

Result<Spawned> Core::spawn_here(std::unique_ptr<Body> body, const SpawnOptions& options, const Pid& spawner, const Ref& monitor,
                                 const Pid& leader) {
  if (stopping_) return Error{Errc::busy, atoms::shutdown, "spawn"};
  PULPO_TRY(const std::uint8_t stack_class, stack_class_of(options.stack_bytes));
  Process* const process = processes_.make();
  if (process == nullptr) return Error{Errc::busy, atoms::system_limit, "spawn"};
  const Pid pid = pid_of(*process);
  if (options.name) {
    if (!registry_.add(*options.name, pid)) {
      processes_.free(*process);
      const auto holder = registry_.find(*options.name);
      return Error{Errc::already_exists, holder ? Term(*holder) : Term(), "spawn"};
    }
    process->related().name = options.name;
  }
  if (spawner) {
    if (options.link) process->related().links.try_emplace(spawner, {});
    if (options.monitor) process->related().watchers.try_emplace(monitor, spawner);
    if (options.link || options.monitor) relate(*process, spawner.node);
  }
  process->stack_class = stack_class & 0xf;
  if (options.mailbox) set_mailbox_limit(*process, *options.mailbox);
  process->takes_typed = body->takes_typed();
  process->body = body.release();
  process->group_leader = leader;
  process_count_.store(processes_.living(), std::memory_order_relaxed);
  queue_spawned(*process);
  return Spawned{pid, monitor};
}

Result<Spawned> Core::spawn_elsewhere(std::unique_ptr<Body> body, const SpawnOptions& options) {
  Process* const spawner = process();
  PULPO_ASSERT(spawner != nullptr && "a spawn on another core waits for its answer, inside a process");
  auto order = std::make_unique<SpawnOrder>(std::move(body), options);
  ReplyWait wait(*spawner, *this, make_ref(), WaitKind::spawn);
  if (options.monitor) wait.monitor_on_answer = make_ref();
  order->from = pid_of(*spawner);
  order->ref = wait.ref;
  order->monitor_ref = wait.monitor_on_answer;
  order->leader = spawner->group_leader;
  push_outbox(*options.core, order.release());
  if (!suspend(wait)) return Error{Errc::killed, {}, "spawn"};
  const MessagePtr answer = wait.take_answer();
  if (answer->body.is_pid()) return Spawned{answer->body.pid(), wait.monitor_on_answer};
  // {code, reason}, see take_order().
  const auto parts = answer->body.elements();
  return Error{static_cast<Errc>(parts[0].integer()), parts[1], "spawn"};
}

void Core::take_order(SpawnOrder& order) {
  auto spawned = spawn_here(std::move(order.process_body), order.options, order.from, order.monitor_ref, order.leader);
  if (!order.from) return;  // from outside the runtime's threads: nobody waits
  MessagePtr answer = make(Signal::reply);
  answer->to = order.from;
  answer->ref = order.ref;
  if (spawned) {
    answer->from = spawned->pid;
    answer->body = spawned->pid;
    if (order.options.link) {
      // The spawner may have been ended while it waited, and have told its links already. Then this signal comes back as noproc
      // and ends the child, which otherwise nobody would know of. It arrives before the spawner can undo the link (SIG-11).
      MessagePtr link = make(Signal::link);
      link->from = spawned->pid;
      link->to = order.from;
      send(std::move(link));
    }
  } else {
    answer->body = Term::tuple({static_cast<int>(spawned.error().code), spawned.error().reason});
  }
  send(std::move(answer));
}

void discard_order_or_body(Message* message) noexcept {
  if (message->owner != kUnpooled) {
    message->clear();
  } else if (message->kind == Signal::spawn) {
    delete static_cast<SpawnOrder*>(message);
  } else {
    PULPO_ASSERT(message->kind == Signal::task);
    delete static_cast<TaskOrder*>(message);
  }
}

}  // namespace pulpo
