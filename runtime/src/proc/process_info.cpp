// SPDX-License-Identifier: Apache-2.0
#include "pulpo/process_info.hpp"

#include <algorithm>

#include "proc/core.hpp"
#include "proc/io_wait.hpp"

namespace pulpo {
namespace {

ProcessStatus status_of(const Process& process) noexcept {
  if (process.exit_pending || process.ending) return ProcessStatus::exiting;
  switch (process.state) {
    case Process::State::running:
      return ProcessStatus::running;
    case Process::State::idle:
      return ProcessStatus::idle;
    case Process::State::waiting:
      return process.waits_for == WaitKind::link || process.waits_for == WaitKind::mailbox ? ProcessStatus::suspended
                                                                                           : ProcessStatus::waiting;
    case Process::State::runnable:
    case Process::State::free:
      break;
  }
  return ProcessStatus::runnable;
}

std::optional<ProcessWait> wait_of(const Process& process, TimePoint now) {
  if (process.wait == nullptr || process.state != Process::State::waiting) return std::nullopt;
  const Wait& wait = *process.wait;
  ProcessWait told{.kind = to_string(wait.kind)};
  if (wait.kind == WaitKind::io) {
    const auto& io = static_cast<const IoWait&>(wait);
    told.target = Term::tuple({Atom(io.call), io.handle});
  }
  if (wait.target != nullptr) told.target = wait.target->term();
  if (wait.deadline != kNever) told.left = std::max(wait.deadline - now, Duration::zero());
  return told;
}

std::size_t memory_but_stack(const Process& process) {
  std::size_t memory = sizeof(Process) + process.mail_bytes;
  if (process.has_relations()) {
    const Relations& relations = *process.relations;
    memory += sizeof(Relations) + relations.links.size() * sizeof(Pid) + relations.monitors.size() * sizeof(Address) +
              relations.watchers.size() * (sizeof(Ref) + sizeof(Pid));
    if (relations.rare) memory += sizeof(RareRelations);
  }
  return memory;
}

}  // namespace

std::size_t Core::memory_of(const Process& process) const { return memory_but_stack(process) + stack_resident_of(process); }

std::size_t Core::stack_resident_of(const Process& process) const {
  return process.stack != nullptr ? pool_of(process).resident_bytes(*process.stack) : 0;
}

ProcessInfo Core::describe(const Process& process, bool with_relations) {
  ProcessInfo info{.pid = pid_of(process)};
  info.initial_call = process.body != nullptr ? process.body->what() : "";
  info.status = status_of(process);
  info.waits_for = wait_of(process, loop_->now());
  info.message_queue_len = process.mail_count;
  info.message_queue_bytes = process.mail_bytes;
  info.mailbox = mailbox_limit(process);
  info.trap_exit = process.trap_exit;
  info.group_leader = process.group_leader;
  info.reductions = process.reductions;
  info.stack_bytes = stack_bytes_of(process);
  info.stack_resident = stack_resident_of(process);
  info.memory = memory_but_stack(process) + info.stack_resident;
  if (!process.has_relations()) return info;
  const Relations& relations = *process.relations;
  info.registered_name = relations.name;
  if (relations.rare) {
    info.messages_dropped = relations.rare->dropped;
    info.aliases = relations.rare->aliases.size();
  }
  if (!with_relations) return info;
  relations.links.for_each([&](const Pid& peer, const Relations::Link& link) {
    if (link.active) info.links.push_back(peer);
  });
  relations.monitors.for_each([&](const Ref&, const Address& target) { info.monitors.push_back(target.term()); });
  relations.watchers.for_each([&](const Ref&, const Pid& watcher) { info.monitored_by.push_back(watcher); });
  return info;
}

std::vector<Pid> Core::list() {
  std::vector<Pid> pids;
  pids.reserve(processes_.living());
  processes_.for_each_living([&](Process& process) { pids.push_back(pid_of(process)); });
  return pids;
}

std::vector<StackUsage> Core::stack_usage() {
  const auto of = [](const StackPool& pool) {
    return StackUsage{
        .stack_bytes = pool.stack_bytes(), .made = pool.made(), .in_use = pool.in_use(), .deepest_bytes = pool.deepest_bytes()};
  };
  std::vector<StackUsage> usage{of(stacks_)};
  for (const auto& pool : stack_pools_) usage.push_back(of(*pool));
  return usage;
}

namespace {

/// What `question` answers on that core, handed over as an object; null when the caller is being killed.
template <class T, class F>
std::shared_ptr<T> ask_for(Core& core, unsigned where, F&& question) {
  if (where == core.index()) return std::make_shared<T>(question(core));
  const Result<Term> answer = core.ask(where, [question](Core& its) { return Term::object(std::make_shared<T>(question(its))); });
  return answer ? (*answer).template as_object<T>() : nullptr;
}

}  // namespace

Result<ProcessInfo> process_info(const Pid& pid) {
  Core& core = Core::here();
  if (!pid.is_local()) return Error{Errc::unsupported, atoms::badarg, "process_info: a process of another node; ask that node"};
  if (pid.core() >= core.runtime().core_count()) return Error{Errc::noproc, atoms::noproc, "process_info"};
  const auto answer = ask_for<std::optional<ProcessInfo>>(core, pid.core(), [pid](Core& its) -> std::optional<ProcessInfo> {
    const Process* const process = its.find(pid);
    if (process == nullptr) return std::nullopt;
    ProcessInfo info = its.describe(*process);
    for (const Term& monitored : info.monitors) monitored.share();
    if (info.waits_for) info.waits_for->target.share();
    return info;
  });
  core.spend(1);
  if (answer == nullptr) return Error{Errc::killed, {}, "process_info"};
  if (!*answer) return Error{Errc::noproc, atoms::noproc, "process_info"};
  return std::move(**answer);
}

std::vector<Pid> list_processes() {
  Core& core = Core::here();
  std::vector<Pid> all;
  for (unsigned i = 0; i < core.runtime().core_count(); ++i) {
    const auto some = ask_for<std::vector<Pid>>(core, i, [](Core& its) { return its.list(); });
    if (some != nullptr) all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

std::vector<StackUsage> stack_usage() {
  Core& core = Core::here();
  std::vector<StackUsage> all;
  for (unsigned i = 0; i < core.runtime().core_count(); ++i) {
    const auto some = ask_for<std::vector<StackUsage>>(core, i, [](Core& its) { return its.stack_usage(); });
    if (some == nullptr) continue;
    for (const StackUsage& usage : *some) {
      const auto same = std::find_if(all.begin(), all.end(), [&](const StackUsage& each) { return each.stack_bytes == usage.stack_bytes; });
      if (same == all.end()) {
        all.push_back(usage);
        continue;
      }
      same->made += usage.made;
      same->in_use += usage.in_use;
      same->deepest_bytes = std::max(same->deepest_bytes, usage.deepest_bytes);
    }
  }
  return all;
}

Term ProcessInfo::term() const {
  std::vector<Term> rows;
  const auto row = [&](std::string_view key, Term value) { rows.push_back(Term::tuple({Atom(key), std::move(value)})); };
  if (registered_name) row("registered_name", *registered_name);
  if (waits_for) row("current_function", Term::tuple({Atom(waits_for->kind), waits_for->target, to_term(waits_for->left)}));
  row("initial_call", initial_call);
  row("status", to_term(status));
  row("message_queue_len", to_term(message_queue_len));
  row("links", to_term(links));
  row("trap_exit", trap_exit);
  row("group_leader", group_leader);
  row("stack_size", to_term(stack_bytes));
  row("reductions", to_term(reductions));
  row("memory", to_term(memory));
  row("monitors", to_term(monitors));
  row("monitored_by", to_term(monitored_by));
  row("message_queue_bytes", to_term(message_queue_bytes));
  row("mailbox_limit", Term::tuple({to_term(mailbox.when_full), to_term(mailbox.messages_max), to_term(mailbox.bytes_max)}));
  row("messages_dropped", to_term(messages_dropped));
  row("aliases", to_term(aliases));
  row("stack_resident", to_term(stack_resident));
  return Term::list(rows);
}

}  // namespace pulpo
