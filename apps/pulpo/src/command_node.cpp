// SPDX-License-Identifier: Apache-2.0
#include "command_node.hpp"

#include <fmt/format.h>

#include <optional>

#include "common_options.hpp"
#include "cookie.hpp"

namespace pulpo::cli {

Outcome<CommandNode> CommandNode::join(Program& program, const Arguments& arguments, const Settings& settings) {
  // What the node would log is told by the command itself, as its one line.
  PULPO_CHECK(apply_log_options(arguments, log::Level::critical));
  auto name = parse_node_name(settings.name);
  if (!name) return wrong_usage(name.error().text());
  const auto peer = Atom::make(name->text());
  if (!peer) return wrong_usage(fmt::format("'{}' is too long for a node's name", settings.name));
  PULPO_TRY(const auto port, mapper_port(arguments));
  PULPO_TRY(const auto loop, loop_choice(arguments));
  PULPO_TRY(const auto spin, spin_choice(arguments));
  PULPO_TRY(const auto cookie, find_cookie(arguments, program.random()));
  if (!cookie.lasting)
    return wrong_usage(fmt::format("no cookie was given, and there is no place to keep one; give --cookie or --cookie-file"));
  if (!cookie.warning.empty()) log::warning("{}", cookie.warning);

  NodeOptions options;
  // Nodes of short and of long names do not talk to each other (NODE-5): a command is what its peer is.
  options.kind = name->host.find('.') == std::string::npos ? NameKind::short_name : NameKind::long_name;
  options.name = settings.prefix;
  options.cookie = cookie.value;
  options.visible = false;
  options.transient = true;
  options.plain_links = arguments.has("plain-links");
  options.mapper_port = port;
  options.start_mapper = false;
  options.runtime.cores = settings.cores;
  options.runtime.loop = loop;
  options.runtime.spin = spin;
  auto node = std::make_unique<Node>(std::move(options));
  PULPO_CHECK(node->start());
  return CommandNode(std::move(node), *peer, name->text());
}

CommandNode::~CommandNode() {
  if (node_) node_->stop();
}

Outcome<void> CommandNode::connect() {
  std::optional<Result<void>> result;
  const bool finished = run([&] { result = connect_node(peer_); });
  if (!finished || !result) return Fault{.code = Errc::nodedown, .where = "", .detail = fmt::format("no connection to {}", peer_name_)};
  if (*result) return {};
  const Error& error = result->error();
  return Fault{.code = Errc::nodedown, .where = "", .detail = error.detail.empty() ? error.text() : error.detail};
}

std::vector<Option> command_options() {
  return cookie_options() + std::vector<Option>{plain_links_option(), loop_option(), spin_option()} + log_options(true);
}

Outcome<Atom> read_name(std::string_view text, std::string_view what) {
  if (const auto atom = atom_of_name(text)) return *atom;
  return wrong_usage(fmt::format("'{}' is no {}; write it as Elixir does: PingPong for a module, :ping_pong for an atom", text, what));
}

std::string place_text(std::string_view server, std::string_view node) { return fmt::format("{} on {}", server, node); }

std::string request_failure_text(const Error& error, std::string_view server, std::string_view node, Duration timeout) {
  switch (error.code) {
    case Errc::noproc:
      return fmt::format("no process: nobody is registered as {}; is its application running there?", place_text(server, node));
    case Errc::nodedown:
      return fmt::format("no connection to {}", node);
    case Errc::timeout:
      return fmt::format("time out: {} did not reply within {:g} s", place_text(server, node),
                         std::chrono::duration<double>(timeout).count());
    case Errc::exited:
      if (error.reason.is_atom(atoms::noconnection)) return fmt::format("no connection to {}", node);
      return fmt::format("{} ended during the call: {}", place_text(server, node), reason_text(error.reason));
    default:
      return fmt::format("{}: {}", place_text(server, node), error.text());
  }
}

}  // namespace pulpo::cli
