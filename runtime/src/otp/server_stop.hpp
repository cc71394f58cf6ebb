// SPDX-License-Identifier: Apache-2.0
//
// stop_server: GenServer.stop, which Supervisor.stop and DynamicSupervisor.stop are as well (GS-17).
//
//   Threads    Inside a process.
//   Errors     Exits the caller with {reason, {GenServer, :stop, [server, reason, timeout]}}.
#pragma once

#include "otp/function_arguments.hpp"

namespace pulpo {

/// :ok when it has ended with `reason`.
Atom stop_server(const ServerArgument& server, const Term& reason, Timeout timeout);

}  // namespace pulpo
