// SPDX-License-Identifier: Apache-2.0
#include "otp/observer_backend.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/cpus.hpp"
#include "base/machine.hpp"
#include "base/usage.hpp"
#include "otp/application_controller.hpp"
#include "otp/application_table.hpp"
#include "proc/core.hpp"
#include "proc/process_ranking.hpp"
#include "proc/router.hpp"
#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {
namespace observer {
namespace {

/// The longest time that processes() looks on for.
constexpr std::uint32_t kWindowMaxMs = 10'000;

Term milliseconds(Duration time) { return to_term(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()); }

struct Counts {
  std::uint64_t run_queue = 0;
  std::uint64_t messages = 0;
};

Counts counts_of_all_cores() {
  Core& core = Core::here();
  Counts all;
  for (unsigned i = 0; i < core.runtime().core_count(); ++i) {
    const auto some = core.ask(i, [](Core& its) { return Term::tuple({to_term(its.runnable()), to_term(its.mail_total())}); });
    if (!some) break;
    all.run_queue += static_cast<std::uint64_t>(some->elements()[0].integer());
    all.messages += static_cast<std::uint64_t>(some->elements()[1].integer());
  }
  return all;
}

Term system_info() {
  const Runtime& here = runtime();
  const Usage usage = process_usage();
  const Machine machine = this_machine();
  const CpuCounts cpus = count_cpus();
  const Counts counts = counts_of_all_cores();
  const TimePoint began = ApplicationTable::of(runtime()).system_began();
  Duration run_delay_max{};
  std::uint64_t stalls = 0;
  for (const CoreStats& core : here.core_stats()) {
    run_delay_max = std::max(run_delay_max, core.run_delay_max);
    stalls += core.stalls;
  }
  std::vector<Term> rows;
  const auto row = [&](std::string_view key, Term value) { rows.push_back(Term::tuple({Atom(key), std::move(value)})); };
  row("uptime", began == kNever ? Term(0) : milliseconds(now() - began));
  row("run_queue", to_term(counts.run_queue));
  row("logical_processors", to_term(cpus.online));
  row("logical_processors_online", to_term(cpus.online));
  row("logical_processors_available", to_term(cpus.usable()));
  row("schedulers", to_term(here.core_count()));
  row("schedulers_online", to_term(here.core_count()));
  row("version", PULPO_VERSION);
  row("system_architecture", machine.kernel);
  row("wordsize_internal", to_term(sizeof(void*)));
  row("wordsize_external", to_term(sizeof(void*)));
  row("process_count", to_term(here.process_count()));
  row("process_limit", to_term(std::uint64_t{here.options().processes_max} * here.core_count()));
  row("atom_count", to_term(Atom::count()));
  row("atom_limit", to_term(Atom::kCountMax));
  row("total", to_term(usage.rss_kibibytes * 1024));
  row("machine", machine.board);
  row("loop", here.loop_name());
  row("cpu_us", to_term(usage.cpu_microseconds));
  row("messages", to_term(counts.messages));
  row("run_delay_max_us", to_term(std::chrono::duration_cast<std::chrono::microseconds>(run_delay_max).count()));
  row("stalls", to_term(stalls));
  return Term::list(rows);
}

Term processes(ProcessOrder order, std::uint32_t limit, std::uint32_t window_ms) {
  const ProcessRanking ranking = rank_processes(order, limit, std::chrono::milliseconds(std::min(window_ms, kWindowMaxMs)));
  std::vector<Term> rows;
  rows.reserve(ranking.top.size());
  for (const RankedProcess& each : ranking.top) {
    const ProcessInfo& info = each.info;
    rows.push_back(Term::map({{"pid"_atom, info.pid},
                              {"name"_atom, label_text(info)},
                              {"registered"_atom, info.registered_name.has_value()},
                              {"reductions"_atom, to_term(info.reductions)},
                              {"recent"_atom, to_term(each.recent)},
                              {"memory"_atom, to_term(info.memory)},
                              {"message_queue_len"_atom, to_term(info.message_queue_len)},
                              {"activity"_atom, activity_text(info)}}));
  }
  return Term::map({{"processes"_atom, Term::list(rows)},
                    {"count"_atom, to_term(ranking.processes)},
                    {"recent"_atom, to_term(ranking.recent_reductions)},
                    {"messages_waiting"_atom, to_term(ranking.messages_waiting)},
                    {"window"_atom, to_term(window_ms)}});
}

// --- One process (OBS-4) ------------------------------------------------------------------------------------------------

/// A process of another node names its node: its number is of this node's table alone.
std::string pid_text(const Pid& pid) {
  const std::string text = Term(pid).text();
  const Router* const router = runtime().router();
  if (pid.is_local() || router == nullptr) {
    if (const auto there = pid.is_local() ? glance(pid) : std::nullopt; there && there->registered_name)
      return fmt::format("{} {}", text, Term(*there->registered_name).text());
    return text;
  }
  return fmt::format("{} of {}", text, router->name_of(pid.node).text());
}

template <class T, class F>
std::string list_text(const std::vector<T>& all, F text_of) {
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), kListMax); ++i) text += (text.empty() ? "" : ", ") + text_of(all[i]);
  if (all.size() > kListMax) text += fmt::format(" and {} more", all.size() - kListMax);
  return text.empty() ? "none" : text;
}

