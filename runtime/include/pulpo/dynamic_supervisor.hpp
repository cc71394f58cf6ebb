// SPDX-License-Identifier: Apache-2.0
//
// DynamicSupervisor: a supervisor whose children come and go, one for each connection, session or device.
//
//   dynamic_supervisor({.name = "Weather.Ports", .max_children = 16})            // among the children of a supervisor
//   start_child("Weather.Ports", worker<Sensor>({.restart = Restart::transient}, path, 9600u));
//
// Children have no id: any number of one class may run, and the supervisor knows them by their pids (SUP-12). start_child(),
// terminate_child(), which_children() and count_children() are those of pulpo/supervisor.hpp; a child that is asked to be ignored is not
// kept.
//
//   Order      None: all are stopped at once, each with its own shutdown time (SUP-9), and started again one by one (SUP-5).
//   Threads    Inside a process. Children go to the least loaded core, unless their options name one.
//   Suspends   As a supervisor does: a slow child start or stop holds it up (SUP-14).
//   Bounds     max_children. More than `intensity` restarts within `period` end it with reason shutdown (SUP-6, SUP-7).
//   Errors     start_child(): refused with :max_children, or what start gave; terminate_child(): refused with :not_found.
//   Cost       A child: some 90 bytes here, beside itself and the supervisor's link; one that may be started again also keeps its start
//              function and arguments. Ends, starts and stops of one take the same time whatever their number.
#pragma once

#include <limits>

#include "pulpo/supervisor.hpp"

namespace pulpo {

struct DynamicSupervisorOptions {
  Name name = {};
  unsigned intensity = 3;                   ///< Elixir's max_restarts.
  Duration period = 5s;                     ///< Elixir's max_seconds; counted in whole seconds (SUP-6).
  Duration retry_delay = Duration::zero();  ///< As in SupervisorOptions.
  std::size_t max_children = std::numeric_limits<std::size_t>::max();
};

/// Starts one without children, linked to the caller.
[[nodiscard]] Result<Pid> start_dynamic_supervisor(DynamicSupervisorOptions options);
/// The same without a link.
[[nodiscard]] Result<Pid> start_dynamic_supervisor_alone(DynamicSupervisorOptions options);

/// One as a child of a supervisor.
[[nodiscard]] ChildSpec dynamic_supervisor(DynamicSupervisorOptions options);
/// The same with an id, a restart or a shutdown of its own; the name is that of `options`.
[[nodiscard]] ChildSpec dynamic_supervisor(const ChildOptions& child, DynamicSupervisorOptions options);

}  // namespace pulpo
