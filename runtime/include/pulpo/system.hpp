// SPDX-License-Identifier: Apache-2.0
//
// System: the processes that every node has before any application: `user` and `standard_error` (pulpo/io.hpp), `logger` (what
// processes of other nodes that print here report), `Pulpo.Echo`, `Pulpo.Node`, `application_controller`, under the supervisor
// `Pulpo.Supervisor`.
//
//   Order      Its end stops the applications first, the last started first (AC-51).
//   Threads    Inside a process.
//   Suspends   All but system_stop(), until it is done.
//   Bounds     An end that the node itself decides on (system_stop(), a permanent application) waits 30 s for applications to stop.
//   Errors     start_system(): already_exists when this runtime has one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pulpo/application.hpp"

namespace pulpo {

struct SystemOptions {
  std::vector<Application> applications = {};  ///< Loaded, not started: start_application() does.
  std::string version = {};                    ///< The program's, as `Pulpo.Node` tells it; pulpo's own when empty.
  /// Settings by application that stand above its own, key by key, as a configuration file has them; also for one that is loaded later.
  std::vector<std::pair<std::string, Env>> env = {};
  /// Gets the text that `user` prints, in pieces, instead of stdout; called inside that process. A std::exception is {:error, :eio} to
  /// those who print.
  std::function<void(std::string_view)> output = {};
  bool output_is_stdout = false;                            ///< `output` writes to stdout all the same: the terminal's size is told.
  std::function<void(std::string_view)> error_output = {};  ///< The same for `standard_error`.
  /// Asked for more text when somebody reads, instead of stdin; nothing at the end. In a simulation stdin is at its end.
  std::function<std::optional<std::string>()> input = {};
};

/// Starts them; they do not end with the caller. Returns the supervisor.
Result<Pid> start_system(SystemOptions options = {});
/// Waits until the system has ended, and returns why: `:shutdown` after stop_system(); {:system_stop, status} after system_stop();
/// {:application_terminated, name, reason} or {:application_start_failure, name, reason} for a permanent application (AC-49);
/// :application_controller_terminated; `:shutdown` or another reason when its supervisor gave up or was ended. noproc: there was none.
Term await_system_end();
/// Stops applications and system, in order. Errors: noproc when there is none.
Result<void> stop_system();
/// Elixir's System.stop: begins to stop the node, in order, and returns at once, so that a process of an application may say it. The
/// program then exits with `status`. Only the first of several counts. Errors: bad_argument when it is not in 0 to 255; noproc.
Result<void> system_stop(int status = 0);

}  // namespace pulpo
