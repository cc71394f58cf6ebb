// SPDX-License-Identifier: Apache-2.0
//
// TopView: the live view of nodes on a terminal: `pulpo top`, and :observer.start at a console.
//
//   Ownership  Borrows everything; the terminal is as it was when run_top() returns.
//   Threads    Any that is no core's, for as long as somebody looks: inside a process, blocking([&] { run_top(…); }).
//   Errors     What is no terminal.
#pragma once

#include "pulpo/result.hpp"
#include "pulpo/runtime.hpp"
#include "top_model.hpp"

namespace pulpo::cli::top {

class TerminalSignals;

struct ViewSettings {
  Atom first = {};  ///< The node to begin with, whose neighbours are shown too: runtime.node_name() for the own one.
  Order order = Order::memory;
  Duration interval = 2s;
  int in = 0;  ///< A terminal that nobody else reads meanwhile.
  int out = 1;
  int stop = -1;                       ///< The view ends when this becomes readable.
  TerminalSignals* signals = nullptr;  ///< The view ends at those that end programs, and follows SIGWINCH; without them it looks at the
                                       ///< terminal's size with each look.
  bool colours = true;                 ///< NO_COLOR is not set.
  bool styles = true;                  ///< TERM is not dumb.
};

/// Returns when the user quits, the terminal is gone, or it shall stop.
[[nodiscard]] Outcome<void> run_top(Runtime& runtime, const ViewSettings& settings);

/// What the environment says of colours: NO_COLOR, TERM.
void read_environment(ViewSettings& settings, const char* no_color, const char* term);

}  // namespace pulpo::cli::top
