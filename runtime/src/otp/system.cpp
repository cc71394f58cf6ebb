// SPDX-License-Identifier: Apache-2.0
#include "pulpo/system.hpp"

#include "base/usage.hpp"
#include "otp/application_controller.hpp"
#include "otp/echo.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {
namespace {

constexpr auto kSupervisor = local<Protocol<>>("Pulpo.Supervisor");

ChildSpec controller(std::vector<Application> applications) {
  const Atom name = ApplicationController::registered_name();
  ChildSpec spec =
      child({.name = name, .shutdown = Shutdown::infinity()},
            [name, kept = std::make_shared<const std::vector<Application>>(std::move(applications))](std::optional<unsigned> core) {
              return detail::start_server(std::make_unique<ApplicationController>(*kept), {.name = name, .core = core});
            });
  spec.class_name = "application_controller";
  return spec;
}

}  // namespace

Term NodeInfo::handle_call(const NodeUsage&) {
  const Usage usage = process_usage();
  const Runtime& here = runtime();
  const auto calls = get_state(kEcho);
  return Term::map({{"calls"_atom, calls ? *calls : Term(atoms::undefined)},
                    {"cpu_us"_atom, to_term(usage.cpu_microseconds)},
                    {"rss_kib"_atom, to_term(usage.rss_kibibytes)},
                    {"system_calls"_atom, to_term(here.system_calls())},
                    {"cores"_atom, to_term(here.core_count())},
                    {"loop"_atom, here.loop_name()},
                    {"version"_atom, version_},
                    {"processes"_atom, to_term(here.process_count())}});
}

Result<Pid> start_system(SystemOptions options) {
  if (options.version.empty()) options.version = PULPO_VERSION;
  return start_supervisor_alone({.name = kSupervisor,
                                 .children = {worker<Echo>({.name = kEcho}), worker<NodeInfo>({.name = kNodeInfo}, options.version),
                                              controller(std::move(options.applications))}});
}

Term await_system_end() {
  const Ref ref = monitor(kSupervisor);
  const auto down = receive_if([ref](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(ref);
  });
  return down ? Term(down->elements()[4]) : Term(atoms::killed);
}

Result<void> stop_system() { return stop(kSupervisor, atoms::shutdown); }

}  // namespace pulpo
