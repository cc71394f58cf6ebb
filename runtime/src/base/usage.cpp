// SPDX-License-Identifier: Apache-2.0
#include "base/usage.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace pulpo {
namespace {

std::uint64_t microseconds(const timeval& time) noexcept {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

/// The second number of /proc/self/statm: resident pages.
std::uint64_t resident_pages() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  char* end = text;
  (void)std::strtoull(text, &end, 10);
  return std::strtoull(end, nullptr, 10);
}

}  // namespace

Usage process_usage() noexcept {
  Usage usage;
  rusage times{};
  if (::getrusage(RUSAGE_SELF, &times) == 0) usage.cpu_microseconds = microseconds(times.ru_utime) + microseconds(times.ru_stime);
  usage.rss_kibibytes = resident_pages() * (static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024);
  return usage;
}

std::uint64_t resident_bytes() noexcept {
  const int file = ::open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[1024];  // the second line is "Rss:  1234 kB"
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) return 0;
  text[size] = '\0';
  const char* const line = std::strstr(text, "\nRss:");
  return line == nullptr ? 0 : std::strtoull(line + 5, nullptr, 10) * 1024;
}

}  // namespace pulpo
