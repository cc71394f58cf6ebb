// SPDX-License-Identifier: Apache-2.0
//
// `pulpo remote NODE`: a console on that node. What is typed is evaluated there; keys, history and output are here.
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "command_node.hpp"
#include "console.hpp"
#include "program.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/os_signal.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/remote.hpp"

namespace pulpo::cli {
namespace {

/// Runs the console as processes of the command's node; what came of it, or nothing after a signal.
std::optional<ConsoleEnd> run_remote(CommandNode& command, Screen& screen, int stop) {
  std::optional<ConsoleEnd> end;
  command.run([&, peer = command.peer()] {
    // The terminal is put back before a signal ends this program.
    std::vector<Result<OsSignal>> signals;
    for (const int number : {SIGHUP, SIGTERM, SIGINT, SIGQUIT}) signals.push_back(watch_os_signal(number));
    const ConsoleOptions options{.start_shell =
                                     [peer](const Pid& console, const Pid& device) {
                                       return spawn_monitor(OnNode(peer), FunctionName("pulpo_lang"_atom, "shell"_atom), {console, device});
                                     },
                                 .interrupt_does = "leave this console",
                                 .stop = stop};
    const Spawned console = spawn_monitor([&] { end = run_console(screen, options); });
    bool runs = true;
    while (runs) {
      receive(on<OsSignal::Arrived>([&] {
                const std::uint64_t one = 1;
                [[maybe_unused]] const ssize_t wrote = ::write(stop, &one, sizeof one);  // an eventfd at 0 takes it
                exit(console.pid, atoms::kill);
              }),
              on<Down>([&](const Down& down) { runs = down.ref != console.monitor; }), otherwise([] {}));
    }
  });
  return end;
}

int remote(Program& program, const Arguments& arguments) {
  Screen screen;
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  std::optional<ConsoleEnd> end;
  std::string peer;
  {
    auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "remote"});
    if (!command) return program.complain(arguments.verb(), command.error());
    if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());
    peer = command->peer_name();
    end = run_remote(*command, screen, stop);
    // Its end waits for a view that still has the terminal, and puts back what that found.
  }
  screen.end();
  ::close(stop);
  if (end == ConsoleEnd::lost) {
    program.complain(arguments.verb().name, fmt::format("no console on {} any more", peer));
    return kFailed;
  }
  return end ? kSuccess : kFailed;
}

}  // namespace

Verb remote_verb() {
  return {
      .name = "remote",
      .arguments = "NODE",
      .summary = "A console on that node.",
      .details =
          "What is typed is evaluated there, and what it prints appears here. The node keeps running when the console ends: Ctrl+D, or "
          "Ctrl+C twice. What was typed is kept in ~/.pulpo_history, or in the file that PULPO_HISTORY names; off for none. Exit status "
          "1 when the node cannot be reached or is lost.",
      .examples = "remote a@altair\nremote a@192.168.1.10 --cookie-file /etc/pulpo/cookie",
      .options = command_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = remote};
}

}  // namespace pulpo::cli
