// SPDX-License-Identifier: Apache-2.0
//
// run: the whole program `pulpo` with an author's applications inside it.
//
//   int main(int argc, char** argv) { return pulpo::run(argc, argv, {ping_pong::application()}); }
//
// The result has pulpo's command line: `node --app ping_pong`, `ping`, `call`, `bench`, the mapper and the rest. A node starts
// its mapper by running the same file again, so that one file is all a board needs.
//
//   Threads    Call it from main(), once, before any other thread exists: it decides which signals threads get.
//   Errors     One line on stderr; the exit status says the rest: 0 success, 1 the operation failed, 2 wrong usage
//              or configuration.
#pragma once

#include <vector>

#include "pulpo/application.hpp"

namespace pulpo {

/// Runs the command line and returns the exit status for main().
[[nodiscard]] int run(int argc, char** argv, std::vector<Application> applications);

}  // namespace pulpo
