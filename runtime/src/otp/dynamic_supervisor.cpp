// SPDX-License-Identifier: Apache-2.0
#include "pulpo/dynamic_supervisor.hpp"

#include "otp/dynamic_supervisor_body.hpp"

namespace pulpo {
namespace {

Result<Pid> start_on(const DynamicSupervisorOptions& options, bool link, std::optional<unsigned> core) {
  const Name name = options.name;
  return detail::start_server(std::make_unique<DynamicSupervisorBody>(options), {.name = name, .link = link, .core = core});
}

}  // namespace

Result<Pid> start_dynamic_supervisor(DynamicSupervisorOptions options) { return start_on(options, true, {}); }
Result<Pid> start_dynamic_supervisor_alone(DynamicSupervisorOptions options) { return start_on(options, false, {}); }

ChildSpec dynamic_supervisor(DynamicSupervisorOptions options) { return dynamic_supervisor({}, std::move(options)); }

ChildSpec dynamic_supervisor(const ChildOptions& child, DynamicSupervisorOptions options) {
  ChildOptions own = child;
  own.name = options.name;
  if (!own.shutdown) own.shutdown = Shutdown::infinity();
  ChildSpec spec = detail::child_spec(own, "DynamicSupervisor", 1);
  spec.type = ChildType::supervisor;
  spec.start = [options = std::move(options)](std::optional<unsigned> core) { return start_on(options, true, core); };
  return spec;
}

}  // namespace pulpo
