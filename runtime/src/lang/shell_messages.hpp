// SPDX-License-Identifier: Apache-2.0
//
// What a console and the process that evaluates its lines say to each other: they may be on different nodes.
//
// A console starts `:pulpo_lang.shell(console, device)` on the node it is for, and gets ShellReady. `device` is its own process that
// speaks the IO protocol: the group leader of whatever is evaluated. The shell ends when its console does, or its console's node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pulpo/pid.hpp"
#include "pulpo/typed.hpp"

namespace pulpo::lang {

// --- Console to shell ------------------------------------------------------------------------------------------------------

/// Answered by one LineDone. One at a time.
struct EvaluateLine {
  using Message = Info<"$shell_evaluate">;
  std::string text{};
};
/// Ends what is being evaluated, if anything is.
struct InterruptLine {
  using Message = Info<"$shell_interrupt">;
};
/// Answered by Completions of the same number.
struct CompleteLine {
  using Message = Info<"$shell_complete">;
  std::uint64_t number = 0;
  std::string text{};  ///< Up to the cursor.
};

// --- Shell to console ------------------------------------------------------------------------------------------------------

struct ShellReady {
  using Message = Info<"$shell_ready">;
  Pid shell{};
  Atom node{};
  std::string version{};
};
struct LineDone {
  using Message = Info<"$shell_done">;
  bool succeeded = false;
  std::string text{};  ///< To show, without a newline at its end.
};
/// The process that evaluates was ended from outside, and another has taken its place, without variables.
struct ShellRestarted {
  using Message = Info<"$shell_restarted">;
  std::string text{};
};
struct Completions {
  using Message = Info<"$shell_completions">;
  std::uint64_t number = 0;
  std::uint64_t replaced = 0;  ///< How many bytes before the cursor each of them stands for.
  std::vector<std::string> candidates{};
};

// --- To the device ---------------------------------------------------------------------------------------------------------

/// A request of the IO protocol that only a console's device knows: the live view of that node. `:ok` when it will be opened.
struct Observe {
  using Message = Info<"$observe">;
  Atom node{};
};

}  // namespace pulpo::lang
