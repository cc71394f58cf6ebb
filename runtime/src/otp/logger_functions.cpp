// SPDX-License-Identifier: Apache-2.0
//
// Logger, as Elixir's users type it. The level is the program's: nodes that share one share it.
#include "otp/builtin_functions.hpp"
#include "otp/function_arguments.hpp"
#include "otp/printed.hpp"
#include "pulpo/log.hpp"

namespace pulpo {
namespace {

/// Text, a report (a keyword list or a map), or a function that makes either, which runs when the level is on alone.
Atom log_message(log::Level level, const Term& message) {
  if (!log::enabled(level)) return atoms::ok;
  const Term said = open_arity(message) == 0u ? call_function(message) : message;
  Keywords report;
  const bool is_report = said.is_map() || (said.is_list() && said.list_size() > 0 && decode_into(said, report));
  log::write(level, is_report ? said.text() : printed(said));
  return atoms::ok;
}

Atom configure_logger(const Keywords& options) {
  options.only("Logger.configure", {"level"});
  const auto wanted = options.find("level");
  if (!wanted) return atoms::ok;
  log::Level level{};
  if (!wanted->is_atom() || !log::parse_level(wanted->atom().text(), level))
    exit_badarg("level: is :debug, :info, :notice, :warning, :error, :critical, :alert or :emergency, not " + wanted->text());
  log::set_level(level);
  return atoms::ok;
}

using log::Level;

}  // namespace

// Metadata is accepted and not kept: the pid, the name and the node of a line are known anyway.
#define PULPO_LOGGER_ROWS(name, level)                                                                          \
  row("Logger." name, "Logs a message at the level " name ", and returns :ok.",                                 \
      [](const Term& message) { return log_message(level, message); }),                                         \
      row("Logger." name, "Logs a message at the level " name ", and returns :ok; the metadata are not shown.", \
          [](const Term& message, const Keywords&) { return log_message(level, message); })

std::span<const Function> logger_functions() {
  static constexpr Function kRows[] = {
      PULPO_LOGGER_ROWS("debug", Level::debug),
      PULPO_LOGGER_ROWS("info", Level::info),
      PULPO_LOGGER_ROWS("notice", Level::notice),
      PULPO_LOGGER_ROWS("warning", Level::warning),
      PULPO_LOGGER_ROWS("warn", Level::warning),
      PULPO_LOGGER_ROWS("error", Level::error),
      PULPO_LOGGER_ROWS("critical", Level::critical),
      PULPO_LOGGER_ROWS("alert", Level::alert),
      PULPO_LOGGER_ROWS("emergency", Level::emergency),
      row("Logger.level", "The level below which lines are dropped.", [] { return Atom(log::to_string(log::level())); }),
      row("Logger.configure", "Sets the level below which lines are dropped, [level: level], and returns :ok.",
          [](const Keywords& options) { return configure_logger(options); }),
  };
  return kRows;
}

#undef PULPO_LOGGER_ROWS

}  // namespace pulpo
