// SPDX-License-Identifier: Apache-2.0
#include "cluster/node_sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "cluster/dist_ac.hpp"
#include "otp/application_controller.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo::cluster {
namespace {

std::string listed(const std::vector<Atom>& nodes) {
  std::string text;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == nodes.size() ? " and " : ", ", nodes[i].text());
  }
  return text;
}

std::vector<Atom> without(std::vector<Atom> nodes, Atom node) {
  std::erase(nodes, node);
  return nodes;
}

Atom overdue_word() { return "$nodes_are_overdue"_atom; }
Atom formed_word() { return "$cluster_has_formed"_atom; }
Atom ask_again_word() { return "$ask_whether_formed"_atom; }

/// A node that has not begun when it is met may begin later, or may not answer for the moment.
constexpr Duration kAskAgain = 1s;

/// Asks a node that is connected whether it has begun; the answer comes as a message.
void ask_whether_formed(Atom node) {
  spawn([node, waiting = self()] {
    const auto formed = try_call(kDistAc.on(node), HasBegun{});
    if (formed && *formed) send(waiting, Term::tuple({formed_word(), node}));
  });
}

}  // namespace

Outcome<void> await_nodes(const KernelConfig& kernel) {
  const Atom own = runtime().node_name();
  std::vector<Atom> mandatory = without(kernel.sync_nodes_mandatory, own);
  std::vector<Atom> optional = without(kernel.sync_nodes_optional, own);  // ST-55: its own name counts as there
  if (!kernel.sync_nodes_timeout || (mandatory.empty() && optional.empty()) || own == atoms::nonode_nohost) return {};
  monitor_nodes(true);
  const Ref controller = monitor(Address(ApplicationController::registered_name()));
  const std::vector<Atom> configured = configured_nodes(kernel);
  const auto ask = [&](Atom node) {
    if (std::find(configured.begin(), configured.end(), node) != configured.end()) ask_whether_formed(node);
  };
  const auto arrived = [&](Atom node) {
    std::erase(mandatory, node);
    std::erase(optional, node);
    ask(node);
  };
  for (const Atom node : nodes()) arrived(node);
  const Timeout limit = *kernel.sync_nodes_timeout;
  if (!mandatory.empty() || !optional.empty()) {
    std::vector<Atom> missing = mandatory;
    missing.insert(missing.end(), optional.begin(), optional.end());
    log::info("waiting for {}{}", listed(missing),
              limit.is_infinite() ? "" : fmt::format(", for {} s at most", static_cast<double>(limit.duration() / 1ms) / 1000));
  }
  std::optional<Ref> timer;
  if (!limit.is_infinite()) timer = send_after(limit.duration(), Address(self()), overdue_word());
  Ref next = send_after(kAskAgain, Address(self()), ask_again_word());
  Outcome<void> outcome;
  while (!mandatory.empty() || !optional.empty()) {
    const auto message = receive_any();
    if (!message) return Fault{.code = Errc::exited, .where = "node synchronisation", .detail = "the node stops"};
    if (const auto down = match<Down>(*message); down && down->ref == controller) {
      return Fault{.code = Errc::exited, .where = "", .detail = "the node was stopped while it waited for others"};
    }
    if (const auto up = match<NodeUp>(*message)) arrived(up->node);  // AC-11: that it goes again changes nothing
    if (message->is_tuple(2) && message->elements()[0].is_atom(formed_word()) && message->elements()[1].is_atom()) {
      log::info("{} has begun already: this node joins it", message->elements()[1].atom().text());
      break;
    }
    if (message->is_atom(ask_again_word())) {
      for (const Atom node : nodes()) ask(node);
      next = send_after(kAskAgain, Address(self()), ask_again_word());
    }
    if (!message->is_atom(overdue_word())) continue;
    if (!mandatory.empty()) {  // AC-14
      outcome = Fault{.code = Errc::timeout,
                      .where = "",
                      .detail = fmt::format("mandatory nodes are missing after {} s: {}; start them within that time, or list them in "
                                            "sync_nodes_optional",
                                            static_cast<double>(limit.duration() / 1ms) / 1000, listed(mandatory))};
    }
    break;  // AC-12
  }
  monitor_nodes(false);
  demonitor(controller, {.flush = true});
  static_cast<void>(cancel_timer(next));
  if (timer) static_cast<void>(cancel_timer(*timer));
  return outcome;
}

}  // namespace pulpo::cluster
