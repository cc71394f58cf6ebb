// SPDX-License-Identifier: Apache-2.0
#include "cookie.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

namespace pulpo::cli {
namespace {

constexpr std::size_t kCookieBytesMax = 255;  // as an atom's, which Erlang's cookies are

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

std::string system_text(int error) { return std::strerror(error); }  // NOLINT(concurrency-mt-unsafe): glibc's is safe

/// File systems that keep no owner and no mode: what they report is the same for every file (grisp-software#14).
bool keeps_no_modes(int descriptor) {
  struct statfs about {};
  if (::fstatfs(descriptor, &about) != 0) return false;
  constexpr long kExfat = 0x2011bab0;
  constexpr long kNtfs = 0x5346544e;
  constexpr long kNtfs3 = 0x7366746e;
  const auto type = static_cast<std::uint32_t>(about.f_type);
  return type == MSDOS_SUPER_MAGIC || type == kExfat || type == kNtfs || type == kNtfs3;
}

Outcome<Cookie> checked_value(std::string value, std::string source) {
  if (value.empty()) return wrong_usage(fmt::format("{}: the cookie is empty; give one of 1 to {} characters", source, kCookieBytesMax));
  if (value.size() > kCookieBytesMax) {
    return wrong_usage(fmt::format("{}: the cookie is longer than {} characters; give a shorter one", source, kCookieBytesMax));
  }
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return wrong_usage(fmt::format("{}: the cookie holds unprintable characters; give one line of text", source));
    }
  }
  return Cookie{.value = std::move(value), .source = std::move(source)};
}

enum class Modes : std::uint8_t {
  owner_only,      ///< Refuse a file that its group or others can read.
  systems_matter,  ///< systemd hands credentials over with modes of its own.
};

/// The cookie in a file; nothing when there is no such file.
Outcome<std::optional<Cookie>> read_file(const std::string& path, Modes modes) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<Cookie>{};
    return wrong_usage(fmt::format("cannot read the cookie file {}: {}; make it readable by this user, or name another with --cookie-file",
                                   path, system_text(errno)));
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return wrong_usage(fmt::format("the cookie file {} is not a regular file; name one with --cookie-file", path));
  }
  std::string warning;
  if (modes == Modes::owner_only && (about.st_mode & 077) != 0) {
    if (!keeps_no_modes(file.get())) {
      return wrong_usage(fmt::format("others can read the cookie file {} (mode {:04o}); chmod 400 {}", path,
                                     static_cast<unsigned>(about.st_mode & 07777), path));
    }
    warning = fmt::format("the file system of {} keeps no modes: whoever reaches it can read the cookie", path);
  }
  // One byte more than a cookie with a line end may have tells a longer file.
  char bytes[kCookieBytesMax + 4];
  std::size_t size = 0;
  while (size < sizeof bytes) {
    const ssize_t got = ::read(file.get(), bytes + size, sizeof bytes - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong_usage(fmt::format("cannot read the cookie file {}: {}", path, system_text(errno)));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r')) --size;
  PULPO_TRY(Cookie cookie, checked_value(std::string(bytes, size), path));
  cookie.warning = std::move(warning);
  return std::optional(std::move(cookie));
}

std::string new_cookie(Random& random) {
  unsigned char bytes[32];  // 256 bits
  random.fill(bytes, sizeof bytes);
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

/// Makes `path` with `value` in it, whole or not at all, unless it is there already. 0, or errno.
int make_file(const std::string& path, const std::string& value, Random& random) {
  const std::string draft = fmt::format("{}.{:016x}", path, random.u64());
  {
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
    if (file.get() < 0) return errno;
    const std::string line = value + "\n";
    const ssize_t wrote = ::write(file.get(), line.data(), line.size());
    int error = wrote < 0 ? errno : ENOSPC;
    if (wrote == static_cast<ssize_t>(line.size())) error = ::fsync(file.get()) == 0 ? 0 : errno;
    if (error != 0) {
      ::unlink(draft.c_str());
      return error;
    }
  }
  // Neither of the two replaces a file that another program made meanwhile. FAT has no links, NFS no RENAME_NOREPLACE.
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return 0;
  int error = errno;
  if (error == EINVAL || error == ENOSYS) error = ::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(draft.c_str());
  return error;
}

std::string home_file(const Arguments& arguments) {
  const char* const home = arguments.environment()("HOME");
  return home == nullptr || *home == '\0' ? "" : fmt::format("{}/.pulpo.cookie", home);
}

std::string credential_file(const Arguments& arguments) {
  const char* const folder = arguments.environment()("CREDENTIALS_DIRECTORY");
  return folder == nullptr || *folder == '\0' ? "" : fmt::format("{}/cookie", folder);
}

Outcome<std::optional<Cookie>> find_existing(const Arguments& arguments, const CookiePlaces& places) {
  const auto given_value = [&](std::string source) -> Outcome<std::optional<Cookie>> {
    PULPO_TRY(Cookie cookie, checked_value(*arguments.get("cookie"), std::move(source)));
    return std::optional(std::move(cookie));
  };
  const auto given_file = [&](std::string_view source) -> Outcome<std::optional<Cookie>> {
    const std::string path = *arguments.get("cookie-file");
    PULPO_TRY(auto cookie, read_file(path, Modes::owner_only));
    if (!cookie) return wrong_usage(fmt::format("{}: there is no file {}; make it with mode 400, or name another", source, path));
    return cookie;
  };
  if (arguments.typed("cookie")) return given_value("--cookie");
  if (arguments.typed("cookie-file")) return given_file("--cookie-file");
  if (arguments.has("cookie")) return given_value("PULPO_COOKIE");
  if (arguments.has("cookie-file")) return given_file("PULPO_COOKIE_FILE");
  if (const std::string path = credential_file(arguments); !path.empty()) {
    PULPO_TRY(auto cookie, read_file(path, Modes::systems_matter));
    if (cookie) return cookie;
  }
  PULPO_TRY(auto cookie, read_file(places.system_file, Modes::owner_only));
  if (cookie) return cookie;
  if (const std::string path = home_file(arguments); !path.empty()) return read_file(path, Modes::owner_only);
  return std::optional<Cookie>{};
}

}  // namespace

Outcome<Cookie> find_cookie(const Arguments& arguments, Random& random, const CookiePlaces& places) {
  PULPO_TRY(auto existing, find_existing(arguments, places));
  if (existing) return std::move(*existing);

  std::string value = new_cookie(random);
  std::string why = "HOME is not set";
  if (const std::string path = home_file(arguments); !path.empty()) {
    const int error = make_file(path, value, random);
    if (error == 0 || error == EEXIST) {
      // Read back: another program may have been first, and FAT does not keep the mode.
      PULPO_TRY(auto made, read_file(path, Modes::owner_only));
      if (made) return std::move(*made);
      why = fmt::format("{} vanished", path);
    } else {
      why = fmt::format("cannot write {}: {}", path, system_text(error));
    }
  }
  return Cookie{.value = std::move(value),
                .source = "memory",
                .warning = fmt::format(
                    "no cookie was given and {}: using one in memory, so no other board can join; give --cookie or --cookie-file", why),
                .lasting = false};
}

std::string cookie_source(const Arguments& arguments, const CookiePlaces& places) {
  const auto existing = find_existing(arguments, places);
  if (!existing) return existing.error().text();
  if (*existing) return (*existing)->source;
  const std::string path = home_file(arguments);
  return path.empty() ? "none: HOME is not set" : fmt::format("{} (made at first use)", path);
}

}  // namespace pulpo::cli
