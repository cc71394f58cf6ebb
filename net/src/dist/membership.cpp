// SPDX-License-Identifier: Apache-2.0
//
// Distribution, its part about who belongs to it: lists, the mesh, who is allowed, who wants to hear of it.
#include <algorithm>

#include "dist/distribution.hpp"
#include "dist/net_kernel.hpp"
#include "link/node_name.hpp"
#include "pulpo/log.hpp"

namespace pulpo::dist {

Term Distribution::disconnect(Atom node) {
  const auto found = neighbours_.find(std::string(node.text()));
  if (found == neighbours_.end() || found->second->session == nullptr) return atoms::false_;
  Neighbour& its = *found->second;
  Session* const session = its.session;
  // Here it is down at once, whatever is still to be sent; there, when the goodbye arrives.
  take_down(its, "disconnect"_atom);
  const std::string name = its.name;
  forget_if_idle(its);
  session->connection().close();
  // Who was joined is joined again, as when the other side disconnects.
  if (joiner_) joiner_->down(name);
  return atoms::true_;
}

Term Distribution::link_is_sealed(Atom node) const {
  const auto found = neighbours_.find(std::string(node.text()));
  if (found == neighbours_.end() || found->second->session == nullptr) return atoms::undefined;
  return found->second->session->connection().is_sealed() ? atoms::true_ : atoms::false_;
}

Term Distribution::connection_rows() {
  std::vector<const Session*> sessions;
  for (const auto& [name, neighbour] : neighbours_) {
    if (neighbour->session != nullptr && sessions.size() < kConnectionRowsMax) sessions.push_back(neighbour->session);
  }
  std::sort(sessions.begin(), sessions.end(), [](const Session* a, const Session* b) { return a->peer_name() < b->peer_name(); });
  std::vector<Term> rows;
  for (const Session* const session : sessions) {
    const links::Connection& connection = session->connection();
    const Session::Traffic traffic = session->traffic();
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(core().loop().now() - session->began());
    rows.push_back(Term::map({{"node"_atom, session->peer_name()},
                              {"hidden"_atom, session->is_hidden()},
                              {"address"_atom, connection.peer_address().text()},
                              {"sealed"_atom, connection.is_sealed()},
                              {"up_ms"_atom, Term(static_cast<std::int64_t>(age.count()))},
                              {"bytes_in"_atom, to_term(connection.bytes_received())},
                              {"bytes_out"_atom, to_term(connection.bytes_sent())},
                              {"messages_in"_atom, to_term(traffic.messages_received)},
                              {"messages_out"_atom, to_term(traffic.messages_sent)},
                              {"records_in"_atom, to_term(traffic.records_received)},
                              {"records_out"_atom, to_term(traffic.records_sent)},
                              {"queue_bytes"_atom, to_term(traffic.bytes_waiting)},
                              {"queue_limit"_atom, to_term(Session::kQueueMax)}}));
  }
  return Term::list(rows);
}

bool Distribution::is_hidden(const Session& session) const { return identity_.hidden || session.is_hidden(); }

std::optional<Atom> Distribution::atom_of(const Session& session) {
  if (const auto known = Atom::find(session.peer_name())) return known;
  if (!session.is_hidden()) return Atom::make(session.peer_name());  // as many as the table of nodes has entries, at most
  wire::AtomQuota& quota = atom_quota(session);
  if (quota.made >= quota.limit) return std::nullopt;
  ++quota.made;
  return Atom::make(session.peer_name());
}

std::vector<Atom> Distribution::listed(NodeSet which) {
  std::vector<Atom> all;
  switch (which) {
    case NodeSet::this_node:
      all.push_back(runtime_.node_name());
      break;
    case NodeSet::known:
      for (const std::string& name : nodes_.names()) {
        if (const auto atom = Atom::find(name)) all.push_back(*atom);
      }
      all.push_back(atoms::nonode_nohost);
      break;
    default:
      for (const auto& [name, neighbour] : neighbours_) {
        if (neighbour->session == nullptr) continue;
        const bool hidden = is_hidden(*neighbour->session);
        if (which != NodeSet::connected && hidden != (which == NodeSet::hidden)) continue;
        if (const auto atom = atom_of(*neighbour->session)) all.push_back(*atom);
      }
  }
  std::sort(all.begin(), all.end(), [](Atom left, Atom right) { return left.text() < right.text(); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// --- net_kernel -----------------------------------------------------------------------------------------------------

void Distribution::net_kernel_ended() {
  if (closing_) return;
  // Its name is free by then.
  core().post([this] {
    if (closing_) return;
    const auto started = core().spawn(std::make_unique<NetKernel>(*this), {.name = NetKernel::registered_name()});
    if (started) log::warning("net_kernel was ended by somebody, and is started again");
  });
}

// --- The mesh (NODE-12) ------------------------------------------------------------------------------------------------

// Each end of a new connection tells the other of all that it is connected with. A node that cannot reach one of them says so in its
// log, and nothing else follows: in OTP it would be cast out by all (NODE-18, WK-5; DIFFERENCES.md).
void Distribution::tell_of_others(Session& session) {
  if (!options_.connect_all || is_hidden(session)) return;
  std::vector<Term> others;
  for (const Atom node : listed(NodeSet::visible)) {
    if (node.text() != session.peer_name()) others.emplace_back(node);
  }
  if (others.empty()) return;
  MessagePtr message = core().make(Signal::cast);
  message->by_name = true;
  message->name = NetKernel::registered_name();
  message->to = Pid{session.peer(), 0, 0};
  message->body = Term::tuple({"mesh"_atom, Term::list(std::move(others))});
  session.send(std::move(message));
}

void Distribution::meet(const Term& names) {
  if (!options_.connect_all || identity_.hidden || !names.is_proper_list()) return;
  const std::size_t count = std::min(names.list_size(), kMeshMax);
  for (std::size_t i = 0; i < count; ++i) {
    const Term name = names.list_at(i);
    if (!name.is_atom() || !links::is_node_name(name.atom().text()) || name.atom().text() == identity_.name) continue;
    Neighbour& its = neighbour(name.atom().text());
    if (its.session != nullptr || its.is_connecting()) continue;
    its.known_from_peer = true;
    start_connecting(its);
  }
}

// --- Who is allowed (NODE-19) --------------------------------------------------------------------------------------------

void Distribution::allow(const std::vector<Atom>& nodes) {
  for (const Atom node : nodes) allowed_.emplace(node.text());
}

bool Distribution::is_allowed(const std::string& name) const {
  return allowed_.empty() || allowed_.contains(name) || allowed_.contains(name.substr(name.find('@') + 1));
}

// --- Who wants to hear of it (NODE-13) --------------------------------------------------------------------------------------

bool Distribution::watch_node(const Pid& pid, Atom node) {
  if (node.text() == identity_.name) return false;
  const bool is_new = watchers_.watch(pid, node);
  Neighbour& its = neighbour(node.text());
  if (its.session == nullptr) {
    if (may_connect_by_itself(its.name)) {
      start_connecting(its);
    } else {
      watchers_.unreachable(node);
      forget_if_idle(its);
    }
  }
  return is_new;
}

}  // namespace pulpo::dist
