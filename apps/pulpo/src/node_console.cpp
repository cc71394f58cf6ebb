// SPDX-License-Identifier: Apache-2.0
#include "node_console.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>

#include "console.hpp"
#include "lang/shell.hpp"
#include "pulpo/log.hpp"

namespace pulpo::cli {
Option console_option() {
  return {.name = "console",
          .value = "auto|on|off",
          .help =
              "A prompt that evaluates what is typed: auto (the default) where stdin and stdout are a terminal; on reads lines from "
              "whatever stdin is. Ctrl+C twice stops the node, Ctrl+D ends the console alone. What was typed is kept in "
              "~/.pulpo_history, or in the file that PULPO_HISTORY names; off for none."};
}

Outcome<bool> wants_console(const Arguments& arguments) {
  const std::string word = arguments.get("console").value_or("auto");
  if (word == "on") return true;
  if (word == "off") return false;
  if (word == "auto") return Screen::is_terminal();
  return wrong_usage(fmt::format("--console {}: one of auto, on, off", word));
}

NodeConsole::NodeConsole() : writes_log_(::isatty(STDERR_FILENO) != 0), stop_(::eventfd(0, EFD_CLOEXEC)) {
  if (!writes_log_) return;
  log::exchange_writer({.write =
                            [](void* screen, std::string_view line) noexcept {
                              try {
                                return static_cast<Screen*>(screen)->print(line);
                              } catch (...) {
                                return false;
                              }
                            },
                        .context = &screen_});
}

NodeConsole::~NodeConsole() {
  screen_.end();
  if (writes_log_) log::exchange_writer({});
  if (stop_ >= 0) ::close(stop_);
}

void NodeConsole::take_output(SystemOptions& options) {
  options.output = [this](std::string_view text) { print_to(screen_, text); };
  options.output_is_stdout = true;
  if (writes_log_) options.error_output = options.output;
  options.input = [] { return std::optional<std::string>(); };
}

void NodeConsole::start(Runtime& runtime) {
  runtime.post([this] {
    const ConsoleOptions options{
        .start_shell = [](const Pid& console, const Pid& device) { return spawn_monitor([=] { lang::run_shell(console, device); }); },
        .interrupt_does = "stop this node",
        .end_hint = "The console has ended; the node goes on. Ctrl+C or SIGTERM stops it.",
        .stop = stop_};
    if (run_console(screen_, options) == ConsoleEnd::interrupted) static_cast<void>(system_stop(0));
  });
}

void NodeConsole::leave() {
  screen_.leave_line();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = ::write(stop_, &one, sizeof one);  // an eventfd at 0 takes it
}

}  // namespace pulpo::cli
