// SPDX-License-Identifier: Apache-2.0
//
// `pulpo top NODE`: a live view of nodes, their processes, applications and connections.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <optional>

#include "command_node.hpp"
#include "common_options.hpp"
#include "program.hpp"
#include "top_report.hpp"
#include "top_sampler.hpp"
#include "top_terminal.hpp"
#include "top_view.hpp"

namespace pulpo::cli {
namespace {

using top::Order;

constexpr Duration kOnceWindow = 500ms;

int print_once(Program& program, const Arguments& arguments, CommandNode& command, Order order, std::size_t rows) {
  std::optional<top::Sample> sample;
  command.run([&] {
    top::Around around{.first = command.peer()};
    sample = top::look_at(
        around, {.wants = {.node = command.peer_name(), .order = order, .rows = rows}, .window = kOnceWindow, .everything = true});
  });
  const top::NodeFacts* const facts = sample ? sample->find(command.peer_name()) : nullptr;
  if (facts == nullptr || !facts->up) {
    program.complain(arguments.verb().name, fmt::format("{}: {}", command.peer_name(), facts != nullptr ? facts->cause : "interrupted"));
    return kFailed;
  }
  winsize known{};
  const bool has_width = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &known) == 0 && known.ws_col >= 40;
  program.print(arguments.has("json") ? top::report_json(*sample) : top::report_text(*sample, has_width ? known.ws_col : 80));
  return kSuccess;
}

int watch(Program& program, const Arguments& arguments, CommandNode& command, Order order, Duration interval,
          top::TerminalSignals& signals) {
  top::ViewSettings settings{.first = command.peer(), .order = order, .interval = interval, .signals = &signals};
  top::read_environment(settings, arguments.environment()("NO_COLOR"), arguments.environment()("TERM"));
  const auto done = top::run_top(command.node().runtime(), settings);
  return done ? kSuccess : program.complain(arguments.verb(), done.error());
}

int run_top_verb(Program& program, const Arguments& arguments) {
  const Verb& verb = arguments.verb();
  const auto interval = arguments.duration("interval", top::kIntervalMin, top::kIntervalMax, 2s);
  if (!interval) return program.complain(verb, interval.error());
  const auto rows = arguments.number("limit", 1, top::kRowsMax, 20);
  if (!rows) return program.complain(verb, rows.error());
  const std::string word = arguments.get("sort").value_or("memory");
  const auto order = top::order_of(word);
  if (!order) return program.complain(verb, wrong_usage(fmt::format("--sort: '{}' is none of memory, reductions, mailbox", word)));
  const bool once = arguments.has("once");
  if (arguments.has("json") && !once) return program.complain(verb, wrong_usage("--json belongs to --once: top --once --json"));
  if (!once && (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0))
    return program.complain(verb, wrong_usage("this is no terminal; --once prints one look and ends"));
  // Before the loop's thread exists, so that it inherits the mask.
  std::optional<top::TerminalSignals> signals;
  if (!once) {
    auto caught = top::TerminalSignals::catch_them();
    if (!caught) return program.complain(verb, caught.error());
    signals.emplace(std::move(*caught));
  }
  auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "top"});
  if (!command) return program.complain(verb, command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(verb, connected.error());
  if (once) return print_once(program, arguments, *command, *order, static_cast<std::size_t>(*rows));
  return watch(program, arguments, *command, *order, *interval, *signals);
}

std::string top_details() {
  return fmt::format(
      "Joins hidden, is on no node's list, and looks at NODE and the nodes that it is connected with; when the chosen one is lost, at the "
      "first that is there. 1 Nodes, 2 Processes, 3 Applications and their supervision trees, 4 Connections; Enter for all about a row, s "
      "sorts, k kills a process and asks first, n the next node, ? the other keys, q quits. 80 by 24 is enough; NO_COLOR is heeded. "
      "{} Exit status 1 when there is no connection or no answer; 2 when the arguments are wrong.",
      top::kReportKeys);
}

}  // namespace

Verb top_verb() {
  static const std::string details = top_details();
  return {
      .name = "top",
      .arguments = "NODE",
      .summary = "A live view of nodes: processes, applications, connections.",
      .details = details,
      .examples = "top a@altair\ntop a@altair --sort reductions --interval 5\ntop a@altair --once --json",
      .options = std::vector<Option>{{.name = "once", .help = "Print one look, of half a second, as text, and end."},
                                     json_option(),
                                     {.name = "interval", .value = "S", .help = "A look every S seconds: 0.5 to 60, 2 by default."},
                                     {.name = "sort", .value = "BY", .help = "memory (the default), reductions or mailbox."},
                                     {.name = "limit", .value = "N", .help = "Processes that --once prints: 1 to 1000, 20 by default."}} +
                 command_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = run_top_verb};
}

}  // namespace pulpo::cli
