// SPDX-License-Identifier: Apache-2.0
#include "base/cpus.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace pulpo {
namespace {

/// The beginning of a small file of the kernel; empty when there is none.
std::string read_small(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char bytes[4096];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  ::close(file);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string{};
}

std::optional<double> parse_number(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(value > 0)) return std::nullopt;
  return value;
}

std::optional<double> least(std::optional<double> a, std::optional<double> b) {
  if (a && b) return std::min(*a, *b);
  return a ? a : b;
}

/// The tightest limit on the way from `group` to the root: every group above limits as well.
template <class Read>
std::optional<double> walk(std::string group, const Read& read) {
  std::optional<double> quota;
  for (;;) {
    quota = least(quota, read(group));
    const auto slash = group.rfind('/');
    if (slash == std::string::npos || group.empty()) return quota;
    group.resize(slash);
  }
}

std::optional<double> cgroup_quota() {
  const std::string groups = read_small("/proc/self/cgroup");
  std::optional<double> quota;
  if (const auto path = parse_cgroup_path(groups, "")) {
    quota =
        walk(std::string(*path), [](const std::string& group) { return parse_cpu_max(read_small("/sys/fs/cgroup" + group + "/cpu.max")); });
  }
  if (const auto path = parse_cgroup_path(groups, "cpu")) {
    quota = least(quota, walk(std::string(*path), [](const std::string& group) -> std::optional<double> {
                    const std::string folder = "/sys/fs/cgroup/cpu" + group;
                    const auto time = parse_number(read_small(folder + "/cpu.cfs_quota_us"));  // -1: none
                    const auto period = parse_number(read_small(folder + "/cpu.cfs_period_us"));
                    if (!time || !period) return std::nullopt;
                    return *time / *period;
                  }));
  }
  return quota;
}

}  // namespace

unsigned CpuCounts::usable() const noexcept {
  if (!quota || *quota >= allowed) return std::max(1u, allowed);
  return std::max(1u, static_cast<unsigned>(std::ceil(*quota)));
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto time = parse_number(text.substr(0, space));
  const auto period = parse_number(text.substr(space + 1));
  if (!time || !period) return std::nullopt;
  return *time / *period;
}

std::optional<std::string_view> parse_cgroup_path(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto first = line.find(':');
    if (first == std::string_view::npos) continue;
    const auto second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    std::string_view names = line.substr(first + 1, second - first - 1);
    std::string_view path = line.substr(second + 1);
    if (path == "/") path = "";
    if (controller.empty() && names.empty()) return path;
    while (!names.empty() && !controller.empty()) {
      const auto comma = std::min(names.find(','), names.size());
      if (names.substr(0, comma) == controller) return path;
      names.remove_prefix(std::min(comma + 1, names.size()));
    }
  }
  return std::nullopt;
}

CpuCounts count_cpus() {
  CpuCounts counts;
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  counts.online = online > 0 ? static_cast<unsigned>(online) : 1;
  cpu_set_t set;
  CPU_ZERO(&set);
  // A machine of more than 1,024 processors answers EINVAL to this set; we use 64 at most.
  counts.allowed = ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : counts.online;
  counts.quota = cgroup_quota();
  return counts;
}

}  // namespace pulpo
