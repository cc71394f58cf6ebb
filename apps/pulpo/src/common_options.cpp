// SPDX-License-Identifier: Apache-2.0
#include "common_options.hpp"

#include <fmt/format.h>

#include <charconv>

namespace pulpo::cli {

std::vector<Option> operator+(std::vector<Option> left, const std::vector<Option>& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::vector<Option> cookie_options() {
  return {
      {.name = "cookie", .value = "C", .help = "The secret that nodes share. Others on this machine may see it in the list of processes."},
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
       .help = is_command ? "debug, info, notice, warning, error or critical (the default)."
                          : "debug, info (the default), notice, warning, error or critical."},
      {.name = "log-format", .value = "F", .help = "text (the default) or json. The log goes to stderr."},
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

Option json_option() { return {.name = "json", .value = "", .help = "Print one JSON object instead of text."}; }

Outcome<void> apply_log_options(const Arguments& arguments, log::Level otherwise) {
  log::Settings settings{.level = otherwise};
  if (const auto level = arguments.get("log-level"); level && !log::parse_level(*level, settings.level)) {
    return wrong_usage(fmt::format("--log-level: '{}' is not debug, info, notice, warning, error or critical", *level));
  }
  if (const auto format = arguments.get("log-format")) {
    if (*format != "text" && *format != "json") return wrong_usage(fmt::format("--log-format: '{}' is neither text nor json", *format));
    settings.format = *format == "json" ? log::Format::json : log::Format::text;
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

Outcome<std::uint16_t> mapper_port(const Arguments& arguments) {
  const char* const text = arguments.environment()("ERL_EPMD_PORT");
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
