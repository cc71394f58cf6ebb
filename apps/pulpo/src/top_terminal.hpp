// SPDX-License-Identifier: Apache-2.0
//
// TopTerminal: the terminal of `pulpo top`: raw, on its other screen, and as it was when the view ends.
//
// Plain ANSI: places, reverse, bold, one colour; nothing that a serial console or an old ssh does not know. Only lines that changed are
// sent.
//
//   Ownership  Borrows both descriptors. The destructor gives the terminal back.
//   Threads    One.
//   Errors     open(): what is no terminal, or one that cannot place a cursor (TERM=dumb has no colours and is tried all the same).
#pragma once

#include <termios.h>

#include <string>
#include <vector>

#include "pulpo/result.hpp"
#include "top_screen.hpp"

namespace pulpo::cli::top {

class Terminal {
 public:
  /// `colours`: false with NO_COLOR; `styles`: false with TERM=dumb.
  struct Settings {
    int in = 0;
    int out = 1;
    bool colours = true;
    bool styles = true;
  };
  [[nodiscard]] static Outcome<Terminal> open(const Settings& settings);
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  /// As the kernel knows it now; 80x24 where it does not (a serial line).
  [[nodiscard]] Size size() const noexcept;
  void show(const std::vector<Line>& lines);
  /// Takes the terminal again after another program had it, and shows everything anew.
  void take_again();
  /// What was typed; empty when there is nothing. False in `open` when the terminal is gone.
  [[nodiscard]] std::string read(bool& open) const;

 private:
  Terminal(const Settings& settings, const termios& before) noexcept : settings_(settings), before_(before) {}
  void enter();
  void write(std::string_view text) const;

  Settings settings_;
  termios before_;
  bool is_ours_ = false;
  std::vector<Line> shown_;
};

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, which end the view, SIGWINCH and SIGCONT, which draw it anew, as a descriptor.
class TerminalSignals {
 public:
  /// Before other threads exist: they inherit that these are blocked.
  [[nodiscard]] static Outcome<TerminalSignals> catch_them();
  TerminalSignals(TerminalSignals&& other) noexcept;
  TerminalSignals& operator=(TerminalSignals&&) = delete;
  ~TerminalSignals();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The next one; 0: none.
  [[nodiscard]] int take() const noexcept;

 private:
  explicit TerminalSignals(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace pulpo::cli::top
