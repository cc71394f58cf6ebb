// SPDX-License-Identifier: Apache-2.0
#include "dist/node_watchers.hpp"

#include <algorithm>

namespace pulpo::dist {

bool NodeWatchers::watch(const Pid& pid, Atom node) {
  of_node_[node.index()].push_back(pid);
  return known_.insert(pid).second;
}

void NodeWatchers::unwatch(const Pid& pid, Atom node) {
  const auto found = of_node_.find(node.index());
  if (found == of_node_.end()) return;
  auto& pids = found->second;
  if (const auto at = std::find(pids.begin(), pids.end(), pid); at != pids.end()) pids.erase(at);
  if (pids.empty()) of_node_.erase(found);
}

bool NodeWatchers::subscribe(const Pid& pid, const NodeEvents& events) {
  subscribers_.push_back({pid, events});
  return known_.insert(pid).second;
}

void NodeWatchers::unsubscribe(const Pid& pid, const NodeEvents& events) {
  std::erase_if(subscribers_, [&](const Subscriber& each) { return each.pid == pid && each.events == events; });
}

void NodeWatchers::forget(const Pid& pid) {
  std::erase_if(subscribers_, [&](const Subscriber& each) { return each.pid == pid; });
  for (auto entry = of_node_.begin(); entry != of_node_.end();) {
    std::erase(entry->second, pid);
    entry = entry->second.empty() ? of_node_.erase(entry) : std::next(entry);
  }
  known_.erase(pid);
}

bool NodeWatchers::wants(bool hidden) const noexcept {
  return std::any_of(subscribers_.begin(), subscribers_.end(),
                     [&](const Subscriber& each) { return hidden ? each.events.hidden : each.events.visible; });
}

void NodeWatchers::tell(const Pid& pid, Term message) {
  Core& core = runtime_.core(0);
  MessagePtr signal = core.make(Signal::message);
  signal->to = pid;
  signal->body = std::move(message);
  core.send(std::move(signal));
}

void NodeWatchers::tell_subscribers(const char* what, const Event& event, bool is_down) {
  const Atom tag(what);
  const Term plain = Term::tuple({tag, event.node});
  for (const Subscriber& each : subscribers_) {
    if (!(event.hidden ? each.events.hidden : each.events.visible)) continue;
    if (!each.events.info) {
      tell(each.pid, plain);
      continue;
    }
    std::vector<std::pair<Term, Term>> info{{"connection_id"_atom, static_cast<std::int64_t>(event.connection)},
                                            {"node_type"_atom, event.hidden ? "hidden"_atom : "visible"_atom}};
    if (is_down) info.emplace_back("nodedown_reason"_atom, event.reason);
    tell(each.pid, Term::tuple({tag, event.node, Term::map(std::move(info))}));
  }
}

void NodeWatchers::up(const Event& event) { tell_subscribers("nodeup", event, false); }

void NodeWatchers::down(const Event& event) {
  unreachable(event.node);
  tell_subscribers("nodedown", event, true);
}

void NodeWatchers::unreachable(Atom node) {
  const auto found = of_node_.find(node.index());
  if (found == of_node_.end()) return;
  const std::vector<Pid> pids = std::move(found->second);
  of_node_.erase(found);
  for (const Pid& pid : pids) tell(pid, Term::tuple({atoms::nodedown, node}));
}

}  // namespace pulpo::dist
