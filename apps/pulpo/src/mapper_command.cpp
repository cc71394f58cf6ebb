// SPDX-License-Identifier: Apache-2.0
//
// `pulpo mapper`: the mapper daemon. By hand in the foreground; by a node, on demand, as --daemon --idle-exit 60.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "common_options.hpp"
#include "mapper/mapper.hpp"
#include "mapper/on_demand.hpp"
#include "mapper_query.hpp"
#include "program.hpp"
#include "service_manager.hpp"
#include "signals.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kAnswerTimeout = 2s;

/// Stops the mapper at the first signal.
class StopAtSignal final : public io::Operation {
 public:
  StopAtSignal(io::Loop& loop, Signals& signals, mapper::Mapper& mapper) : loop_(loop), mapper_(mapper) {
    loop_.poll(*this, signals.descriptor(), POLLIN);
  }
  void completed(const io::Completion& completion) override {
    if (completion.result > 0) mapper_.stop();
  }

 private:
  io::Loop& loop_;
  mapper::Mapper& mapper_;
};

Outcome<mapper::Options> read_options(const Arguments& arguments) {
  PULPO_TRY(auto options, mapper::options_from_environment());
  PULPO_TRY(const auto port, arguments.number("port", 1, 65535, options.port));
  options.port = static_cast<std::uint16_t>(port);
  if (const auto list = arguments.get("address")) {
    auto addresses = mapper::parse_addresses(*list);
    if (!addresses) return wrong_usage(fmt::format("--address: {}", addresses.error().text()));
    options.addresses = std::move(*addresses);
  }
  PULPO_TRY(options.packet_timeout, arguments.duration("packet-timeout", 1ms, 24h, options.packet_timeout));
  if (arguments.has("idle-exit")) {
    PULPO_TRY(options.idle_exit, arguments.duration("idle-exit", 0s, 24h * 365, 60s));
  }
  PULPO_TRY(options.listeners, take_listeners(arguments.environment()));
  if (!options.listeners.empty()) {
    for (const char* const option : {"daemon", "port", "address"}) {
      if (!arguments.typed(option)) continue;
      return wrong_usage(
          fmt::format("--{}: the sockets come from the service manager, and it waits for this very process; leave the option "
                      "out, the .socket unit says where to listen",
                      option));
    }
  }
  options.relaxed_command_check = options.relaxed_command_check || arguments.has("relaxed-command-check");
  return options;
}

Fault explained(const Fault& fault, const mapper::Options& options) {
  if (fault.code != Errc::already_exists) return fault;
  const char* const who = ask_names(options.port, kAnswerTimeout) ? "a mapper runs there already, see names"
                                                                  : "by another program; give --port or set ERL_EPMD_PORT";
  return Fault{.code = Errc::already_exists, .where = "", .detail = fmt::format("port {} is in use: {}", options.port, who)};
}

/// Runs until a signal, a KILL or the idle time. `started` is called once it listens.
template <class F>
Outcome<void> serve(const mapper::Options& options, Random& random, F started) {
  PULPO_TRY(auto signals, Signals::catch_stops());
  mapper::raise_descriptor_limit();
  PULPO_TRY(const auto loop, io::make_loop(io::LoopKind::automatic));
  Outcome<void> ended;
  {
    mapper::Mapper mapper(*loop, random, options);
    if (auto start = mapper.start(); !start) return explained(start.error(), options);
    started(mapper);
    StopAtSignal stop(*loop, signals, mapper);
    ended = mapper.run();
    loop->cancel(stop);
    while (stop.is_pending()) loop->turn(io::Loop::Wait::yes);
  }
  while (loop->pending() > 0) loop->turn(io::Loop::Wait::yes);
  return ended;
}

/// Goes on in the background. The process that was started waits until the daemon listens, and then exits, so that a script may
/// go on with a node at once; what goes wrong before that is still told on its stderr.
int serve_as_daemon(Program& program, const Arguments& arguments, const mapper::Options& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return program.complain(arguments.verb(), Fault{.code = Errc::io, .sys = errno, .where = "pipe"});
  const pid_t child = ::fork();
  if (child < 0) return program.complain(arguments.verb(), Fault{.code = Errc::io, .sys = errno, .where = "fork"});
  if (child > 0) {
    ::close(ends[1]);
    std::string told;
    char bytes[512];
    for (ssize_t size = 0; (size = ::read(ends[0], bytes, sizeof bytes)) != 0;) {
      if (size < 0 && errno != EINTR) break;
      if (size > 0) told.append(bytes, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);  // it detached long ago
    if (told == "ready") return kSuccess;
    // As the reference daemon does: what was wanted, a mapper on that port, is there (EPMD-13).
    if (ask_names(options.port, kAnswerTimeout)) return kSuccess;
    program.complain(arguments.verb().name, told.empty() ? "it ended before it could listen" : told);
    return kFailed;
  }
  ::close(ends[0]);
  const auto tell = [&](std::string_view text) {
    if (ends[1] < 0) return;
    // The reader is our own starter; when it is gone nobody needs to know.
    [[maybe_unused]] const ssize_t wrote = ::write(ends[1], text.data(), text.size());
    ::close(ends[1]);
    ends[1] = -1;
  };
  Outcome<void> ended = mapper::detach();
  if (ended) ended = serve(options, program.random(), [&](const mapper::Mapper&) { tell("ready"); });
  if (!ended) tell(ended.error().text());
  return ended ? kSuccess : kFailed;
}

int run_mapper(Program& program, const Arguments& arguments) {
  if (const auto applied = apply_log_options(arguments, log::Level::info); !applied)
    return program.complain(arguments.verb(), applied.error());
  const auto options = read_options(arguments);
  if (!options) return program.complain(arguments.verb(), options.error());
  if (arguments.has("daemon") && options->listeners.empty()) return serve_as_daemon(program, arguments, *options);
  const auto ended = serve(*options, program.random(), [&](const mapper::Mapper& mapper) {
    log::info("mapper is up, listening on port {}{}", mapper.port(), options->listeners.empty() ? "" : " of the service manager");
    tell_service_manager(arguments.environment(), "READY=1");
  });
  tell_service_manager(arguments.environment(), "STOPPING=1");
  return ended ? kSuccess : program.complain(arguments.verb(), ended.error());
}

}  // namespace

Verb mapper_verb() {
  return {
      .name = "mapper",
      .summary = "Run the daemon that knows which node listens where.",
      .details =
          "Speaks EPMD's protocol: erl, epmd -names and other nodes use it. A node starts one of its own when there is none, "
          "so that this is for hosts that want to say where it listens. Takes the sockets of systemd's socket activation (LISTEN_FDS), "
          "and tells it when it is ready (NOTIFY_SOCKET): configs/systemd has the units.",
      .examples = "mapper\nmapper --daemon --address 192.168.1.10\nmapper --port 4400",
      .options =
          std::vector<Option>{
              {.name = "port", .value = "PORT", .help = "Instead of ERL_EPMD_PORT, else 4369."},
              {.name = "address",
               .value = "IP,...",
               .help = "Listen on these addresses and on loopback only; everywhere without it. Else ERL_EPMD_ADDRESS."},
              {.name = "daemon", .help = "Go on in the background; returns when it listens."},
              {.name = "idle-exit", .value = "S", .help = "End S seconds after the last name is gone."},
              {.name = "packet-timeout", .value = "S", .help = "Close a connection that is silent for S seconds without a request; 60."},
              {.name = "relaxed-command-check", .help = "Let local programs end it, and its names, while nodes are registered."}} +
          log_options(false),
      .run = run_mapper};
}

}  // namespace pulpo::cli
