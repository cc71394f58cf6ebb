// SPDX-License-Identifier: Apache-2.0
#include "pulpo/system.hpp"

#include <algorithm>

#include "base/machine.hpp"
#include "base/usage.hpp"
#include "otp/application_controller.hpp"
#include "otp/application_table.hpp"
#include "otp/call_body.hpp"
#include "otp/echo.hpp"
#include "otp/io_server.hpp"
#include "otp/remote_log.hpp"
#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/supervisor.hpp"

namespace pulpo {
namespace {

constexpr auto kSupervisor = local<Protocol<>>("Pulpo.Supervisor");

/// `user` leads the group of all that the supervisor starts after it (IO-1).
ChildSpec io_server(Atom name, const IoServer::Options& io) {
  const bool leads = name == IoServer::user_name();
  ChildSpec spec = child({.name = name}, [name, io, leads](std::optional<unsigned> core) {
    auto started = detail::start_server(std::make_unique<IoServer>(io), {.name = name, .core = core});
    if (started && leads) set_group_leader(*started);  // called in the supervisor
    return started;
  });
  spec.class_name = "io_server";
  return spec;
}

/// What ends the system in order: no failure of the supervisor's, and so not reported as one.
Term orderly(const Term& reason) { return Term::tuple({atoms::shutdown, reason}); }

/// The application controller is started once. When it ends, everything that it ran has ended with it, and a new one would know
/// nothing of it: as in OTP, the node ends, and whoever watches the program starts a healthy one.
ChildSpec controller(const SystemOptions& options) {
  const Atom name = ApplicationController::registered_name();
  ApplicationController::Applications applications;
  for (const Application& each : options.applications) {
    for (const StartPhase& phase : each.start_phases) phase.arguments.share();
    applications.push_back(std::make_shared<const Application>(each));
  }
  ApplicationController::Settings settings;
  for (const auto& [application, env] : options.env) settings.emplace_back(Atom(application), env);
  ChildSpec spec =
      child({.name = name, .shutdown = Shutdown::infinity()},
            [name, applications = std::move(applications), settings = std::move(settings),
             started = std::make_shared<bool>(false)](std::optional<unsigned> core) -> Result<Pid> {
              if (std::exchange(*started, true)) {
                begin_system_end("application_controller_terminated"_atom);
                return Error{Errc::exited, "ignore"_atom, "application_controller"};  // the child stays without a process
              }
              return detail::start_server(std::make_unique<ApplicationController>(applications, settings), {.name = name, .core = core});
            });
  spec.class_name = "application_controller";
  return spec;
}

FunctionTable exports_of(const std::vector<Application>& applications) {
  FunctionTable table;
  for (const Application& application : applications) {
    for (const Function& function : application.exports) table.add(function);
  }
  return table;
}

/// For applications to stop when the node ends of its own accord; `pulpo node` gives them as long after a signal.
constexpr Duration kApplicationsStopMax = 30s;

void end_system(const Term& reason) {
  const Address controller = ApplicationController::registered_name();
  const auto stopped = try_call(controller, "stop_applications"_atom, {.timeout = Timeout(kApplicationsStopMax)});
  if (!stopped && stopped.error().code == Errc::timeout) {
    log::warning("applications take too long to stop; the node does not wait for them");
    if (const auto pid = whereis(controller.name())) exit(*pid, atoms::kill);
  }
  (void)stop(kSupervisor, orderly(reason));
}

}  // namespace

void begin_system_end(const Term& reason) {
  if (!ApplicationTable::of(runtime()).begin_end()) return;
  if (reason.is_tuple(3)) {  // an application's fault; what a process asked for is no news
    const auto words = reason.elements();
    const bool started = words[0].is_atom("application_terminated"_atom);
    log::line(log::Level::critical, "application {} {}: {}; the node ends", words[1].atom().text(), started ? "has ended" : "did not start",
              started ? reason_text(words[2]) : start_error_text(words[2]));
  } else if (reason.is_atom()) {
    log::line(log::Level::critical, "the application controller has ended, and all applications with it; the node ends");
  }
  spawn([reason] { end_system(reason); });
}

Term NodeInfo::handle_call(const NodeUsage&) {
  const Usage usage = process_usage();
  const Runtime& here = runtime();
  const auto echo = get_state(kEcho);
  const auto counted = [&](std::size_t at) { return echo && echo->is_tuple(3) ? Term(echo->elements()[at]) : Term(atoms::undefined); };
  const Machine machine = this_machine();
  CoreStats all;
  Duration sum{};
  for (const CoreStats& core : here.core_stats()) {
    all.run_delays += core.run_delays;
    sum += core.run_delay_average * static_cast<std::int64_t>(core.run_delays);
    all.run_delay_max = std::max(all.run_delay_max, core.run_delay_max);
    all.stalls += core.stalls;
  }
  const Duration average = all.run_delays == 0 ? sum : sum / static_cast<std::int64_t>(all.run_delays);
  return Term::map({{"calls"_atom, counted(0)},
                    {"casts"_atom, counted(1)},
                    {"cast_bytes"_atom, counted(2)},
                    {"machine"_atom, machine.board},
                    {"kernel"_atom, machine.kernel},
                    {"cpu_us"_atom, to_term(usage.cpu_microseconds)},
                    {"rss_kib"_atom, to_term(usage.rss_kibibytes)},
                    {"system_calls"_atom, to_term(here.system_calls())},
                    {"cores"_atom, to_term(here.core_count())},
                    {"loop"_atom, here.loop_name()},
                    {"version"_atom, version_},
                    {"run_delay_us"_atom, to_term(std::chrono::duration_cast<std::chrono::microseconds>(average).count())},
                    {"run_delay_max_us"_atom, to_term(std::chrono::duration_cast<std::chrono::microseconds>(all.run_delay_max).count())},
                    {"stalls"_atom, to_term(all.stalls)},
                    {"atoms"_atom, to_term(Atom::count())},
                    {"processes"_atom, to_term(here.process_count())}});
}

Result<Pid> start_system(SystemOptions options) {
  if (const auto there = whereis(kSupervisor.name()))
    return Error{Errc::already_exists, Term::tuple({atoms::already_started, *there}), "start_system"};
  if (options.version.empty()) options.version = PULPO_VERSION;
  ApplicationTable::of(runtime()).clear(now());
  ApplicationTable::of(runtime()).set_functions(exports_of(options.applications));
  runtime().set_call_bodies(&make_call_body);
  return start_supervisor_alone({.name = kSupervisor,
                                 .children = {io_server(IoServer::user_name(), {.output = std::move(options.output),
                                                                                .output_is_descriptor = options.output_is_stdout,
                                                                                .input = std::move(options.input)}),
                                              io_server(IoServer::standard_error_name(),
                                                        {.descriptor = 2, .output = std::move(options.error_output), .reads = false}),
                                              worker<RemoteLog>({.name = RemoteLog::registered_name()}), worker<Echo>({.name = kEcho}),
                                              worker<NodeInfo>({.name = kNodeInfo}, options.version), controller(options)}});
}

Term await_system_end() {
  const Ref ref = monitor(kSupervisor);
  const auto down = receive_if([ref](const Term& message) {
    return message.is_tuple(5) && message.elements()[0].is_atom(atoms::DOWN) && message.elements()[1] == Term(ref);
  });
  if (!down) return atoms::killed;
  const Term& reason = down->elements()[4];
  const bool in_order = reason.is_tuple(2) && reason.elements()[0].is_atom(atoms::shutdown);
  return in_order ? Term(reason.elements()[1]) : reason;
}

Result<void> stop_system() {
  (void)stop_applications();  // an error says that there is no controller; then there is nothing of it to stop
  return stop(kSupervisor, atoms::shutdown);
}

Result<void> system_stop(int status) {
  if (status < 0 || status > 255) {
    Error error{Errc::bad_argument, Term::tuple({atoms::badarg, status}), "system_stop"};
    error.detail = "an exit status is a number from 0 to 255";
    return error;
  }
  const auto controller = whereis(ApplicationController::registered_name());
  if (!controller) return Error{Errc::noproc, atoms::noproc, "system_stop"};
  send(*controller, Term::tuple({"system_stop"_atom, status}));
  return {};
}

}  // namespace pulpo
