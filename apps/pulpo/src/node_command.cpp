// SPDX-License-Identifier: Apache-2.0
//
// `pulpo node`: a node, from its first line in the log to its orderly end.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <thread>

#include "base/cpus.hpp"
#include "bench_function.hpp"
#include "common_options.hpp"
#include "cookie.hpp"
#include "node_config.hpp"
#include "node_console.hpp"
#include "node_eval.hpp"
#include "program.hpp"
#include "pulpo/lang.hpp"
#include "pulpo/log.hpp"
#include "pulpo/net/cluster.hpp"
#include "pulpo/net/node.hpp"
#include "pulpo/net/node_functions.hpp"
#include "pulpo/system.hpp"
#include "remsh.hpp"
#include "signals.hpp"

namespace pulpo::cli {
namespace {

/// Applications that do not stop within it are not waited for any longer (Settled points, Stopping: bounded in time).
constexpr int kStopMilliseconds = 30'000;
/// What remains then (connections, loops) takes milliseconds. Should it not, the kernel ends the program.
constexpr unsigned kLeaveSeconds = 10;

struct NodePlan {
  NodeOptions options;
  std::vector<Atom> applications;                ///< To start, in order, each after what it needs.
  RestartType restart = RestartType::temporary;  ///< Of all of them (AC-50).
  Config config;                                 ///< What the configuration files say.
  std::vector<std::string> expressions;          ///< To evaluate once it is up.
  bool has_console = false;
};

/// What of `text` a node's name may hold (NODE-1).
std::string name_characters(std::string_view text) {
  std::string name;
  for (const char c : text) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-') name += c;
  }
  return name;
}

/// The host's name, or the board's serial number when it has only the name that every fresh image has.
std::string automatic_name() {
  std::string name = name_characters(short_host_name());
  if (!name.empty() && name != "localhost") return name;
  const int file = ::open("/proc/device-tree/serial-number", O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char bytes[64];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  ::close(file);
  return size > 0 ? name_characters(std::string_view(bytes, static_cast<std::size_t>(size))) : std::string{};
}

Outcome<std::vector<Atom>> read_applications(const Program& program, const Arguments& arguments) {
  std::vector<Atom> wanted;
  for (const std::string& name : arguments.all("app")) {
    const auto& known = program.applications();
    if (std::none_of(known.begin(), known.end(), [&](const Application& application) { return application.name == name; })) {
      std::string names;
      for (const Application& application : known) names += fmt::format("{}{}", names.empty() ? "" : ", ", application.name);
      return wrong_usage(fmt::format("no application '{}' in this program; it has: {}", name, names.empty() ? "none" : names));
    }
    const Atom atom(name);
    if (std::find(wanted.begin(), wanted.end(), atom) == wanted.end()) wanted.push_back(atom);
  }
  return wanted;
}

Outcome<void> read_node_name(const Arguments& arguments, NodeOptions& options) {
  // One that was typed stands above one from the environment; two of a kind contradict each other.
  const bool short_name = arguments.has("sname") && (arguments.typed("sname") || !arguments.typed("name"));
  const bool long_name = arguments.has("name") && (arguments.typed("name") || !arguments.typed("sname"));
  if (short_name && long_name) return wrong_usage("--name and --sname exclude each other; give one");
  if (short_name) {
    options.kind = NameKind::short_name;
    options.name = *arguments.get("sname");
    if (options.name == "auto") {
      options.name = automatic_name();
      if (options.name.empty()) return wrong_usage("--sname auto: this machine has neither a host name nor a serial number; give a name");
    }
  } else if (long_name) {
    options.kind = NameKind::long_name;
    options.name = *arguments.get("name");
  }
  return {};
}

Outcome<NodePlan> read_plan(Program& program, const Arguments& arguments) {
  NodePlan plan;
  NodeOptions& options = plan.options;
  PULPO_TRY(plan.applications, read_applications(program, arguments));
  PULPO_TRY(plan.config, read_node_config(program, arguments));
  PULPO_TRY(plan.expressions, read_expressions(arguments));
  PULPO_TRY(plan.has_console, wants_console(arguments));
  const KernelConfig& kernel = plan.config.kernel;
  PULPO_CHECK(apply_log_options(arguments, kernel.logger_level.value_or(log::Level::info)));
  apply_node_config(kernel, options);
  if (arguments.has("permanent")) {
    if (plan.applications.empty()) return wrong_usage("--permanent says what follows when an application ends; name one with --app");
    plan.restart = RestartType::permanent;
  }
  PULPO_CHECK(read_node_name(arguments, options));
  complete_node_name(kernel, options);
  PULPO_CHECK(check_node_config(kernel, options));
  PULPO_TRY(const auto cores, arguments.number("cores", 1, 64, std::min(count_cpus().usable(), 64u)));
  options.runtime.cores = static_cast<unsigned>(cores);
  PULPO_TRY(options.runtime.loop, loop_choice(arguments));
  PULPO_TRY(options.runtime.spin, spin_choice(arguments));
  PULPO_TRY(options.runtime.watchdog.limit, watchdog_limit(arguments));
  // The signals of this program are ours.
  options.runtime.watchdog.backtrace = true;
  options.runtime.crash_reports = true;
  options.runtime.stops_at_signals = true;
  // A page and a signal's frame are the least that a process can run on; more than 64 MiB a process is a mistyped number.
  PULPO_TRY(const auto stack, arguments.bytes("stack-size", 16 * 1024, 64u << 20, options.runtime.stack_bytes));
  options.runtime.stack_bytes = static_cast<std::size_t>(stack);
  options.listen = arguments.get("listen").value_or("");
  options.join = arguments.all("join");
  for (const std::string& list : options.join) PULPO_CHECK(check_join(list));
  if (!options.join.empty() && options.kind == NameKind::none)
    return wrong_usage("--join: a node without a name joins nobody; give it --sname or --name");
  join_configured_nodes(kernel, options);
  options.plain_links = arguments.has("plain-links");
  options.visible = !arguments.has("hidden");
  PULPO_TRY(options.net_ticktime, arguments.duration("net-ticktime", 1s, 1h, options.net_ticktime));
  PULPO_TRY(options.mapper_port, mapper_port(arguments));
  options.start_mapper = !arguments.has("no-mapper");
  if (options.kind == NameKind::none) return plan;  // nobody can reach it: it needs no secret
  PULPO_TRY(auto cookie, find_cookie(arguments, program.random()));
  if (!cookie.warning.empty()) log::warning("{}", cookie.warning);
  options.cookie = std::move(cookie.value);
  return plan;
}

/// Starts the system and the applications; why not, when one fails.
Outcome<void> start_applications(Program& program, Node& node, const NodePlan& plan, NodeConsole* console) {
  export_node_functions(node.runtime());
  export_cluster_functions(node.runtime());
  export_bench_functions(node.runtime());
  lang::install(node.runtime());
  std::optional<Fault> failed = Fault{.code = Errc::exited, .where = "", .detail = "the node's own processes did not start"};
  node.runtime().run([&] {
    SystemOptions options{.applications = program.applications(), .env = plan.config.env};
    if (console != nullptr) console->take_output(options);
    if (auto system = start_system(std::move(options)); !system) {
      failed->detail = system.error().text();
      return;
    }
    const KernelConfig& kernel = plan.config.kernel;
    if (auto cluster = start_cluster({.kernel = kernel, .applications = plan.applications}); !cluster) {
      const Error& error = cluster.error();
      failed = Fault{.code = error.code == Errc::unsupported ? Errc::bad_argument : error.code,
                     .where = "",
                     .detail = error.detail.empty() ? error.text() : error.detail};
      return;
    }
    if (auto there = await_nodes(kernel); !there) {
      failed = std::move(there).error();
      return;
    }
    for (const Atom name : plan.applications) {
      if (auto started = ensure_all_started(name, {.type = plan.restart}); !started) {
        const Error& error = started.error();
        failed->detail = error.detail.empty() ? fmt::format("application {} did not start: {}", name.text(), error.text()) : error.detail;
        return;
      }
    }
    failed.reset();
  });
  if (failed) return std::move(*failed);
  return {};
}

/// Tells a descriptor that something is done.
void note_done(int descriptor) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = ::write(descriptor, &one, sizeof one);  // an eventfd at 0 takes it
}

/// start_applications(), which may wait for other nodes; nothing when a signal came first, and the node has stopped.
std::optional<Outcome<void>> start_unless_stopped(Program& program, Node& node, const NodePlan& plan, NodeConsole* console,
                                                  Signals& signals) {
  const int done = ::eventfd(0, EFD_CLOEXEC);
  Outcome<void> outcome;
  std::thread starter([&] {
    outcome = start_applications(program, node, plan, console);
    note_done(done);
  });
  pollfd descriptors[] = {{signals.descriptor(), POLLIN, 0}, {done, POLLIN, 0}};
  const char* signal = nullptr;
  while ((descriptors[1].revents & POLLIN) == 0 && signal == nullptr) {
    if (::poll(descriptors, 2, -1) < 0 && errno != EINTR) break;
    signal = signals.take();
  }
  if (signal != nullptr) {
    log::notice("{}: stopping before all has started", signal);
    ::alarm(kLeaveSeconds);
    node.stop();  // ends the starter's process
  }
  starter.join();
  ::close(done);
  if (signal != nullptr) return std::nullopt;
  return outcome;
}

/// Stops what runs, in order, unless a second signal or the time limit comes first. True when it was orderly.
bool stop_applications(Node& node, Signals& signals) {
  const int done = ::eventfd(0, EFD_CLOEXEC);
  std::thread stopper([&node, done] {
    node.runtime().run([] { static_cast<void>(stop_system()); });
    note_done(done);
  });
  pollfd descriptors[] = {{signals.descriptor(), POLLIN, 0}, {done, POLLIN, 0}};
  int ready = 0;
  do ready = ::poll(descriptors, 2, kStopMilliseconds);
  while (ready < 0 && errno == EINTR);
  const bool orderly = (descriptors[1].revents & POLLIN) != 0;
  if (!orderly) {
    const char* const name = signals.take();
    log::warning("{}: leaving without waiting for applications", name != nullptr ? name : "applications take too long to stop");
  }
  ::alarm(kLeaveSeconds);
  node.stop();  // ends the stopper's process too, if it still runs
  stopper.join();
  ::close(done);
  return orderly;
}

/// Tells when the node's own processes have ended: a process asked for it, an application took the node with it, or they failed, and
/// what is left serves nobody.
class SystemWatch {
 public:
  explicit SystemWatch(Runtime& runtime) : descriptor_(::eventfd(0, EFD_CLOEXEC)) {
    runtime.post([this] {
      note(await_system_end());
      note_done(descriptor_);
    });
  }
  SystemWatch(const SystemWatch&) = delete;
  SystemWatch& operator=(const SystemWatch&) = delete;
  ~SystemWatch() { ::close(descriptor_); }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  // --- Once the descriptor is readable --------------------------------------------------------------------------
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// The exit status that a process asked for (system_stop()).
  [[nodiscard]] const std::optional<int>& asked_for() const noexcept { return asked_for_; }
  /// The node itself decided on it, and has said why.
  [[nodiscard]] bool was_decided() const noexcept { return decided_; }

