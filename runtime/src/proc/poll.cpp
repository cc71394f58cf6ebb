// SPDX-License-Identifier: Apache-2.0
#include "pulpo/poll.hpp"

#include <fmt/format.h>

#include "proc/io_wait.hpp"

namespace pulpo {

Result<short> poll(int descriptor, short events, Timeout timeout) {
  if (descriptor < 0) {
    Error error(Errc::bad_argument, atoms::badarg, "poll");
    error.detail = fmt::format("{} is no descriptor", descriptor);
    return error;
  }
  OperationWait wait("poll", descriptor, timeout);
  if (wait.is_refused()) return wait.error();
  wait.loop().poll(wait, descriptor, events);
  PULPO_TRY(const std::int32_t seen, wait.result(fmt::format("descriptor {}", descriptor)));
  return static_cast<short>(seen);
}

}  // namespace pulpo
