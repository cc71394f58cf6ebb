// SPDX-License-Identifier: Apache-2.0
//
// Log: lines for the operator, as Elixir prints them: `HH:MM:SS.mmm [level] message`.
//
// The level is padded as in the tutorials (`[info]  text`, `[error] text`). The sink is one of the three
// process-wide things of this program (with the atom table and the signal handlers).
//
//   Threads    Any. A line is written whole, by one write(2), to stderr.
//   Bounds     A line is cut at 16 KiB, with a mark.
//   Errors     A sink that cannot be written to is ignored: logging never takes a node down.
//   Cost       A level that is switched off costs one load and a branch.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace pulpo::log {

enum class Level : std::uint8_t { debug, info, notice, warning, error, critical };
enum class Format : std::uint8_t { text, json };

struct Settings {
  Level level = Level::info;  ///< Lines below it are dropped.
  Format format = Format::text;
};

/// Replaces the process-wide settings.
void configure(const Settings& settings) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// "debug" … "critical"; also "warn". Nothing else is a level.
[[nodiscard]] bool parse_level(std::string_view text, Level& level) noexcept;
[[nodiscard]] std::string_view to_string(Level level) noexcept;

/// Where finished lines go (without the newline). Tests and the simulator install their own; the
/// default writes to stderr. Returns the one before; nullptr stands for the default.
using Sink = void (*)(void* context, Level level, std::string_view message);
struct Target {
  Sink sink = nullptr;
  void* context = nullptr;
};
Target exchange_target(Target target) noexcept;

/// Writes one line; `message` may hold several lines of text, which stay together.
void write(Level level, std::string_view message) noexcept;

template <class... A>
void line(Level level, fmt::format_string<A...> format, A&&... arguments) {
  if (enabled(level)) write(level, fmt::format(format, std::forward<A>(arguments)...));
}
template <class... A>
void debug(fmt::format_string<A...> f, A&&... a) {
  line(Level::debug, f, std::forward<A>(a)...);
}
template <class... A>
void info(fmt::format_string<A...> f, A&&... a) {
  line(Level::info, f, std::forward<A>(a)...);
}
template <class... A>
void notice(fmt::format_string<A...> f, A&&... a) {
  line(Level::notice, f, std::forward<A>(a)...);
}
template <class... A>
void warning(fmt::format_string<A...> f, A&&... a) {
  line(Level::warning, f, std::forward<A>(a)...);
}
template <class... A>
void error(fmt::format_string<A...> f, A&&... a) {
  line(Level::error, f, std::forward<A>(a)...);
}

}  // namespace pulpo::log
