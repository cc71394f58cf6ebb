// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace pulpo::io::file {

Fault open_fault(int error, const std::string& path, const OpenOptions& options) {
  const auto fault = [&](Errc code, const char* why) {
    return Fault{.code = code, .sys = error, .where = "open", .detail = fmt::format("{} {}", path, why)};
  };
  switch (error) {
    case ENOENT:
      return fault(Errc::bad_argument, options.create ? "is in a folder that does not exist; make it first" : "does not exist");
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
  if (options.device) return fd;
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

}  // namespace pulpo::io::file
