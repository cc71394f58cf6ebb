// SPDX-License-Identifier: Apache-2.0
#include "common_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pulpo::cli {

std::vector<Option> operator+(std::vector<Option> left, const std::vector<Option>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::vector<Option> cookie_options() {
  return {
      {.name = "cookie",
       .also = "setcookie",
       .value = "C",
       .help = "The secret that nodes share. Others on this machine may see it in the list of processes."},
      {.name = "cookie-file",
       .value = "FILE",
       .help = "Read it from FILE, which only its owner may read. Without either: PULPO_COOKIE, $CREDENTIALS_DIRECTORY/cookie, "
               "/etc/pulpo/cookie, ~/.pulpo.cookie (made at first use)."},
  };
}

std::vector<Option> log_options(bool is_command) {
  return {
      {.name = "log-level",
       .value = "L",
       .help = is_command ? "debug, info, notice, warning, error, critical (the default), alert or emergency."
                          : "debug, info (the default), notice, warning, error, critical, alert or emergency."},
      {.name = "log-format",
       .value = "F",
       .help = "text, json, journal (systemd's, with priorities), or auto (the default): journal under systemd, else text. The log goes "
               "to stderr."},
      {.name = "log-metadata",
       .value = "KEYS",
       .help =
           "What text shows before the level, as pid=… name=… node=…: pid, name, node, or an author's key; nothing by default. JSON has "
           "all of it."},
      {.name = "log-limit",
       .value = "N|off",
       .help = "Lines of one kind within 10 s, 100 by default, and ten times as many of all kinds; the others are counted, and a line says "
               "how many they were."},
  };
}

Option plain_links_option() {
  return {.name = "plain-links",
          .value = "",
          .help =
              "Do not seal the links with those that say so too. For trusted wires and for measuring: others on the wire can then read "
              "and change everything."};
}

Option loop_option() {
  return {.name = "loop", .value = "KIND", .help = "uring, epoll or auto (the default): io_uring when the kernel has it, see doctor."};
}

Option spin_option() {
  return {.name = "spin",
          .value = "auto|off|US",
          .help =
              "Look for work for a moment before sleeping. auto (the default): up to 50 us while messages come closer than that, where "
              "each core has a processor of its own, see doctor. US: so many microseconds before each sleep, 1 to 1000."};
}

Option watchdog_option() {
  return {
      .name = "watchdog",
      .value = "MS|off",
      .help =
          "Name in the log, with its frames, what holds a core longer than MS milliseconds, 500 by default, and send ticks to other nodes "
          "meanwhile; with off they take this node for dead after the tick time. It costs nothing while nobody does."};
}

Option json_option() { return {.name = "json", .value = "", .help = "Print one JSON object instead of text."}; }

namespace {

Outcome<log::Format> log_format(std::string_view text) {
  if (text == "auto") return log::Format::automatic;
  if (text == "text") return log::Format::text;
  if (text == "json") return log::Format::json;
  if (text == "journal") return log::Format::journal;
  return wrong_usage(fmt::format("--log-format: '{}' is not text, json, journal or auto", text));
}

/// "pid,name" as its parts.
Outcome<std::vector<std::string>> log_metadata(std::string_view text) {
  std::vector<std::string> keys;
  for (;;) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end == 0) return wrong_usage("--log-metadata: an empty key; name them as in pid,name,node");
    keys.emplace_back(text.substr(0, end));
    if (end == text.size()) return keys;
    text.remove_prefix(end + 1);
  }
}

Outcome<log::RateLimit> log_limit(std::string_view text) {
  constexpr std::uint32_t kMost = 1'000'000;  // Nobody means that as a limit.
  log::RateLimit limit;
  if (text == "off") {
    limit.lines = 0;
    return limit;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit.lines);
  if (error != std::errc{} || end != text.data() + text.size() || limit.lines == 0 || limit.lines > kMost) {
    return wrong_usage(fmt::format("--log-limit: '{}' is neither off nor a number of lines from 1 to {}", text, kMost));
  }
  limit.lines_of_all = 10 * limit.lines;
  return limit;
}

}  // namespace

Outcome<void> apply_log_options(const Arguments& arguments, log::Level otherwise) {
  log::Settings settings{.level = otherwise};
  if (const auto level = arguments.get("log-level"); level && !log::parse_level(*level, settings.level)) {
    return wrong_usage(fmt::format("--log-level: '{}' is not debug, info, notice, warning, error, critical, alert or emergency", *level));
  }
  if (const auto format = arguments.get("log-format")) {
    PULPO_TRY(settings.format, log_format(*format));
  }
  if (const auto keys = arguments.get("log-metadata")) {
    PULPO_TRY(settings.metadata, log_metadata(*keys));
  }
  if (const auto limit = arguments.get("log-limit")) {
    PULPO_TRY(settings.limit, log_limit(*limit));
  }
  log::configure(settings);
  return {};
}

Outcome<LoopChoice> loop_choice(const Arguments& arguments) {
  const std::string kind = arguments.get("loop").value_or("auto");
  if (kind == "auto") return LoopChoice::automatic;
  if (kind == "uring") return LoopChoice::uring;
  if (kind == "epoll") return LoopChoice::epoll;
  return wrong_usage(fmt::format("--loop: '{}' is not uring, epoll or auto", kind));
}

Outcome<SpinChoice> spin_choice(const Arguments& arguments) {
  constexpr unsigned kMostMicroseconds = 1000;  // Beyond that a sleep costs nothing in comparison.
  const std::string text = arguments.get("spin").value_or("auto");
  if (text == "auto") return SpinChoice{};
  if (text == "off") return SpinChoice{.mode = SpinChoice::Mode::off, .window = {}};
  unsigned microseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), microseconds);
  if (error != std::errc{} || end != text.data() + text.size() || microseconds == 0 || microseconds > kMostMicroseconds) {
    return wrong_usage(fmt::format("--spin: '{}' is not auto, off or a number of microseconds from 1 to {}", text, kMostMicroseconds));
  }
  return SpinChoice{.mode = SpinChoice::Mode::fixed, .window = std::chrono::microseconds(microseconds)};
}

Outcome<Duration> watchdog_limit(const Arguments& arguments) {
  constexpr unsigned kLeast = 10;             // Below that the kernel's own scheduling is named.
  constexpr unsigned kMost = 60 * 60 * 1000;  // An hour: more is a mistyped number.
  const auto text = arguments.get("watchdog");
  if (!text) return Duration(WatchdogOptions{}.limit);
  if (*text == "off") return Duration::zero();
  unsigned milliseconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), milliseconds);
  if (error != std::errc{} || end != text->data() + text->size() || milliseconds < kLeast || milliseconds > kMost) {
    return wrong_usage(fmt::format("--watchdog: '{}' is neither off nor a number of milliseconds from {} to {}", *text, kLeast, kMost));
  }
  return Duration(std::chrono::milliseconds(milliseconds));
}

Outcome<std::uint16_t> mapper_port(const Arguments& arguments) { return mapper_port(arguments.environment()("ERL_EPMD_PORT")); }

Outcome<std::uint16_t> mapper_port(const char* text) {
  if (text == nullptr || *text == '\0') return std::uint16_t{4369};
  const std::string_view digits = text;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) {
    return wrong_usage(fmt::format("ERL_EPMD_PORT: '{}' is not a port; set it to a number from 1 to 65535, or unset it", digits));
  }
  return port;
}

}  // namespace pulpo::cli
