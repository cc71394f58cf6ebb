// SPDX-License-Identifier: Apache-2.0
//
// Console: a prompt, for the node that the program is or for another one. It reads keys, draws the line, and hands finished lines to a
// shell (lang/shell.hpp) on the node that it is for.
//
//   Order      One line is evaluated at a time; lines typed meanwhile follow it.
//   Ownership  Borrows the screen, which it begins and ends.
//   Threads    One process. The output of others goes to the screen by its device or the node's `user`.
//   Bounds     1,000 lines that are typed ahead; from a pipe none is read before it is wanted. An expression of 64 KiB.
//   Errors     Whatever is typed, the console goes on; it ends at Ctrl-D, at Ctrl-C twice, and when the node that it is for is lost.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "pulpo/process.hpp"
#include "screen.hpp"

namespace pulpo::cli {

struct ConsoleOptions {
  /// Starts the shell, monitored by the caller, for a console and its device.
  std::function<Spawned(const Pid& console, const Pid& device)> start_shell;
  std::string interrupt_does;  ///< What Ctrl-C twice will do: "stop this node".
  std::string end_hint = {};   ///< What is said when the console ends at Ctrl-D.
  int stop = -1;               ///< A view that has the terminal ends when this becomes readable: whoever ends the console says so before.
};

enum class ConsoleEnd : unsigned char {
  closed,       ///< Ctrl-D, or the end of the input.
  interrupted,  ///< Ctrl-C twice.
  lost          ///< The node that it is for has gone, or has no shell; it has been said why.
};

/// For devices (IoServer, SystemOptions::output), inside a process: prints, and suspends it while the terminal is behind. Throws
/// std::runtime_error when that takes nothing for some seconds.
void print_to(Screen& screen, std::string_view text);

/// Runs as the calling process until it ends.
[[nodiscard]] ConsoleEnd run_console(Screen& screen, const ConsoleOptions& options);

}  // namespace pulpo::cli
