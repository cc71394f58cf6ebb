// SPDX-License-Identifier: Apache-2.0
//
// System: the processes that every node has before any application: `Pulpo.Echo`, `Pulpo.Node`, `application_controller`,
// under the supervisor `Pulpo.Supervisor`.
//
//   Order      stop_system() stops the applications first, the last started first (AC-51).
//   Threads    Inside a process.
//   Suspends   All, until it is done.
//   Errors     start_system(): already_exists when this runtime has one.
#pragma once

#include <string>
#include <vector>

#include "pulpo/application.hpp"

namespace pulpo {

struct SystemOptions {
  std::vector<Application> applications = {};  ///< Loaded, not started: start_application() does.
  std::string version = {};                    ///< The program's, as `Pulpo.Node` tells it; pulpo's own when empty.
};

/// Starts them; they do not end with the caller. Returns the supervisor.
Result<Pid> start_system(SystemOptions options = {});
/// Waits until the system has ended, by stop_system() or because its supervisor gave up, and returns the reason. noproc: there was none.
Term await_system_end();
/// Stops applications and system, in order. Errors: noproc when there is none.
Result<void> stop_system();

}  // namespace pulpo
