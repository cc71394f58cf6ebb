// SPDX-License-Identifier: Apache-2.0
#include "pulpo/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>

namespace pulpo::log {
namespace {

constexpr std::size_t kLineMax = 16 * 1024;

std::atomic<Level> level_now{Level::info};
std::atomic<Format> format_now{Format::text};
std::mutex target_mutex;
Target target_now;

void append_json_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
}

std::string finished_line(Level level, std::string_view message) {
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);  // the one place that stamps lines; a simulation installs a Target
  tm local{};
  ::localtime_r(&wall.tv_sec, &local);
  const auto milliseconds = static_cast<int>(wall.tv_nsec / 1'000'000);
  std::string line;
  if (format_now.load(std::memory_order_relaxed) == Format::json) {
    fmt::format_to(std::back_inserter(line), R"({{"time":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}","level":"{}","message":")",
                   local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, milliseconds,
                   to_string(level));
    append_json_text(line, message);
    line += "\"}\n";
    return line;
  }
  // Elixir's padding to five characters: "[info]  text", "[error] text" (LOG-2).
  const std::string_view name = to_string(level);
  fmt::format_to(std::back_inserter(line), "{:02}:{:02}:{:02}.{:03} [{}] ", local.tm_hour, local.tm_min, local.tm_sec, milliseconds, name);
  if (name.size() < 5) line.append(5 - name.size(), ' ');
  line += message;
  line += '\n';
  return line;
}

void write_to_stderr(std::string_view line) noexcept {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void configure(const Settings& settings) noexcept {
  level_now.store(settings.level, std::memory_order_relaxed);
  format_now.store(settings.format, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept { return level >= level_now.load(std::memory_order_relaxed); }

bool parse_level(std::string_view text, Level& level) noexcept {
  if (text == "warn") text = "warning";
  for (const Level candidate : {Level::debug, Level::info, Level::notice, Level::warning, Level::error, Level::critical}) {
    if (text == to_string(candidate)) {
      level = candidate;
      return true;
    }
  }
  return false;
}

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::notice:
      return "notice";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::critical:
      return "critical";
  }
  return "error";
}

Target exchange_target(Target target) noexcept {
  const std::lock_guard lock(target_mutex);
  return std::exchange(target_now, target);
}

void write(Level level, std::string_view message) noexcept {
  try {
    std::string cut;
    if (message.size() > kLineMax) {
      cut = std::string(message.substr(0, kLineMax)) + " … (cut)";
      message = cut;
    }
    const std::lock_guard lock(target_mutex);
    if (target_now.sink != nullptr) {
      target_now.sink(target_now.context, level, message);
    } else {
      write_to_stderr(finished_line(level, message));
    }
  } catch (...) {  // out of memory: the line is lost, the node is not
  }
}

}  // namespace pulpo::log
