// SPDX-License-Identifier: Apache-2.0
//
// WallTime: the time of day, for people and for functions that are asked for it. Nothing of pulpo decides by it: see pulpo/time.hpp.
//
//   Threads    Any.
//   Errors     None. It jumps when somebody sets the clock, and in a simulation it is the real one.
#pragma once

#include <chrono>

namespace pulpo {

/// Since 1970, UTC.
[[nodiscard]] std::chrono::nanoseconds wall_time() noexcept;

}  // namespace pulpo
