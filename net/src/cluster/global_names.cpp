// SPDX-License-Identifier: Apache-2.0
#include "cluster/global_names.hpp"

#include <array>

#include "cluster/distributed_applications.hpp"
#include "cluster/global_server.hpp"
#include "otp/application_table.hpp"
#include "proc/router.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

constexpr auto enum_atoms(NameConflict) {
  return std::array{EnumAtom{NameConflict::keep_longest, "keep_longest"}, EnumAtom{NameConflict::random_exit_name, "random_exit_name"},
                    EnumAtom{NameConflict::random_notify_name, "random_notify_name"},
                    EnumAtom{NameConflict::notify_all_name, "notify_all_name"}};
}

namespace cluster {
namespace {

/// Where a process lives: its node answers for its names.
Atom node_of(const Pid& pid) {
  const Router* const router = runtime().router();
  return pid.is_local() || router == nullptr ? runtime().node_name() : router->name_of(pid.node);
}

}  // namespace

std::shared_ptr<GlobalNames> GlobalNames::of_this_node() {
  auto space = std::dynamic_pointer_cast<GlobalNames>(ApplicationTable::of(runtime()).name_spaces().find("global"_atom));
  if (!space) exit(Term::tuple({atoms::noproc, "global"_atom}));
  return space;
}

bool GlobalNames::enter(const Term& name, const Pid& pid, NameConflict method, bool forced) {
  name.share();
  const auto application = pid == self() ? distributed_application_of_caller() : std::nullopt;
  const auto answer = try_call(
      kGlobalServer.on(node_of(pid)),
      RegisterName{
          .name = name, .pid = pid, .method = to_term(method).atom(), .application = application.value_or("nil"_atom), .forced = forced},
      {.timeout = Timeout::infinity()});
  if (!answer) exit(answer.error().reason);
  return *answer;
}

bool GlobalNames::register_name(const Term& name, const Pid& pid) { return enter(name, pid, NameConflict::keep_longest, false); }

void GlobalNames::unregister_name(const Term& name, const Pid& pid) {
  table_->drop(name, pid);
  cast(kGlobalServer, ReleaseName{name, pid});
}

std::optional<Pid> GlobalNames::whereis_name(const Term& name) {
  if (auto known = table_->find(name)) return known;
  if (!table_->is_merging()) return std::nullopt;
  sync_global();
  return table_->find(name);
}

}  // namespace cluster

bool register_global(const Term& name, const Pid& pid, NameConflict method) {
  return cluster::GlobalNames::of_this_node()->enter(name, pid, method, false);
}
bool re_register_global(const Term& name, const Pid& pid, NameConflict method) {
  return cluster::GlobalNames::of_this_node()->enter(name, pid, method, true);
}
void unregister_global(const Term& name) {
  const auto names = cluster::GlobalNames::of_this_node();
  for (const auto& claim : names->table().claims(name)) {
    static_cast<void>(try_call(cluster::kGlobalServer.on(claim.node), cluster::UnregisterName{name}));
  }
  for (const auto& claim : names->table().claims(name)) names->table().drop(name, claim.pid);
}
std::vector<Term> global_names() { return cluster::GlobalNames::of_this_node()->table().names(); }
void sync_global() { static_cast<void>(try_call(cluster::kGlobalServer, cluster::SyncNames{}, {.timeout = Timeout(2s)})); }

}  // namespace pulpo
