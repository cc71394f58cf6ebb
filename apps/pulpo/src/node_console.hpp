// SPDX-License-Identifier: Apache-2.0
//
// `pulpo node` on a terminal: the node's console, and its output on the same screen.
//
//   Ownership  The screen, and the log's lines for as long as this lives: longer than the node.
//   Threads    The program's first thread.
#pragma once

#include "arguments.hpp"
#include "pulpo/runtime.hpp"
#include "pulpo/system.hpp"
#include "screen.hpp"

namespace pulpo::cli {

[[nodiscard]] Option console_option();
[[nodiscard]] Outcome<bool> wants_console(const Arguments& arguments);

class NodeConsole {
 public:
  NodeConsole();
  NodeConsole(const NodeConsole&) = delete;
  NodeConsole& operator=(const NodeConsole&) = delete;
  ~NodeConsole();

  /// What applications print goes to the screen, and stdin is the console's.
  void take_output(SystemOptions& options);
  /// The prompt. Ctrl-C twice stops the node in order.
  void start(Runtime& runtime);
  /// Before the node stops: what has the terminal gives it back.
  void leave();

 private:
  Screen screen_;
  bool writes_log_ = false;
  int stop_ = -1;  ///< An eventfd.
};

}  // namespace pulpo::cli
