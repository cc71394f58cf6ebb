// SPDX-License-Identifier: Apache-2.0
#include "base/log_format.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <iterator>

namespace pulpo::log {
namespace {

/// The length of the character that `text` begins with; 0 when it begins with none (RFC 3629).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    // Neither overlong nor a surrogate.
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_json_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else if (length = utf8_length(text); length == 0) {
      out += "\xEF\xBF\xBD";
      length = 1;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

void append_json_pair(std::string& out, std::string_view key, std::string_view value) {
  out += ",\"";
  append_json_text(out, key);
  out += "\":\"";
  append_json_text(out, value);
  out += '"';
}

std::string json_line(const Entry& entry, const tm& local, int milliseconds) {
  const long offset = local.tm_gmtoff / 60;
  std::string line = fmt::format(R"({{"time":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}","level":"{}")", local.tm_year + 1900,
                                 local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, milliseconds,
                                 offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60, to_string(entry.level));
  append_json_pair(line, "message", entry.message);
  std::vector<std::string_view> written{"time", "level", "message"};
  for (const Field& field : entry.fields) {
    // Readers differ in which of two values of one key they take.
    if (std::find(written.begin(), written.end(), field.key) != written.end()) continue;
    written.push_back(field.key);
    append_json_pair(line, field.key, field.value);
  }
  line += "}\n";
  return line;
}

/// `pid=#PID<0.3.1> node=a@b `, as far as the entry has them (LOG-1).
void append_metadata(std::string& line, const Entry& entry, const Look& look) {
  for (const std::string& key : look.metadata) {
    const std::string_view value = entry.get(key);
    if (!value.empty()) fmt::format_to(std::back_inserter(line), "{}={} ", key, value);
  }
}

/// Elixir's padding to five characters: "[info]  text", "[error] text" (LOG-2).
void append_level(std::string& line, Level level) {
  const std::string_view name = to_string(level);
  fmt::format_to(std::back_inserter(line), "[{}] ", name);
  if (name.size() < 5) line.append(5 - name.size(), ' ');
}

/// Elixir's: debug cyan, warning yellow, error and above red, the rest as it is (LOG-3).
std::string_view colour_of(Level level) noexcept {
  if (level == Level::debug) return "\x1b[36m";
  if (level == Level::warning) return "\x1b[33m";
  return level >= Level::error ? "\x1b[31m" : "";
}

std::string text_line(const Entry& entry, const Look& look, const tm& local, int milliseconds) {
  const std::string_view colour = look.colours ? colour_of(entry.level) : "";
  std::string line(colour);
  fmt::format_to(std::back_inserter(line), "{:02}:{:02}:{:02}.{:03} ", local.tm_hour, local.tm_min, local.tm_sec, milliseconds);
  append_metadata(line, entry, look);
  append_level(line, entry.level);
  line += entry.message;
  if (!colour.empty()) line += "\x1b[0m";
  line += '\n';
  return line;
}

/// syslog(3)'s number.
int priority_of(Level level) noexcept { return static_cast<int>(Level::emergency) - static_cast<int>(level); }
static_assert(static_cast<int>(Level::emergency) - static_cast<int>(Level::debug) == 7);

// The journal makes an entry of each line, so each has its priority; those that follow are set off, and written at once with the first.
std::string journal_lines(const Entry& entry, const Look& look) {
  std::string text;
  append_metadata(text, entry, look);
  append_level(text, entry.level);
  text += entry.message;
  std::string lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    fmt::format_to(std::back_inserter(lines), "<{}>{}{}\n", priority_of(entry.level), lines.empty() ? "" : "  ", rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

}  // namespace

bool is_journal(const char* journal_stream, int descriptor) noexcept {
  if (journal_stream == nullptr) return false;
  const char* const end = journal_stream + std::strlen(journal_stream);
  unsigned long long device = 0;
  unsigned long long inode = 0;
  const auto first = std::from_chars(journal_stream, end, device);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') return false;
  const auto second = std::from_chars(first.ptr + 1, end, inode);
  if (second.ec != std::errc{} || second.ptr != end) return false;
  struct stat about {};
  return ::fstat(descriptor, &about) == 0 && about.st_dev == device && about.st_ino == inode;
}

Look look_of(const Settings& settings, int descriptor) {
  Look look{.format = settings.format, .metadata = settings.metadata};
  if (look.format == Format::automatic)
    look.format = is_journal(std::getenv("JOURNAL_STREAM"), descriptor) ? Format::journal : Format::text;
  const char* const none = std::getenv("NO_COLOR");  // no-color.org: any value but none
  const bool wanted = none == nullptr || *none == '\0';
  look.colours = settings.colours == Colours::on || (settings.colours == Colours::automatic && wanted && ::isatty(descriptor) == 1);
  return look;
}

std::string formatted(const Entry& entry, const Look& look, const timespec& wall) {
  if (look.format == Format::journal) return journal_lines(entry, look);
  tm local{};
  ::localtime_r(&wall.tv_sec, &local);
  const auto milliseconds = static_cast<int>(wall.tv_nsec / 1'000'000);
  return look.format == Format::json ? json_line(entry, local, milliseconds) : text_line(entry, look, local, milliseconds);
}

}  // namespace pulpo::log
