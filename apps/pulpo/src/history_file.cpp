// SPDX-License-Identifier: Apache-2.0
#include "history_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace pulpo::cli {
namespace {

/// A history is some hundred KiB; what is longer is something else.
constexpr std::size_t kFileBytesMax = 4u << 20;
constexpr mode_t kOwnerOnly = 0600;  // lines may hold cookies

bool write_whole(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(file, text.data(), text.size());
    if (wrote <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

/// Its end, as much as is looked at. Nothing of what is no file.
std::string end_of_file(const std::string& path) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return text;
  struct stat about {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
    ::close(file);
    return text;
  }
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > kFileBytesMax) (void)::lseek(file, static_cast<off_t>(size - kFileBytesMax), SEEK_SET);  // a regular file
  char bytes[4096];
  for (ssize_t got = 0; text.size() < kFileBytesMax && (got = ::read(file, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  ::close(file);
  if (size > kFileBytesMax) text.erase(0, text.find('\n') + 1);  // the rest of a line
  return text;
}

}  // namespace

std::vector<std::string> HistoryFile::read(std::size_t lines_max) const {
  std::vector<std::string> lines;
  if (path_.empty()) return lines;
  const std::string text = end_of_file(path_);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool is_long = lines.size() > 2 * lines_max || text.size() > kFileBytesMax / 2;
  if (lines.size() > lines_max) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(lines_max));
  if (!is_long) return lines;
  // Beside it first: a board may lose power at any moment.
  const std::string beside = path_ + ".new";
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return lines;
  std::string kept;
  for (const std::string& line : lines) kept += line + '\n';
  const bool is_written = write_whole(file, kept);
  ::close(file);
  if (!is_written || ::rename(beside.c_str(), path_.c_str()) != 0) ::unlink(beside.c_str());
  return lines;
}

void HistoryFile::add(const std::string& line) const {
  if (path_.empty() || line.find_first_not_of(" \t") == std::string::npos) return;
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return;
  (void)write_whole(file, line + '\n');  // without it the line is not remembered, and nothing else is lost
  ::close(file);
}

std::string history_path() {
  if (const char* const given = std::getenv("PULPO_HISTORY")) return std::string_view(given) == "off" ? std::string() : given;
  const char* const home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.pulpo_history";
}

}  // namespace pulpo::cli
