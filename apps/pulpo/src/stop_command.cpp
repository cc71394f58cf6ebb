// SPDX-License-Identifier: Apache-2.0
//
// `pulpo stop NODE`: the orderly end of a node; with --hand-over its distributed applications run elsewhere before it begins.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "command_node.hpp"
#include "common_options.hpp"
#include "program.hpp"
#include "pulpo/gen_server.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/process.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/rpc.hpp"

namespace pulpo::cli {
namespace {

/// Of dist_ac, which answers after 10 s whatever has moved; somewhat more, so that its answer comes first.
constexpr Duration kHandOverTimeout = 12s;
/// System.stop only begins.
constexpr Duration kBeginTimeout = 5s;
/// A node waits 30 s for its applications, and 10 s for what remains (node_command.cpp).
constexpr Duration kGoneTimeout = 42s;

/// In a process of the command's node: why it is not done, or nothing.
std::optional<std::string> hand_over(const CommandNode& command) {
  const auto moved = request(Address("dist_ac"_atom, command.peer()), "hand_over"_atom, kHandOverTimeout);
  if (moved) {
    if (moved->is_atom(atoms::true_)) return std::nullopt;
    return fmt::format("not all applications have moved within 10 s, so {} was not stopped; apps tells what still runs there",
                       command.peer_name());
  }
  // It has no distributed applications, and nothing to hand over.
  if (moved.error().code == Errc::noproc) return std::nullopt;
  return request_failure_text(moved.error(), ":dist_ac", command.peer_name(), kHandOverTimeout);
}

std::optional<std::string> stop_node(const CommandNode& command) {
  if (const auto watched = monitor_node(command.peer()); !watched) return watched.error().text();
  const auto begun = erpc::try_call(command.peer(), FunctionName("Elixir.System"_atom, "stop"_atom), {}, kBeginTimeout);
  // One that is gone before its answer came has done what it was asked.
  const bool is_gone = !begun && (begun.error().code == Errc::nodedown || begun.error().reason.is_atom(atoms::noconnection));
  if (!begun && !is_gone) return request_failure_text(begun.error(), "System.stop", command.peer_name(), kBeginTimeout);
  const bool has_gone = receive<bool>(pulpo::on<NodeDown>([](auto&) { return true; }), pulpo::after(kGoneTimeout, [] { return false; }));
  if (!has_gone)
    return fmt::format("{} stops, and has not ended within {:g} s", command.peer_name(),
                       std::chrono::duration<double>(kGoneTimeout).count());
  return std::nullopt;
}

int stop(Program& program, const Arguments& arguments) {
  auto command = CommandNode::join(program, arguments, {.name = arguments.positional()[0], .prefix = "stop"});
  if (!command) return program.complain(arguments.verb(), command.error());
  if (const auto connected = command->connect(); !connected) return program.complain(arguments.verb(), connected.error());

  std::optional<std::string> failure = "the question was interrupted";
  command->run([&] {
    failure = arguments.has("hand-over") ? hand_over(*command) : std::nullopt;
    if (!failure) failure = stop_node(*command);
  });
  if (!failure) return kSuccess;
  program.complain(arguments.verb().name, *failure);
  return kFailed;
}

}  // namespace

Verb stop_verb() {
  return {.name = "stop",
          .arguments = "NODE",
          .summary = "Stop that node, in order; if asked to, after others have taken its applications over.",
          .details =
              "Applications stop in the reverse order of their start, then the node ends; returns when it has, and prints nothing. Its "
              "distributed applications start elsewhere after the wait that the configuration has for them; with --hand-over before it "
              "stops, so that nothing has a gap: what no other node can take stops with it. Exit status 1 when there is no connection, "
              "when the hand-over takes more than 10 s (the node then goes on), or when the node does not end; 2 when the arguments are "
              "wrong.",
          .examples = "stop a@altair\nstop one@127.0.0.1 --hand-over",
          .options = std::vector<Option>{{.name = "hand-over",
                                          .help = "First let other nodes take over the distributed applications that run there."}} +
                     command_options(),
          .arguments_min = 1,
          .arguments_max = 1,
          .run = stop};
}

}  // namespace pulpo::cli
