// SPDX-License-Identifier: Apache-2.0
#include "io/standard_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>

namespace pulpo::io {
namespace {

/// One call moves at most so much: a large text in several calls, so that its bytes fit the result.
constexpr std::size_t kPieceMax = 1u << 20;

bool is_ready(int descriptor, short events) noexcept {
  pollfd asked = {.fd = descriptor, .events = events, .revents = 0};
  return ::poll(&asked, 1, 0) != 0;  // an error is found by the call that follows
}

}  // namespace

StandardOutput::~StandardOutput() {
  if (own_ >= 0) ::close(own_);
}

void StandardOutput::find_way() noexcept {
  struct stat what = {};
  if (::fstat(standard_, &what) != 0 || S_ISREG(what.st_mode)) {
    way_ = Way::at_once;
    return;
  }
  if (S_ISSOCK(what.st_mode)) {
    way_ = Way::socket;
    return;
  }
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", standard_);
  own_ = ::open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  way_ = own_ >= 0 ? Way::at_once : Way::asking;
}

std::int32_t StandardOutput::write(ByteView bytes) noexcept {
  if (way_ == Way::unknown) find_way();
  if (bytes.empty()) return 0;
  if (way_ == Way::asking && !is_ready(standard_, POLLOUT)) return 0;
  const std::size_t size = std::min(bytes.size(), way_ == Way::asking ? std::size_t{PIPE_BUF} : kPieceMax);
  ssize_t written = 0;
  do {
    written = way_ == Way::socket ? ::send(standard_, bytes.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : ::write(descriptor(), bytes.data(), size);
  } while (written < 0 && errno == EINTR);
  if (written >= 0) return static_cast<std::int32_t>(written);
  return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

std::optional<StandardOutput::Geometry> StandardOutput::geometry() const noexcept {
  winsize size = {};
  if (::ioctl(standard_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return Geometry{size.ws_row, size.ws_col};
}

std::int32_t write_waiting(int descriptor, ByteView bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd asked = {.fd = descriptor, .events = POLLOUT, .revents = 0};
      (void)::poll(&asked, 1, -1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}

std::int32_t read_standard_input(int descriptor, std::span<char> into) noexcept {
  if (!is_ready(descriptor, POLLIN)) return -EAGAIN;
  ssize_t got = 0;
  do got = ::read(descriptor, into.data(), std::min(into.size(), kPieceMax));
  while (got < 0 && errno == EINTR);
  if (got >= 0) return static_cast<std::int32_t>(got);
  return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

}  // namespace pulpo::io
