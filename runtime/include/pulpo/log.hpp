// SPDX-License-Identifier: Apache-2.0
//
// Log: lines for the operator, as Elixir prints them: `HH:MM:SS.mmm [level] message`.
//
// The level is padded as in the tutorials (`[info]  text`, `[error] text`). An entry knows which process it is from (pid, registered name,
// node), and may carry values of its own: `log::warning({{"sensor", 3}}, "no answer for {}", time)`. JSON lines hold all of that, text the
// keys that Settings::metadata names. The sink is one of the three process-wide things of this program (with the atom table and the signal
// handlers).
//
//   Threads    Any.
//   Bounds     A message is cut at 16 KiB, with a mark. Of one kind (one place in the sources and one registered name) 100 lines in 10 s
//              are written, of all kinds 1,000; then one line says how many more there were. See RateLimit.
//   Suspends   Never. A line is written by the thread that logs it. A pipe that nobody reads holds up whoever logs for 0.1 s, once; then
//              lines are dropped and counted until it takes some again.
//   Errors     A sink that cannot be written to is ignored: logging never takes a node down.
//   Cost       A level that is switched off costs one load and a branch.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pulpo::log {

enum class Level : std::uint8_t { debug, info, notice, warning, error, critical, alert, emergency };
/// automatic: journal when stderr goes to systemd's journal (JOURNAL_STREAM), else text. journal: as text, without the time, each line
/// behind its priority (`<4>`), as sd-daemon(3) has it.
enum class Format : std::uint8_t { text, json, journal, automatic };
/// automatic: on a terminal, unless NO_COLOR is set. Text only.
enum class Colours : std::uint8_t { automatic, off, on };

/// What stands between a crash loop and the flash of a board.
struct RateLimit {
  /// Of one kind in a window; 0: no limit, neither this nor the other. A supervisor's default lets a child fail 3 times in 5 s, and a
  /// device that answers each call wrong does so some times a second: both are shown whole, a loop is not.
  std::uint32_t lines = 100;
  /// Of all kinds in a window. At 200 bytes a line 20 kB/s for as long as it lasts. OTP's handler takes bursts of 500 in one second
  /// (burst_limit_max_count), journald 10,000 in 30 s.
  std::uint32_t lines_of_all = 1000;
  std::chrono::milliseconds window{10'000};
};

struct Settings {
  Level level = Level::info;  ///< Lines below it are dropped.
  Format format = Format::automatic;
  Colours colours = Colours::automatic;
  std::vector<std::string> metadata = {};  ///< Keys that text shows, in this order: pid, name, node, or one of an author's (LOG-1).
  RateLimit limit = {};
};

/// Replaces the process-wide settings, and looks at what stderr is. Before the first call: text, without colours.
void configure(const Settings& settings) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// "debug" … "emergency"; also "warn". Nothing else is a level.
[[nodiscard]] bool parse_level(std::string_view text, Level& level) noexcept;
[[nodiscard]] std::string_view to_string(Level level) noexcept;

/// One value that an entry carries: `{"sensor", 3}`. The key is a literal, or outlives the call.
struct Field {
  template <class T>
  Field(std::string_view key_, const T& value_) : key(key_), value(fmt::format("{}", value_)) {}

  std::string_view key;
  std::string value;
};

struct Entry {
  Level level;
  std::string_view message;       ///< May hold several lines.
  std::span<const Field> fields;  ///< What the author gave, then pid, name and node as far as there are any.
  /// The value of a key; empty when it has none.
  [[nodiscard]] std::string_view get(std::string_view key) const noexcept;
};

/// Where entries go. Tests and the simulator install their own, which gets each entry, whatever the limits; the default writes lines to
/// stderr. Returns the one before; a null sink stands for the default. The sink runs under the log's lock and must not log.
using Sink = void (*)(void* context, const Entry& entry);
struct Target {
  Sink sink = nullptr;
  void* context = nullptr;
};
Target exchange_target(Target target) noexcept;

/// Who writes finished lines, newline included, in the place of stderr: a console that keeps the terminal's last line for itself. False:
/// the line was dropped. Under the log's lock; must not log. Returns the one before; a null one stands for stderr.
using LineWriter = bool (*)(void* context, std::string_view line) noexcept;
struct Writer {
  LineWriter write = nullptr;
  void* context = nullptr;
};
Writer exchange_writer(Writer writer) noexcept;

/// Adds what is known of whoever logs on this thread. Installed by the layer that knows of processes; one for the program.
using Source = void (*)(std::vector<Field>& fields);
void set_source(Source source) noexcept;

/// Writes what is still to be said of suppressed and lost lines; before the program ends.
void flush() noexcept;

/// Writes one entry; `message` may hold several lines of text, which stay together. What begins with the same line, whatever numbers are
/// in it, is of one kind.
void write(Level level, std::string_view message) noexcept;
void write(Level level, std::string_view message, std::initializer_list<Field> fields) noexcept;

/// line() without its types; `format` is also what the lines of one kind have in common.
void line_of(Level level, std::initializer_list<Field> fields, fmt::string_view format, fmt::format_args arguments) noexcept;

template <class... A>
void line(Level level, std::initializer_list<Field> fields, fmt::format_string<A...> format, A&&... arguments) {
  if (enabled(level)) line_of(level, fields, format, fmt::make_format_args(arguments...));
}
template <class... A>
void line(Level level, fmt::format_string<A...> format, A&&... arguments) {
  if (enabled(level)) line_of(level, {}, format, fmt::make_format_args(arguments...));
}

#define PULPO_LOG_LEVEL(level)                                                            \
  template <class... A>                                                                   \
  void level(fmt::format_string<A...> f, A&&... a) {                                      \
    line(Level::level, f, std::forward<A>(a)...);                                         \
  }                                                                                       \
  template <class... A>                                                                   \
  void level(std::initializer_list<Field> fields, fmt::format_string<A...> f, A&&... a) { \
    line(Level::level, fields, f, std::forward<A>(a)...);                                 \
  }
PULPO_LOG_LEVEL(debug)
PULPO_LOG_LEVEL(info)
PULPO_LOG_LEVEL(notice)
PULPO_LOG_LEVEL(warning)
PULPO_LOG_LEVEL(error)
PULPO_LOG_LEVEL(critical)
PULPO_LOG_LEVEL(alert)
PULPO_LOG_LEVEL(emergency)
#undef PULPO_LOG_LEVEL

}  // namespace pulpo::log
