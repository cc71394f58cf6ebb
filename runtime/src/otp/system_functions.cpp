// SPDX-License-Identifier: Apache-2.0
//
// System and :init, as Elixir's users type them. Nothing here ends the program at once: System.stop does, in order.
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "otp/time_units.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/system.hpp"

extern char** environ;  // NOLINT: POSIX's name

namespace pulpo {
namespace {

Atom stop_with_status(std::int64_t status) {
  if (status < 0 || status > 255) exit(atoms::badarg);
  const auto stops = system_stop(static_cast<int>(status));
  if (!stops) exit(stops.error().reason);
  return atoms::ok;
}

Term environment_value(const std::string& name, const Term& otherwise) {
  const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value != nullptr ? Term(value) : otherwise;
}

Term environment_map() {
  std::vector<std::pair<Term, Term>> pairs;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view line = *each;
    const std::size_t sign = line.find('=');
    if (sign != std::string_view::npos) pairs.emplace_back(line.substr(0, sign), line.substr(sign + 1));
  }
  return Term::map(std::move(pairs));
}

}  // namespace

std::span<const Function> system_functions() {
  static constexpr Function kRows[] = {
      row("System.stop", "Begins to stop this node, in order, and returns :ok.", [] { return stop_with_status(0); }),
      row("System.stop", "Begins to stop this node, in order, with an exit status, and returns :ok.",
          [](std::int64_t status) { return stop_with_status(status); }),
      row("System.version", "The version of pulpo.", [] { return std::string(PULPO_VERSION); }),
      row("System.pid", "The number of this program's process, as text.", [] { return std::to_string(::getpid()); }),
      row("System.os_time", "The time of day in nanoseconds since 1970.", [] { return system_time_in({}); }),
      row("System.os_time", "The time of day since 1970 in a unit.", [](const TimeUnit& unit) { return system_time_in(unit); }),
      row("System.system_time", "The time of day in nanoseconds since 1970.", [] { return system_time_in({}); }),
      row("System.system_time", "The time of day since 1970 in a unit.", [](const TimeUnit& unit) { return system_time_in(unit); }),
      row("System.monotonic_time", "The node's monotonic time in nanoseconds.", [] { return monotonic_time_in({}); }),
      row("System.monotonic_time", "The node's monotonic time in a unit.", [](const TimeUnit& unit) { return monotonic_time_in(unit); }),
      row("System.schedulers_online", "How many cores this node runs on.", [] { return runtime().core_count(); }),
      row("System.get_env", "The environment variables, as a map of texts.", [] { return environment_map(); }),
      row("System.get_env", "An environment variable, or nil.", [](const std::string& name) { return environment_value(name, {}); }),
      row("System.get_env", "An environment variable, or the second argument when there is none.",
          [](const std::string& name, const Term& otherwise) { return environment_value(name, otherwise); }),
      row(":init.stop", "Begins to stop this node, in order, and returns :ok.", [] { return stop_with_status(0); }),
      row(":init.stop", "Begins to stop this node, in order, with an exit status, and returns :ok.",
          [](std::int64_t status) { return stop_with_status(status); }),
  };
  return kRows;
}

}  // namespace pulpo
