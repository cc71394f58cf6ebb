// SPDX-License-Identifier: Apache-2.0
//
// The functions that a node has because there are others: a table for each purpose.
//
//   Threads    Inside a process.
#pragma once

#include <span>

#include "pulpo/function.hpp"

namespace pulpo {

[[nodiscard]] std::span<const Function> node_functions();     ///< Node, :net_adm, :net_kernel, and :erlang's of nodes.
[[nodiscard]] std::span<const Function> cluster_functions();  ///< :global, and what of :application moves applications.
/// What GenServer and :rpc do on all nodes when none are named: on this one and on those that it is connected with.
[[nodiscard]] std::span<const Function> everywhere_functions();

}  // namespace pulpo
