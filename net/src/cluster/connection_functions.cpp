// SPDX-License-Identifier: Apache-2.0
#include "cluster/connection_functions.hpp"

#include "dist/distribution.hpp"
#include "proc/core.hpp"
#include "pulpo/function.hpp"

namespace pulpo::cluster {
namespace {

Term connections() {
  auto* const distribution = static_cast<dist::Distribution*>(runtime().router());
  if (distribution == nullptr) return Term::empty_list();
  const auto rows = Core::here().ask(dist::Distribution::kHomeCore, [distribution](Core&) { return distribution->connection_rows(); });
  return rows ? *rows : Term::empty_list();
}

constexpr auto kConnections = function(":observer_backend.connections", "The connections of this node, what passed and what waits there.",
                                       [] { return connections(); });

}  // namespace

void export_connection_functions(Runtime& runtime) {
  static constexpr Function kAll[] = {kConnections};
  export_functions(runtime, kAll);
}

}  // namespace pulpo::cluster
