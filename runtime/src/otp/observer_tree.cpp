// SPDX-License-Identifier: Apache-2.0
//
// The tree of an application as an observer draws it (OBS-5): its master, the master's helper, the top supervisor, and what supervisors say
// their children are.
#include <algorithm>

#include "otp/application_table.hpp"
#include "otp/observer_backend.hpp"
#include "otp/supervisor_base.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo::observer {
namespace {

/// All of a tree together; an observer asks again soon.
constexpr Duration kTreeTime = 2s;

bool is_supervisor(const ProcessInfo& info) {
  return info.initial_call == "Supervisor" || info.initial_call == "DynamicSupervisor" || info.initial_call == "Task.Supervisor";
}

class TreeWalk {
 public:
  [[nodiscard]] Term rows() && { return Term::list(std::move(rows_)); }

  void add_master(const Pid& master) {
    add(master, 0, "master", {});
    const auto controller = whereis("application_controller"_atom);
    for (const Pid& helper : links_of(master)) {
      if (controller && helper == *controller) continue;
      add(helper, 1, "helper", {});
      for (const Pid& top : links_of(helper)) {
        if (top != master) add_tree(top, 2, {});
      }
    }
  }

 private:
  [[nodiscard]] static std::vector<Pid> links_of(const Pid& pid) {
    auto info = process_info(pid);
    if (!info) return {};
    std::erase_if(info->links, [](const Pid& each) { return !each.is_local(); });
    return std::move(info->links);
  }

  [[nodiscard]] bool is_full() const noexcept { return rows_.size() >= kTreeRowsMax || now() > deadline_; }

  void add(const Term& pid, unsigned depth, std::string_view kind, std::string name, std::optional<std::size_t> children = {}) {
    rows_.push_back(Term::map({{"pid"_atom, pid},
                               {"depth"_atom, to_term(depth)},
                               {"kind"_atom, kind},
                               {"name"_atom, std::move(name)},
                               {"children"_atom, children ? to_term(*children) : Term()}}));
  }

  void add_tree(const Pid& pid, unsigned depth, const Term& id) {
    if (is_full()) return;
    const auto info = glance(pid);
    if (!info) return;
    // By its registered name, else by what its supervisor calls it: its class is what `kind` says.
    const std::string name =
        info->registered_name || id.is_atom(atoms::undefined) || id.is_atom(atoms::nil) ? label_text(*info) : id.text();
    if (!is_supervisor(*info)) return add(pid, depth, info->initial_call, name);
    const auto count = count_of(pid);
    add(pid, depth, info->initial_call, name, count);
    // What could not be shown anyway is not asked for: a supervisor of 100,000 would stand still for its list.
    if (!count || *count > kTreeRowsMax - std::min(rows_.size(), kTreeRowsMax)) return;
    const auto answer = try_call(pid, "which_children"_atom, {.timeout = Timeout(kAnswerTime)});
    if (!answer || !answer->is_proper_list()) return;
    // Newest first, as in OTP; read from the oldest.
    for (std::size_t i = answer->list_size(); i-- > 0;) {
      const Term row = answer->list_at(i);
      if (!row.is_tuple(4) || is_full()) continue;
      const Term& child = row.elements()[1];
      if (child.is_pid()) {
        add_tree(child.pid(), depth + 1, row.elements()[0]);
      } else {
        add({}, depth + 1, child.text(), row.elements()[0].text());
      }
    }
  }

  [[nodiscard]] static std::optional<std::size_t> count_of(const Pid& supervisor) {
    const auto answer = try_call(supervisor, "count_children"_atom, {.timeout = Timeout(kAnswerTime)});
    if (!answer) return std::nullopt;
    const auto counts = from_term<std::vector<std::pair<Atom, std::size_t>>>(*answer);
    if (!counts) return std::nullopt;
    for (const auto& [what, count] : *counts) {
      if (what == "specs"_atom) return count;
    }
    return std::nullopt;
  }

  std::vector<Term> rows_;
  const TimePoint deadline_ = now() + kTreeTime;
};

}  // namespace

Term application_tree(Atom name) {
  const auto master = ApplicationTable::of(runtime()).master_of(name);
  if (!master) return {};
  TreeWalk walk;
  walk.add_master(*master);
  return std::move(walk).rows();
}

}  // namespace pulpo::observer
