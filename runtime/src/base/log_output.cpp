// SPDX-License-Identifier: Apache-2.0
#include "base/log_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pulpo::log {
namespace {

// PIPE_BUF of Linux: what a pipe takes at once, or not at all.
constexpr std::size_t kPieceBytes = 4096;

}  // namespace

bool LogOutput::await_room(int descriptor) noexcept {
  pollfd about{descriptor, POLLOUT, 0};
  for (;;) {
    const int ready = ::poll(&about, 1, stuck_ ? 0 : kPatienceMilliseconds);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) stuck_ = true;
    return ready > 0 && (about.revents & POLLOUT) != 0;
  }
}

bool LogOutput::write(int descriptor, std::string_view line) noexcept {
  bool begun = false;
  if (torn_) {
    if (!await_room(descriptor) || ::write(descriptor, "\n", 1) != 1) {
      ++dropped_;
      return false;
    }
    torn_ = false;
  }
  while (!line.empty()) {
    ssize_t written = -1;
    if (await_room(descriptor)) {
      do written = ::write(descriptor, line.data(), std::min(line.size(), kPieceBytes));
      while (written < 0 && errno == EINTR);
    }
    if (written <= 0) {
      torn_ = begun;
      ++dropped_;
      return false;
    }
    begun = true;
    stuck_ = false;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace pulpo::log
