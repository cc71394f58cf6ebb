// SPDX-License-Identifier: Apache-2.0
//
// `pulpo rpc NODE 'Module.function(args)'`: one call of a function there, its value as Elixir prints it.
#include <optional>

#include "command_node.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "program.hpp"
#include "pulpo/rpc.hpp"
#include "pulpo/system.hpp"
#include "rpc_text.hpp"

namespace pulpo::cli {
namespace {

int rpc(Program& program, const Arguments& arguments) {
  const auto& words = arguments.positional();
  // All that can be wrong is looked at before anything is tried.
  Timeout timeout = Timeout::infinity();
  if (arguments.has("timeout") || arguments.get("timeout")) {
    const auto given = arguments.duration("timeout", 1ms, 24h, 0s);
    if (!given) return program.complain(arguments.verb(), given.error());
    timeout = *given;
  }
  const auto call = read_rpc(std::span(words).subspan(1));
  if (!call) return program.complain(arguments.verb(), call.error());

  auto command = CommandNode::join(program, arguments, {.name = words[0], .prefix = "rpc"});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  std::optional<Result<Term>> value;
  command->run([&] {
    // What runs there prints here: `user` of this node is its group leader (IO-4), and has written all of it when the value comes.
    if (const auto system = start_system(); !system) {
      value = system.error();
      return;
    }
    value = erpc::try_call(command->peer(), FunctionName(call->module, call->function), call->arguments, timeout);
    static_cast<void>(stop_system());
  });
  if (!value) {
    program.complain(arguments.verb().name, "the call was interrupted");
    return kFailed;
  }
  if (!*value) {
    program.complain(arguments.verb().name, rpc_failure_text(value->error(), *call, command->peer_name(), timeout));
    return kFailed;
  }
  const std::string text = (*value)->text();
  program.print(arguments.has("json") ? JsonObject{}.add("result", text).text() + "\n" : text + "\n");
  return kSuccess;
}

}  // namespace

Verb rpc_verb() {
  return {
      .name = "rpc",
      .arguments = "NODE CALL | NODE MODULE FUNCTION [ARG...]",
      .summary = "Call a function on that node, and print what it returns.",
      .details =
          "CALL is 'MODULE.FUNCTION(ARG, ...)'. Functions are those that applications of that node export, and some that every node has: "
          "IO.puts, Process.list, "
          "Application.started_applications, System.stop. Arguments are Elixir terms; without parentheses there are none. What the "
          "function prints appears here, before its value. Exit status 1 when it fails, is not exported, does not return in time, or "
          "there is no connection; 2 when the arguments are wrong.",
      .examples =
          "rpc a@altair 'PingPong.ping()'\nrpc a@altair Process.list\nrpc a@altair IO puts '\"hello\"'\nrpc a@altair "
          "'GenServer.call(PingPong, :ping)' --timeout 500ms",
      .options = std::vector<Option>{{.name = "timeout",
                                      .value = "S",
                                      .help = "How long to wait for the value: 5, 0.5, 500ms; as long as it takes by default. What runs "
                                              "there is not stopped."},
                                     json_option()} +
                 command_options(),
      .arguments_min = 2,
      .arguments_max = 257,
      .run = rpc};
}

}  // namespace pulpo::cli
