// SPDX-License-Identifier: Apache-2.0
//
// What a node tells an observer of its connections, beside runtime's otp/observer_backend.hpp:
//
//   :observer_backend.connections()   // [%{node: "b@h", hidden: false, address: …, sealed: …, bytes_in: …, queue_bytes: …, …}]
//
//   Threads    export_connection_functions(): any. The function: inside a process of that node.
//   Bounds     Distribution::kConnectionRowsMax rows.
#pragma once

#include "pulpo/runtime.hpp"

namespace pulpo::cluster {

/// Once a runtime, before or after its start.
void export_connection_functions(Runtime& runtime);

}  // namespace pulpo::cluster