 private:
  void note(const Term& reason) {
    reason_ = reason.text();
    if (reason.is_tuple(2) && reason.elements()[0].is_atom("system_stop"_atom)) {
      asked_for_ = static_cast<int>(reason.elements()[1].as_integer().value_or(kFailed));
    }
    decided_ = reason.is_tuple(3) || reason.is_atom("application_controller_terminated"_atom);
  }

  int descriptor_;
  std::string reason_;
  std::optional<int> asked_for_;
  bool decided_ = false;
};

/// The name of the signal that came; null when the system ended first.
const char* await_signal(Signals& signals, const SystemWatch& watch) {
  pollfd descriptors[] = {{signals.descriptor(), POLLIN, 0}, {watch.descriptor(), POLLIN, 0}};
  for (;;) {
    if (::poll(descriptors, 2, -1) < 0 && errno != EINTR) return "poll failed";
    if (const char* const name = signals.take()) return name;
    if ((descriptors[1].revents & POLLIN) != 0) return nullptr;
  }
}

int run_node(Program& program, const Arguments& arguments) {
  const Verb& verb = arguments.verb();
  if (arguments.typed("remsh")) return run_remsh(program, arguments);
  if (const auto applied = apply_log_options(arguments, log::Level::info); !applied) return program.complain(verb, applied.error());
  auto plan = read_plan(program, arguments);
  if (!plan) return program.complain(verb, plan.error());
  // Before the loops' threads exist, so that they inherit the mask.
  auto signals = Signals::catch_stops(plan->has_console);
  if (!signals) return program.complain(verb, signals.error());

  std::optional<NodeConsole> console;
  if (plan->has_console) console.emplace();
  Node node(std::move(plan->options));
  if (const auto started = node.start(); !started) return program.complain(verb, started.error());
  Runtime& runtime = node.runtime();
  if (!runtime.loop_reason().empty()) log::warning("loop {}: {}", runtime.loop_name(), runtime.loop_reason());
  const auto begun = start_unless_stopped(program, node, *plan, console ? &*console : nullptr, *signals);
  if (!begun) return kSuccess;
  if (const auto& started = *begun; !started) {
    node.stop();
    return program.complain(verb, started.error());
  }
  const std::string where =
      node.port() == 0 ? "reachable by nobody, for want of a --sname or --name" : fmt::format("listening on port {}", node.port());
  log::info("node {} is up, {}, loop {}, {} {}", node.name(), where, runtime.loop_name(), runtime.core_count(),
            runtime.core_count() == 1 ? "core" : "cores");

  const SystemWatch watch(runtime);
  evaluate_at_start(runtime, std::move(plan->expressions));
  if (console) console->start(runtime);
  const char* const signal = await_signal(*signals, watch);
  if (console) console->leave();
  if (signal == nullptr) {
    // As OTP does when its kernel ends: whoever watches this program (systemd) starts a healthy one.
    if (!watch.asked_for() && !watch.was_decided())
      log::line(log::Level::critical, "the node's own processes have ended: {}; the node stops", watch.reason());
    ::alarm(kLeaveSeconds);
    node.stop();
    if (watch.asked_for()) log::notice("node {} has stopped", node.name());
    return watch.asked_for().value_or(kFailed);
  }
  log::notice("{}: stopping", signal);
  if (!stop_applications(node, *signals)) return kFailed;
  log::notice("node {} has stopped", node.name());
  return kSuccess;
}

}  // namespace

