// SPDX-License-Identifier: Apache-2.0
#include "otp/builtin_functions.hpp"

#include <fmt/format.h>

#include "otp/chardata.hpp"
#include "pulpo/application.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/io.hpp"
#include "pulpo/process_info.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/system.hpp"

namespace pulpo {
namespace {

// --- Input and output ------------------------------------------------------------------------------------------------------

/// Elixir's to_string for what IO.puts takes.
std::string printed(const Term& item) {
  if (item.is_binary()) return std::string(item.bytes());
  if (item.is_atom()) return item.is_atom(atoms::nil) ? std::string() : std::string(item.atom().text());
  std::string text;
  if (item.is_list() && append_chardata(item, Encoding::unicode, text)) return text;
  return item.text();
}

constexpr auto kPuts =
    function("IO.puts", "Prints a line where the caller's output goes.", [](const Term& item) { return io::puts(printed(item)); });
constexpr auto kWrite =
    function("IO.write", "Prints text where the caller's output goes.", [](const Term& item) { return io::write(printed(item)); });
constexpr auto kInspect = function("IO.inspect", "Prints a term, and returns it.", [](const Term& item) { return io::inspect(item); });

// --- Processes ---------------------------------------------------------------------------------------------------------------

Address address_of(const Term& to) {
  if (to.is_pid()) return to.pid();
  if (to.is_atom()) return to.atom();
  if (to.is_tuple(2) && to.elements()[0].is_atom() && to.elements()[1].is_atom()) return {to.elements()[0].atom(), to.elements()[1].atom()};
  exit(atoms::badarg);
}

/// {:global, name} or {:via, module, name}.
std::optional<Via> via_of(const Term& to) {
  if (to.is_tuple(2) && to.elements()[0].is_atom("global"_atom)) return Via("global"_atom, to.elements()[1]);
  if (to.is_tuple(3) && to.elements()[0].is_atom("via"_atom) && to.elements()[1].is_atom())
    return Via(to.elements()[1].atom(), to.elements()[2]);
  return std::nullopt;
}

Term call_of(const Term& server, const Term& request, const CallOptions& options = {}) {
  const auto via = via_of(server);
  return via ? call(*via, request, options) : call(address_of(server), request, options);
}

Term cast_of(const Term& server, const Term& request) {
  if (const auto via = via_of(server)) {
    cast(*via, request);
  } else {
    cast(address_of(server), request);
  }
  return atoms::ok;
}

/// `:infinity`, or milliseconds as OTP takes them.
Timeout timeout_of(const Term& term) {
  if (term.is_atom(atoms::infinity)) return Timeout::infinity();
  if (!term.is_integer() || term.integer() < 0 || term.integer() > std::int64_t{UINT32_MAX}) exit(atoms::badarg);
  return std::chrono::milliseconds(term.integer());
}

/// Applies an apply of an apply without a frame of the stack for each: they come from other nodes, nested as deep as a term may be.
Term apply_all(Atom module, Atom name, std::vector<Term> arguments) {
  while (module == "erlang"_atom && name == "apply"_atom && arguments.size() == 3 && arguments[0].is_atom() && arguments[1].is_atom() &&
         arguments[2].is_proper_list()) {
    const Term inner = arguments[2];
    module = arguments[0].atom();
    name = arguments[1].atom();
    arguments.clear();
    for (std::size_t i = 0; i < inner.list_size(); ++i) arguments.push_back(inner.list_at(i));
  }
  return apply(module, name, arguments);
}

Term send_to(const Term& to, const Term& message) {
  if (to.is_ref()) {
    send(to.ref(), message);
  } else {
    send(address_of(to), message);
  }
  return message;
}

Term exit_of(const Pid& pid, const Term& reason) {
  exit(pid, reason);
  return true;
}

bool alive(const Pid& pid) {
  if (!pid.is_local()) exit(atoms::badarg);
  return is_alive(pid);
}

Term info_of(const Pid& pid) {
  const auto info = process_info(pid);
  if (info) return info->term();
  if (info.error().code == Errc::noproc) return {};
  exit(atoms::badarg);
}

Term found(Atom name, Atom otherwise) {
  const auto pid = whereis(name);
  return pid ? Term(*pid) : Term(otherwise);
}

Term sleep_for(std::int64_t milliseconds) {
  if (milliseconds < 0) exit(atoms::badarg);
  sleep(std::chrono::milliseconds(std::min<std::int64_t>(milliseconds, UINT32_MAX)));
  return atoms::ok;
}

constexpr auto kWhereis =
    function("Process.whereis", "The process of that name, or nil.", [](Atom name) { return found(name, atoms::nil); });
constexpr auto kErlangWhereis =
    function(":erlang.whereis", "The process of that name, or undefined.", [](Atom name) { return found(name, atoms::undefined); });
constexpr auto kList = function("Process.list", "The processes of this node.", [] { return list_processes(); });
constexpr auto kProcesses = function(":erlang.processes", "The processes of this node.", [] { return list_processes(); });
constexpr auto kExit =
    function("Process.exit", "Sends an exit signal.", [](const Pid& pid, const Term& reason) { return exit_of(pid, reason); });
constexpr auto kErlangExit =
    function(":erlang.exit", "Sends an exit signal.", [](const Pid& pid, const Term& reason) { return exit_of(pid, reason); });
constexpr auto kAlive = function("Process.alive?", "Whether a process of this node lives.", [](const Pid& pid) { return alive(pid); });
constexpr auto kErlangAlive =
    function(":erlang.is_process_alive", "Whether a process of this node lives.", [](const Pid& pid) { return alive(pid); });
constexpr auto kInfo = function("Process.info", "What can be seen of a process of this node.", [](const Pid& pid) { return info_of(pid); });
constexpr auto kLeader = function("Process.group_leader", "Where the output of this call goes.", [] { return group_leader(); });
constexpr auto kErlangLeader = function(":erlang.group_leader", "Where the output of this call goes.", [] { return group_leader(); });
constexpr auto kSleep = function("Process.sleep", "Waits so many milliseconds.", [](std::int64_t time) { return sleep_for(time); });
constexpr auto kTimerSleep = function(":timer.sleep", "Waits so many milliseconds.", [](std::int64_t time) { return sleep_for(time); });
constexpr auto kSend =
    function("Process.send", "Sends a message; options change nothing.", [](const Term& to, const Term& message, const std::vector<Term>&) {
      send_to(to, message);
      return atoms::ok;
    });
constexpr auto kErlangSend =
    function(":erlang.send", "Sends a message.", [](const Term& to, const Term& message) { return send_to(to, message); });
constexpr auto kSelf = function(":erlang.self", "The process of this call.", [] { return self(); });
constexpr auto kNode = function(":erlang.node", "The name of this node.", [] { return runtime().node_name(); });
constexpr auto kCall = function("GenServer.call", "Asks a server: by pid, name, {name, node}, {:global, name} or {:via, module, name}.",
                                [](const Term& server, const Term& request) { return call_of(server, request); });
constexpr auto kCallTimeout = function("GenServer.call", "The same, with a timeout in milliseconds.",
                                       [](const Term& server, const Term& request, const Term& timeout) {
                                         return call_of(server, request, {.timeout = timeout_of(timeout)});
                                       });
constexpr auto kCast =
    function("GenServer.cast", "Tells a server.", [](const Term& server, const Term& request) { return cast_of(server, request); });
constexpr auto kApply =
    function(":erlang.apply", "Calls an exported function.",
             [](Atom module, Atom name, const std::vector<Term>& arguments) { return apply_all(module, name, arguments); });

// --- System and applications -------------------------------------------------------------------------------------------------

Term stop_with_status(std::int64_t status) {
  if (status < 0 || status > 255) exit(atoms::badarg);
  const auto stops = system_stop(static_cast<int>(status));
  if (!stops) exit(stops.error().reason);
  return atoms::ok;
}

constexpr auto kStop = function("System.stop", "Stops this node, in order.", [] { return stop_with_status(0); });
constexpr auto kStopWith = function("System.stop", "Stops this node, in order, with an exit status.",
                                    [](std::int64_t status) { return stop_with_status(status); });
constexpr auto kInitStop = function(":init.stop", "Stops this node, in order.", [] { return stop_with_status(0); });
constexpr auto kInitStopWith =
    function(":init.stop", "Stops this node, in order, with an exit status.", [](std::int64_t status) { return stop_with_status(status); });
/// AC-20: the restart type is looked at first.
Term start_as(Atom name, const Term& restart) {
  const auto type = from_term<RestartType>(restart);
  if (!type) return Term::tuple({atoms::error, Term::tuple({"invalid_restart_type"_atom, restart})});
  return to_term(start_application(name, {.type = *type}));
}

constexpr auto kStart = function("Application.start", "Starts an application.", [](Atom name) { return start_application(name); });
constexpr auto kStartAs = function("Application.start", "The same, as :permanent, :transient or :temporary.",
                                   [](Atom name, const Term& restart) { return start_as(name, restart); });
constexpr auto kStopApplication = function("Application.stop", "Stops an application.", [](Atom name) { return stop_application(name); });
constexpr auto kErlangStart = function(":application.start", "Starts an application.", [](Atom name) { return start_application(name); });
constexpr auto kErlangStartAs = function(":application.start", "The same, as :permanent, :transient or :temporary.",
                                         [](Atom name, const Term& restart) { return start_as(name, restart); });
constexpr auto kErlangStop = function(":application.stop", "Stops an application.", [](Atom name) { return stop_application(name); });
constexpr auto kEnsure = function("Application.ensure_all_started", "Starts an application and what it needs.",
                                  [](Atom name) { return ensure_all_started(name); });
constexpr auto kGetEnv = function("Application.get_env", "A setting of an application, or nil.",
                                  [](Atom application, Atom key) { return get_env(application, key.text()).value_or(Term()); });
/// AC-26: those that run here.
std::vector<Term> running_applications() {
  std::vector<Term> all;
  const auto running = which_applications();
  if (!running) exit(running.error().reason);
  for (const RunningApplication& each : *running)
    all.push_back(Term::tuple({each.name, Term::charlist(each.description), Term::charlist(each.version)}));
  return all;
}
constexpr auto kWhich = function("Application.started_applications", "The applications that run: {name, description, version}.",
                                 [] { return running_applications(); });
constexpr auto kErlangWhich = function(":application.which_applications", "The applications that run: {name, description, version}.",
                                       [] { return running_applications(); });

}  // namespace

std::span<const Function> builtin_functions() {
  static constexpr Function kAll[] = {
      kPuts,       kWrite,        kInspect,    kWhereis,      kErlangWhereis, kList,
      kProcesses,  kExit,         kErlangExit, kAlive,        kErlangAlive,   kInfo,
      kLeader,     kErlangLeader, kSleep,      kTimerSleep,   kSend,          kErlangSend,
      kSelf,       kNode,         kCall,       kCallTimeout,  kCast,          kApply,
      kStop,       kStopWith,     kInitStop,   kInitStopWith, kStart,         kStopApplication,
      kEnsure,     kGetEnv,       kWhich,      kStartAs,      kErlangStart,   kErlangStartAs,
      kErlangStop, kErlangWhich,
  };
  return kAll;
}

}  // namespace pulpo
