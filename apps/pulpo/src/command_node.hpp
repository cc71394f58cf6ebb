// SPDX-License-Identifier: Apache-2.0
//
// CommandNode: the node that a command is for as long as it runs: hidden, registered nowhere, listening nowhere.
//
//   Ownership  Owns its Node; the connection ends with it, and no trace stays behind.
//   Threads    The program's first thread. run() carries a function into a process of the node.
//   Errors     join(): wrong usage for a malformed name, cookie or option; else what the world refused.
#pragma once

#include <functional>
#include <memory>

#include "arguments.hpp"
#include "program.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::cli {

class CommandNode {
 public:
  struct Settings {
    std::string name;    ///< Of the node to talk to, "a@host".
    std::string prefix;  ///< What begins our own made-up name, and the lines in the other node's log: "ping".
    unsigned cores = 1;
  };
  /// Reads the options that all commands share (command_options()), and starts.
  [[nodiscard]] static Outcome<CommandNode> join(Program& program, const Arguments& arguments, const Settings& settings);
  CommandNode(CommandNode&&) = default;
  CommandNode& operator=(CommandNode&&) = default;
  ~CommandNode();

  /// The node to talk to.
  [[nodiscard]] Atom peer() const noexcept { return peer_; }
  [[nodiscard]] const std::string& peer_name() const noexcept { return peer_name_; }
  [[nodiscard]] Node& node() noexcept { return *node_; }

  /// Connects; the error is the one cause why not, for a person.
  [[nodiscard]] Outcome<void> connect();
  /// Runs `function` as a process and waits for its end. False when it did not end normally.
  bool run(std::function<void()> function) { return node_->runtime().run(std::move(function)); }

 private:
  CommandNode(std::unique_ptr<Node> node, Atom peer, std::string peer_name)
      : node_(std::move(node)), peer_(peer), peer_name_(std::move(peer_name)) {}
  std::unique_ptr<Node> node_;
  Atom peer_;
  std::string peer_name_;
};

/// --cookie …, --plain-links, --loop, --spin, --log-…: for the table of a command that talks to a node.
[[nodiscard]] std::vector<Option> command_options();

/// A name as Elixir reads it, PingPong or :ping_pong; wrong usage otherwise.
[[nodiscard]] Outcome<Atom> read_name(std::string_view text, std::string_view what);

/// Where a request goes and what it is, for messages: "PingPong on a@host".
[[nodiscard]] std::string place_text(std::string_view server, std::string_view node);

/// Why a request got no reply, in words: "no process PingPong on a@host; …".
[[nodiscard]] std::string request_failure_text(const Error& error, std::string_view server, std::string_view node, Duration timeout);

}  // namespace pulpo::cli
