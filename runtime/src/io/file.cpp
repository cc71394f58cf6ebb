// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace pulpo::io::file {

Fault open_fault(int error, const std::string& path, const OpenOptions& options) {
  const auto fault = [&](Errc code, const char* why) {
    return Fault{.code = code, .sys = error, .where = "open", .detail = fmt::format("{} {}", path, why)};
  };
  switch (error) {
    case ENOENT:
      return fault(Errc::not_found, options.create ? "is in a folder that does not exist; make it first" : "does not exist");
    case EACCES:
    case EPERM:
      return fault(Errc::not_allowed, options.device ? "may not be opened by this user; devices are often given to a group (dialout)"
                                                     : "may not be opened by this user");
    case EISDIR:
      return fault(Errc::bad_argument, "is a folder");
    case ESPIPE:
      return fault(Errc::bad_argument, "is no file with places in it, but a terminal, FIFO or the like; open it as a device");
    case ENXIO:
    case ENODEV:
      return fault(Errc::bad_argument, "has no device behind it; is it plugged in?");
    case EBUSY:
      return fault(Errc::busy, "is held by another program");
    case EMFILE:
    case ENFILE:
      return fault(Errc::busy, "cannot be opened: too many files are open; raise the limit (ulimit -n)");
    case EROFS:
      return fault(Errc::not_allowed, "is on a file system that is read-only");
    default:
      return fault(Errc::io, "cannot be opened");
  }
}

namespace {

struct Speed {
  unsigned baud;
  speed_t code;
};
constexpr Speed kSpeeds[] = {
    {1'200, B1200},        {2'400, B2400},        {4'800, B4800},        {9'600, B9600},        {19'200, B19200},     {38'400, B38400},
    {57'600, B57600},      {115'200, B115200},    {230'400, B230400},    {460'800, B460800},    {500'000, B500000},   {921'600, B921600},
    {1'000'000, B1000000}, {1'500'000, B1500000}, {2'000'000, B2000000}, {3'000'000, B3000000}, {4'000'000, B4000000}};

/// A terminal's speed and modes. What is no terminal (a FIFO in the place of one) has none.
Outcome<void> set_line(int descriptor, const std::string& path, const OpenOptions& options) {
  termios modes = {};
  if ((!options.raw && options.baud == 0) || ::tcgetattr(descriptor, &modes) != 0) return {};
  if (options.raw) {
    ::cfmakeraw(&modes);
    modes.c_cflag |= CLOCAL | CREAD;
    modes.c_cflag &= ~static_cast<tcflag_t>(CRTSCTS | CSTOPB);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
  }
  if (options.baud != 0) {
    const auto* const speed =
        std::find_if(std::begin(kSpeeds), std::end(kSpeeds), [&](const Speed& one) { return one.baud == options.baud; });
    if (speed == std::end(kSpeeds)) {
      return Fault{.code = Errc::bad_argument,
                   .where = "open",
                   .detail = fmt::format("{}: {} baud is no speed of a terminal; 9600 and 115200 are usual", path, options.baud)};
    }
    ::cfsetispeed(&modes, speed->code);
    ::cfsetospeed(&modes, speed->code);
  }
  if (::tcsetattr(descriptor, TCSANOW, &modes) == 0) return {};
  return Fault{.code = Errc::io, .sys = errno, .where = "open", .detail = fmt::format("{} does not take its speed and modes", path)};
}

}  // namespace

Outcome<int> open(const std::string& path, const OpenOptions& options) {
  const bool writes = options.write || options.append;
  int flags = O_CLOEXEC | (!writes ? O_RDONLY : options.read ? O_RDWR : O_WRONLY);
  if (options.append) flags |= O_APPEND;
  if (options.create) flags |= O_CREAT;
  if (options.truncate) flags |= O_TRUNC;
  // Not waiting is for the open alone: a FIFO in the place of a file would hold the loop until its other side comes.
  flags |= O_NONBLOCK | O_NOCTTY;
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags, options.mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return open_fault(errno, path, options);
  if (options.device) {
    auto set = set_line(fd, path, options);
    if (set) return fd;
    ::close(fd);
    return std::move(set).error();
  }
  struct stat what = {};
  int error = ::fstat(fd, &what) != 0                          ? errno
              : S_ISDIR(what.st_mode)                          ? EISDIR
              : S_ISREG(what.st_mode) || S_ISBLK(what.st_mode) ? 0
                                                               : ESPIPE;
  if (error == 0 && ::fcntl(fd, F_SETFL, flags & O_APPEND) != 0) error = errno;
  if (error == 0) return fd;
  ::close(fd);
  return open_fault(error, path, options);
}

Outcome<std::uint64_t> size(int descriptor) {
  struct stat what = {};
  if (::fstat(descriptor, &what) != 0) {
    return Fault{.code = Errc::bad_argument, .sys = errno, .where = "size", .detail = fmt::format("handle {}", descriptor)};
  }
  return static_cast<std::uint64_t>(what.st_size);
}

Outcome<int> adopt_device(int descriptor) {
  const auto fault = [&](Errc code, int error, const char* why) {
    return Fault{.code = code, .sys = error, .where = "adopt", .detail = fmt::format("descriptor {} {}", descriptor, why)};
  };
  struct stat what = {};
  if (::fstat(descriptor, &what) != 0) return fault(Errc::bad_argument, errno, "is not open");
  if (S_ISREG(what.st_mode) || S_ISDIR(what.st_mode)) return fault(Errc::bad_argument, 0, "is a file; open it by its path");
  const int status = ::fcntl(descriptor, F_GETFL);
  if (status < 0 || ::fcntl(descriptor, F_SETFL, status | O_NONBLOCK) != 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    return fault(Errc::io, errno, "cannot be made non-blocking");
  }
  return descriptor;
}

}  // namespace pulpo::io::file
