// SPDX-License-Identifier: Apache-2.0
//
// `pulpo call NODE SERVER REQUEST`: one GenServer call, its reply as Elixir prints it.
#include <fmt/format.h>

#include <optional>

#include "command_node.hpp"
#include "common_options.hpp"
#include "json.hpp"
#include "program.hpp"
#include "pulpo/process.hpp"

namespace pulpo::cli {
namespace {

constexpr Duration kAskedTimeout = 5s;  // GenServer.call's (section K)

Fault no_term(std::string_view text, const SyntaxError& error) {
  const std::string place =
      error.line > 1 ? fmt::format("line {}, column {}", error.line, error.column) : fmt::format("column {}", error.column);
  return wrong_usage(fmt::format("the request {} is no Elixir term: {}: {}", text, place, error.message));
}

int call(Program& program, const Arguments& arguments) {
  const auto& words = arguments.positional();
  // All that can be wrong is looked at before anything is tried.
  const auto timeout = arguments.duration("timeout", 1ms, 24h, kAskedTimeout);
  if (!timeout) return program.complain(arguments.verb(), timeout.error());
  const auto server = read_name(words[1], "server's name");
  if (!server) return program.complain(arguments.verb(), server.error());
  const auto request_term = read_elixir(words[2]);
  if (!request_term) return program.complain(arguments.verb(), no_term(words[2], request_term.error()));

  auto command = CommandNode::join(program, arguments, {.name = words[0], .prefix = "call"});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  std::optional<Result<Term>> reply;
  command->run([&] { reply = request(Address(*server, command->peer()), *request_term, *timeout); });
  if (!reply) {
    program.complain(arguments.verb().name, "the call was interrupted");
    return kFailed;
  }
  if (!*reply) {
    program.complain(arguments.verb().name, request_failure_text(reply->error(), words[1], command->peer_name(), *timeout));
    return kFailed;
  }
  const std::string text = (*reply)->text();
  program.print(arguments.has("json") ? JsonObject{}.add("reply", text).text() + "\n" : text + "\n");
  return kSuccess;
}

}  // namespace

Verb call_verb() {
  return {.name = "call",
          .arguments = "NODE SERVER REQUEST",
          .summary = "Call a GenServer of that node, and print its reply.",
          .details =
              "SERVER is a name as Elixir writes it: PingPong, or :ping_pong. REQUEST is an Elixir term. Exit status 1 when there is no "
              "such process, no connection, or no reply in time.",
          .examples = "call a@altair PingPong :ping\ncall a@altair Distro.DistroCal '{:cal, 4, 5}' --timeout 500ms",
          .options =
              std::vector<Option>{{.name = "timeout", .value = "S", .help = "How long to wait for the reply: 5 (the default), 0.5, 500ms."},
                                  json_option()} +
              command_options(),
          .arguments_min = 3,
          .arguments_max = 3,
          .run = call};
}

}  // namespace pulpo::cli
