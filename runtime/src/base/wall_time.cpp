// SPDX-License-Identifier: Apache-2.0
#include "base/wall_time.hpp"

#include <ctime>

namespace pulpo {

std::chrono::nanoseconds wall_time() noexcept {
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return std::chrono::seconds(wall.tv_sec) + std::chrono::nanoseconds(wall.tv_nsec);
}

}  // namespace pulpo