Verb node_verb() {
  return {
      .name = "node",
      .summary = "Run a node, with applications, until SIGINT or SIGTERM.",
      .details =
          "Starts a mapper when this host has none. On a terminal it has a prompt (--console), and the end of that terminal stops it too. "
          "SIGINT "
          "or SIGTERM stops applications in order; a second one does not wait for them. Exit status 2 when an option or a file is wrong, 1 "
          "when the name or the port is taken, an application does not start, or "
          "a permanent one has ended.",
      .examples =
          "node --sname a --app ping_pong\nnode --name a@192.168.1.10 --listen 192.168.1.10:4711\nnode --sname auto --join lan "
          "--cookie-file "
          "/etc/pulpo/cookie\nnode --sname a --app ping_pong --config configs/a\nnode --sname b --eval 'Node.connect(:a@altair)'",
      .options =
          std::vector<Option>{
              {.name = "sname",
               .value = "N[@HOST]",
               .help = "Short name; this host's by default. auto takes the host's name.",
               .lacks = "a name"},
              {.name = "name", .value = "N@HOST", .help = "Long name: the host as others reach it, with dots.", .lacks = "a name"}} +
          cookie_options() + config_options() +
          std::vector<Option>{
              {.name = "app",
               .value = "A",
               .help = "Start this application, and what it needs. May be given several times.",
               .repeatable = true,
               .lacks = "an application's name"},
              eval_option(),
              console_option(),
              {.name = "permanent", .help = "When one of these applications ends, the node does, with status 1."},
              {.name = "cores", .value = "N", .help = "Loops, a thread each; as many as there are usable processors by default."},
              loop_option(),
              spin_option(),
              watchdog_option(),
              {.name = "stack-size", .value = "BYTES", .help = "Stack of a process; 64KiB by default."},
              {.name = "listen",
               .value = "IP[:PORT]",
               .help = "Listen on this address only, [IPv6]:PORT or :PORT, or on an interface, as eth0. Everywhere by default; on loopback "
                       "when the host part of the name is."},
              {.name = "join",
               .value = "lan|HOST,...",
               .help =
                   "Meet these nodes, and meet them again whenever they are lost: lan is whoever says on this network that it is there, "
                   "lan:LABEL those with that label; HOST all nodes of a host, HOST:PORT who listens there, NAME@HOST that node.",
               .repeatable = true},
              {.name = "hidden", .help = "Take no part in the mesh: others list this node only as hidden."},
              {.name = "net-ticktime",
               .value = "S",
               .help = "A node that is silent for S seconds is taken for dead; 8 by default. Two nodes use the larger of theirs."},
              remsh_option(),
              plain_links_option(),
              {.name = "no-mapper", .help = "Do not start a mapper when this host has none."}} +
          log_options(false),
      .run = run_node};
}

}  // namespace pulpo::cli
