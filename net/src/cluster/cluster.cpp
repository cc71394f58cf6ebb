// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/cluster.hpp"

#include <fmt/format.h>

#include "cluster/dist_ac.hpp"
#include "cluster/distributed_applications.hpp"
#include "cluster/global_names.hpp"
#include "cluster/global_server.hpp"
#include "cluster/node_sync.hpp"
#include "dist/distribution.hpp"
#include "otp/application_table.hpp"
#include "otp/supervisor_base.hpp"
#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/supervisor.hpp"
#include "pulpo/system.hpp"

namespace pulpo {
namespace {

constexpr auto kClusterSupervisor = local<Protocol<>>("Pulpo.Cluster");

/// The table hears of nodes before any process does, so that a name is gone before somebody is told of its node's end (GLOBAL-7).
void watch_nodes(const std::shared_ptr<GlobalTable>& table) {
  auto* const distribution = static_cast<dist::Distribution*>(runtime().router());
  if (distribution == nullptr) return;
  static_cast<void>(Core::here().ask(dist::Distribution::kHomeCore, [distribution, table](Core&) {
    distribution->observe([table](Atom node, bool is_up) {
      if (is_up) {
        table->expect(node);
      } else {
        table->drop_node(node);
        table->merged(node);
      }
    });
    return Term(atoms::ok);
  }));
}

/// A node without these processes is taken for lost by the others, and must not go on beside them; as OTP ends with its kernel.
void end_with(const Pid& cluster) {
  const Ref watched = monitor(cluster);
  const auto down = receive_if([watched](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(watched);
  });
  if (!down) return;
  log::line(log::Level::critical, "the cluster's own processes have ended: {}; the node ends", down->elements()[4].text());
  static_cast<void>(system_stop(1));
}

}  // namespace

namespace cluster {

std::optional<Atom> distributed_application_of_caller() {
  const auto application = get_application();
  if (!application || !ApplicationTable::of(runtime()).is_controlled(*application)) return std::nullopt;
  return application;
}

}  // namespace cluster

Result<Pid> start_cluster(const ClusterOptions& options) {
  if (const auto there = whereis(kClusterSupervisor.name()))
    return Error{Errc::already_exists, Term::tuple({atoms::already_started, *there}), "start_cluster"};
  for (const DistributedApplication& each : options.kernel.distributed) {
    if (!each.consistent) continue;
    Error error{Errc::unsupported, Term::tuple({"unsupported"_atom, each.name, "consistent"_atom}), "start_cluster"};
    error.detail = fmt::format("{}: the mode `consistent` of {} is not there yet; without it both sides of a partition may run it",
                               options.kernel.distributed_place, each.name.text());
    return error;
  }
  const auto table = std::make_shared<GlobalTable>();
  watch_nodes(table);
  std::vector<ChildSpec> children{worker<cluster::GlobalServer>({.name = cluster::kGlobalServer}, table)};
  if (!options.kernel.distributed.empty())
    children.push_back(worker<cluster::DistAc>({.name = cluster::kDistAc}, options.kernel, options.applications));
  auto started = start_supervisor_alone({.name = kClusterSupervisor, .children = std::move(children)});
  if (!started) return started;
  set_name_space(":global", std::make_shared<cluster::GlobalNames>(table));
  spawn([cluster = *started] { end_with(cluster); });
  return started;
}

Outcome<void> await_nodes(const KernelConfig& kernel) { return cluster::await_nodes(kernel); }

}  // namespace pulpo
