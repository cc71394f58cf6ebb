// SPDX-License-Identifier: Apache-2.0
//
// Cluster: the processes by which nodes act as one: global names, and applications that run on one of several nodes.
//
//   (void)start_system({...});
//   (void)start_cluster({.kernel = config.kernel});   // before the applications
//
//   Threads    Inside a process of a Node.
//   Suspends   start_cluster(), until its processes run.
//   Errors     already_exists when this runtime has one.
#pragma once

#include <vector>

#include "pulpo/config.hpp"
#include "pulpo/process.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

struct ClusterOptions {
  KernelConfig kernel = {};             ///< Which applications run on one of several nodes, and on which.
  std::vector<Atom> applications = {};  ///< Those that this node is about to start: others wait a moment for a better node that boots.
};

/// Starts them under the supervisor `Pulpo.Cluster`; they do not end with the caller. Names registered globally before stay unknown to
/// others, so it comes before the applications.
Result<Pid> start_cluster(const ClusterOptions& options = {});

/// AC-9: waits for the nodes that the configuration names, and says so in the log; returns at once when there are none. Not when a node
/// that is connected has begun already: then the cluster has formed, and this node joins it. Between start_cluster() and the applications.
/// Errors: timeout, and which mandatory ones are missing.
[[nodiscard]] Outcome<void> await_nodes(const KernelConfig& kernel);

/// :global and what of :application moves applications, for rpc and the console. Once a runtime, before or after its start.
void export_cluster_functions(Runtime& runtime);

}  // namespace pulpo
