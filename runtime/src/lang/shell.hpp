// SPDX-License-Identifier: Apache-2.0
//
// Shell: what is behind a console's prompt: a process that answers it, and one that evaluates.
//
// Two, as in iex: the one that evaluates is the `self()` of whoever types. It may wait for ever, be linked to what crashes, or be
// killed; the other goes on answering, and starts it anew.
//
//   Order      One line at a time.
//   Ownership  The process that evaluates ends with the shell, and both with the console. What a line has spawned stays, as in iex.
//   Bounds     A shown value is cut at 16 KiB. An interrupt that the language does not see within 200 ms, since a function of C++ waits,
//              ends the process that evaluates; its variables are kept.
//   Threads    One core: the variables that the two share are not copied.
#pragma once

#include "pulpo/process.hpp"

namespace pulpo::lang {

/// Serves the console as the calling process, and returns when that has gone. The device is the group leader of what is evaluated.
void run_shell(const Pid& console, const Pid& device);

}  // namespace pulpo::lang
