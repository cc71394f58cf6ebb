// SPDX-License-Identifier: Apache-2.0
//
// SupervisorOptions from keyword lists, as Elixir's start_link takes them, for every kind of supervisor.
//
//   Threads    Inside a process.
//   Errors     An option that is unknown or has a wrong value exits the caller with {:badarg, text}.
#pragma once

#include <string_view>

#include "otp/function_arguments.hpp"
#include "pulpo/dynamic_supervisor.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {

/// Without children.
[[nodiscard]] SupervisorOptions static_options(std::string_view function, const Keywords& keywords);
/// Of DynamicSupervisor and Task.Supervisor.
[[nodiscard]] DynamicSupervisorOptions dynamic_options(std::string_view function, const Keywords& keywords);
/// %{id:, start:, type: :supervisor} of one that is started by start_link(options); its id is its name (SUP-2).
[[nodiscard]] Term supervisor_child_spec(Atom module, const Keywords& options);

}  // namespace pulpo
