// SPDX-License-Identifier: Apache-2.0
//
// What `bench spawn` does again and again: a process on another node that ends at once, from the request to its DOWN.
//
//   Threads    Inside a process.
//   Suspends   spawn_once(): until that end, or `timeout`.
//   Errors     timeout; nodedown; exited: it could not be started, or did not end normally.
#pragma once

#include "pulpo/process.hpp"

namespace pulpo::cli {

/// What every node has, Erlang's too, and what does nothing worth mentioning.
inline constexpr const char* kBenchSpawned = ":erlang.node";

/// As a call, whose reply is the reason of that end: :normal.
[[nodiscard]] Result<Term> spawn_once(Atom node, Duration timeout);

}  // namespace pulpo::cli
