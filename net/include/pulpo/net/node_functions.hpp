// SPDX-License-Identifier: Apache-2.0
//
// What every node with a name exports of itself and its neighbours, for rpc, remote spawn and the console: Node.list, Node.connect,
// :net_adm.ping and the like, each with Elixir's and OTP's own answers. On a node without a name they answer as NODE-4 says.
//
//   Threads    export_node_functions(): any. The functions: inside a process of that node.
#pragma once

#include "pulpo/runtime.hpp"

namespace pulpo {

/// Once a runtime, before or after its start.
void export_node_functions(Runtime& runtime);

}  // namespace pulpo
