// SPDX-License-Identifier: Apache-2.0
#include "base/machine.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

namespace pulpo {
namespace {

/// A board's name is a line; more of it would only fill the result of a measurement.
constexpr std::size_t kNameMax = 100;

/// The beginning of a file; a processor among hundreds is as good as the first.
std::string beginning_of_file(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  char bytes[4096];
  const ssize_t size = ::read(file, bytes, sizeof bytes);
  ::close(file);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string{};
}

}  // namespace

std::string parse_board(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, text.find('\0'))) {
    if (c >= 0x20 && c < 0x7f && name.size() < kNameMax) name += c;
  }
  while (name.ends_with(' ')) name.pop_back();
  return name;
}

std::string parse_processor(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos && line.starts_with("model name")) return parse_board(line.substr(colon + 2));
    at = end + 1;
  }
  return {};
}

Machine this_machine() {
  utsname about{};
  ::uname(&about);
  Machine machine{.board = parse_board(beginning_of_file("/proc/device-tree/model")),
                  .kernel = std::string(about.release) + ' ' + about.machine};
  if (machine.board.empty()) machine.board = parse_processor(beginning_of_file("/proc/cpuinfo"));
  if (machine.board.empty()) machine.board = about.machine;
  return machine;
}

}  // namespace pulpo
