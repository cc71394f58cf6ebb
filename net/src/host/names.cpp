// SPDX-License-Identifier: Apache-2.0
#include "host/names.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pulpo::host {
namespace {

constexpr std::size_t kFileMax = 1024 * 1024;  // ad-blocking hosts files are several 100 KiB
constexpr std::string_view kBlank = " \t\r";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_host_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kHostNameMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_within(std::string_view name, std::string_view suffix) noexcept {
  if (name.size() <= suffix.size()) return same_name(name, suffix);
  const std::string_view end = name.substr(name.size() - suffix.size());
  return same_name(end, suffix) && name[name.size() - suffix.size() - 1] == '.';
}

std::string_view take_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

std::string_view take_line(std::string_view& text) noexcept {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

Outcome<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Fault{.code = Errc::io, .sys = errno, .where = "open", .detail = path};
  std::string text;
  char part[16 * 1024];
  ssize_t size = 0;
  while (text.size() < kFileMax && (size = ::read(file, part, sizeof part)) > 0) text.append(part, static_cast<std::size_t>(size));
  const int error = size < 0 ? errno : 0;
  ::close(file);
  if (error != 0) return Fault{.code = Errc::io, .sys = error, .where = "read", .detail = path};
  return text;
}

}  // namespace pulpo::host
