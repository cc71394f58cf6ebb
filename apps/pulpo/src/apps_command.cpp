// SPDX-License-Identifier: Apache-2.0
//
// `pulpo apps NODE`: which application runs where, for how long, and where it goes next.
#include <optional>

#include "apps_text.hpp"
#include "command_node.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "program.hpp"
#include "pulpo/process.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kListTimeout = 5s;  // GenServer.call's (section K); these two never wait for anybody

int apps(Program& program, const Arguments& arguments) {
  auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "apps"});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  std::optional<Result<Term>> distributed, running;
  command->run([&] {
    const auto ask = [&](Atom whom) { return request(Address(whom, command->peer()), "list_applications"_atom, kListTimeout); };
    distributed = ask("dist_ac"_atom);
    running = ask("application_controller"_atom);
  });
  if (!distributed || !running) {
    program.complain(arguments.verb().name, "the question was interrupted");
    return kFailed;
  }
  const auto fail = [&](const Error& error, std::string_view whom) {
    program.complain(arguments.verb().name, request_failure_text(error, whom, command->peer_name(), kListTimeout));
    return kFailed;
  };
  // Without `distributed` in its configuration a node has nobody of that name.
  const bool has_none = !*distributed && distributed->error().code == Errc::noproc;
  if (!*distributed && !has_none) return fail(distributed->error(), ":dist_ac");
  if (!*running) return fail(running->error(), ":application_controller");
  const auto rows = read_applications(has_none ? std::nullopt : std::optional(**distributed), **running, command->peer_name());
  if (!rows) return fail(rows.error(), ":dist_ac");
  if (arguments.has("json")) {
    program.print(JsonObject{}.add("node", command->peer_name()).add_raw("applications", applications_json(*rows)).text() + "\n");
  } else {
    program.print(applications_table(*rows));
  }
  return kSuccess;
}

}  // namespace

Verb apps_verb() {
  return {
      .name = "apps",
      .arguments = "NODE",
      .summary = "Which application runs on which node, and where it goes next.",
      .details =
          "Asks that node. Of an application that its configuration distributes over several nodes: where it runs and for how long, its "
          "mode (available: on each side of a network split), the node that starts it when that one is lost, and the nodes by "
          "priority, equal ones in braces. Then those that run on the asked node alone, and for how long, as mode local. Exit status 1 "
          "when there is no connection or no answer; 2 when the arguments are wrong.",
      .examples = "apps one@127.0.0.1\napps one@127.0.0.1 --json",
      .options = std::vector<Option>{json_option()} + command_options(),
      .arguments_min = 1,
      .arguments_max = 1,
      .run = apps};
}

}  // namespace pulpo::cli
