// SPDX-License-Identifier: Apache-2.0
//
// What the language's layer exports on its node: functions that begin functions elsewhere, and what a console is made of.
//
//   Threads    lang_functions(): any. The functions: inside a process.
#pragma once

#include <span>

#include "pulpo/function.hpp"

namespace pulpo::lang {

/// Node.spawn, spawn_link and spawn_monitor; :observer.start; :pulpo_lang.shell.
[[nodiscard]] std::span<const Function> lang_functions();

}  // namespace pulpo::lang
