// SPDX-License-Identifier: Apache-2.0
//
// `pulpo ping NODE`: pong, or pang and the one cause.
#include <fmt/format.h>

#include "command_node.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "program.hpp"

namespace pulpo::cli {
namespace {

int ping(Program& program, const Arguments& arguments) {
  auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "ping"});
  if (!command) return program.complain(arguments.verb(), command.error());
  const auto connected = command->connect();
  if (arguments.has("json")) {
    JsonObject object;
    object.add("node", command->peer_name()).add("result", connected ? "pong" : "pang");
    if (!connected) object.add("cause", connected.error().text());
    program.print(object.text() + "\n");
  } else {
    program.print(connected ? "pong\n" : "pang\n");
  }
  if (connected) return kSuccess;
  program.complain(arguments.verb().name, connected.error().text());
  return kFailed;
}

}  // namespace

Verb ping_verb() {
  return {.name = "ping",
          .arguments = "NODE",
          .summary = "Can that node be reached, and has it the same cookie?",
          .details =
              "Prints pong; or pang, exit status 1, and one line on stderr with the cause: host unknown, no mapper, not registered, "
              "connection refused, cookie refused, short and long names, speaks Erlang, another version.",
          .examples = "ping a@altair\nping a@192.168.1.10 --cookie-file /etc/pulpo/cookie",
          .options = std::vector<Option>{json_option()} + command_options(),
          .arguments_min = 1,
          .arguments_max = 1,
          .run = ping};
}

}  // namespace pulpo::cli
