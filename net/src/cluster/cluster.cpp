// SPDX-License-Identifier: Apache-2.0
#include "pulpo/net/cluster.hpp"

#include "cluster/dist_ac.hpp"
#include "cluster/distributed_applications.hpp"
#include "cluster/global_names.hpp"
#include "cluster/global_server.hpp"
#include "cluster/node_sync.hpp"
#include "dist/distribution.hpp"
#include "otp/application_table.hpp"
#include "otp/supervisor_base.hpp"
#include "proc/core.hpp"
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

/// What applications of mode `consistent` serve by. They outlive dist_ac, which may be restarted while such an application runs.
void make_leases(const KernelConfig& kernel) {
  std::vector<std::pair<Atom, std::shared_ptr<Lease>>> leases;
  for (const DistributedApplication& each : kernel.distributed) {
    if (each.consistent) leases.emplace_back(each.name, std::make_shared<Lease>());
  }
  ApplicationTable::of(runtime()).set_leases(std::move(leases));
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
  const auto table = std::make_shared<GlobalTable>();
  watch_nodes(table);
  std::vector<ChildSpec> children{worker<cluster::GlobalServer>({.name = cluster::kGlobalServer}, table)};
  make_leases(options.kernel);
  if (!options.kernel.distributed.empty())
    children.push_back(worker<cluster::DistAc>({.name = cluster::kDistAc}, options.kernel, options.applications,
                                               std::make_shared<cluster::LeaseBook>(Core::here().loop().boot_time())));
  auto started = start_supervisor_alone({.name = kClusterSupervisor, .children = std::move(children)});
  if (!started) return started;
  set_name_space(":global", std::make_shared<cluster::GlobalNames>(table));
  spawn([cluster = *started] { end_with(cluster); });
  return started;
}

Outcome<void> await_nodes(const KernelConfig& kernel) { return cluster::await_nodes(kernel); }

}  // namespace pulpo