/// What its describe() says. Only a server at its top level is asked: it answers at once, and nothing stays in anybody's mailbox.
std::string state_text(const ProcessInfo& info) {
  if (info.status != ProcessStatus::idle) return "not asked: it is not idle";
  const auto state = get_state(info.pid, kAnswerTime);
  if (!state) return "not told: " + state.error().text();
  if (state->is_atom(atoms::nil)) return "not told: it has no describe()";
  std::string text = state->text();
  if (text.size() > kStateBytesMax) text.resize(kStateBytesMax);
  return text;
}

Term process(const Pid& pid) {
  const auto found = process_info(pid);
  if (!found) return {};
  const ProcessInfo& info = *found;
  std::vector<Term> rows;
  const auto row = [&](std::string_view key, std::string_view text) { rows.push_back(Term::tuple({Atom(key), Term(text)})); };
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const auto monitored = [](const Term& target) { return target.is_pid() ? pid_text(target.pid()) : target.text(); };
  row("registered_name", info.registered_name ? Term(*info.registered_name).text() : "none");
  row("initial_call", info.initial_call);
  row("status", to_term(info.status).atom().text());
  row("current_function", activity_text(info));
  row("message_queue_len", number(info.message_queue_len));
  row("message_queue_bytes", number(info.message_queue_bytes));
  row("messages_dropped", number(info.messages_dropped));
  row("memory", number(info.memory));
  row("reductions", number(info.reductions));
  row("stack_size", number(info.stack_bytes));
  row("stack_resident", number(info.stack_resident));
  row("trap_exit", info.trap_exit ? "true" : "false");
  row("group_leader", pid_text(info.group_leader));
  row("links", list_text(info.links, pid_text));
  row("monitors", list_text(info.monitors, monitored));
  row("monitored_by", list_text(info.monitored_by, pid_text));
  row("state", state_text(info));
  return Term::list(rows);
}

// --- Applications -----------------------------------------------------------------------------------------------------------

Term applications() {
  const auto running = which_applications();
  const auto times = try_call(ApplicationController::registered_name(), "list_applications"_atom, {.timeout = Timeout(kAnswerTime)});
  std::vector<Term> rows;
  if (!running || !times || !times->is_proper_list()) return Term::list(rows);
  for (const RunningApplication& each : *running) {
    Term since;
    for (std::size_t i = 0; i < times->list_size(); ++i) {
      const Term entry = times->list_at(i);
      const Term* const name = entry.map_find("name"_atom);
      const Term* const age = entry.map_find("running_ms"_atom);
      if (name != nullptr && age != nullptr && *name == Term(each.name)) since = *age;
    }
    rows.push_back(Term::map({{"name"_atom, each.name.text()},
                              {"description"_atom, each.description},
                              {"version"_atom, each.version},
                              {"running_ms"_atom, since}}));
  }
  return Term::list(rows);
}

constexpr auto kSysInfo = function(":observer_backend.sys_info", "What this node is and how it does: counts, limits, memory.",
                                   [] { return observer::system_info(); });
constexpr auto kProcessesTop =
    function(":observer_backend.processes", "The first processes by memory, reductions or message_queue_len, within so many milliseconds.",
             [](ProcessOrder order, std::uint32_t limit, std::uint32_t window) { return observer::processes(order, limit, window); });
constexpr auto kProcess =
    function(":observer_backend.process", "What can be seen of a process, as text.", [](const Pid& pid) { return observer::process(pid); });
constexpr auto kApplications =
    function(":observer_backend.applications", "The applications that run here.", [] { return observer::applications(); });
constexpr auto kTree = function(":observer_backend.application_tree", "The supervision tree of an application, row by row.",
                                [](Atom name) { return observer::application_tree(name); });

}  // namespace

std::string label_text(const ProcessInfo& info) { return info.registered_name ? Term(*info.registered_name).text() : info.initial_call; }

std::string activity_text(const ProcessInfo& info) {
  if (!info.waits_for) return std::string(to_term(info.status).atom().text());
  const ProcessWait& wait = *info.waits_for;
  std::string text = wait.kind;
  if (!wait.target.is_atom(atoms::nil)) text += (wait.kind == "reply" ? " of " : " ") + wait.target.text();
  if (!wait.left.is_infinite()) text += fmt::format(", {:.1f} s left", std::chrono::duration<double>(wait.left.duration()).count());
  return text;
}

std::optional<ProcessInfo> glance(const Pid& pid) {
  Core& core = Core::here();
  if (!pid.is_local() || pid.core() >= core.runtime().core_count()) return std::nullopt;
  const auto answer = core.ask(pid.core(), [pid](Core& its) {
    const Process* const process = its.find(pid);
    if (process == nullptr) return Term();
    ProcessInfo info = its.describe(*process, false);
    if (info.waits_for) info.waits_for->target.share();
    return Term::object(std::make_shared<ProcessInfo>(std::move(info)));
  });
  const auto info = answer ? answer->as_object<ProcessInfo>() : nullptr;
  return info != nullptr ? std::optional(std::move(*info)) : std::nullopt;
}

}  // namespace observer

std::span<const Function> observer_functions() {
  using namespace observer;
  static constexpr Function kAll[] = {kSysInfo, kProcessesTop, kProcess, kApplications, kTree};
  return kAll;
}

}  // namespace pulpo
