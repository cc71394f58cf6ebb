// SPDX-License-Identifier: Apache-2.0
//
// Screen: the terminal of a console: output above, and below it the line that somebody types, which output never garbles.
//
// Whatever is printed meanwhile (the log, IO.puts of any process) goes above that line, which is taken away and drawn again. Until
// begin() and after end() it is stdout as it is.
//
//   Ownership  The terminal's settings, from begin() to end() or the destructor.
//   Threads    Any: the log is written by whoever logs.
//   Bounds     Output that has no end of line yet is drawn again with the line below it, up to kUnfinishedMax bytes of it.
//   Suspends   Never. A terminal that takes nothing holds its writer up for 0.1 s, once; what comes then is dropped until it takes some.
//   Errors     print() is false when the terminal has not taken it.
#pragma once

#include <termios.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log_output.hpp"

namespace pulpo::cli {

/// What is drawn below the output.
struct EditedLine {
  std::string prompt = {};
  std::string text = {};
  std::size_t cursor = 0;  ///< In bytes of the text.
};

class Screen {
 public:
  Screen() = default;
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { end(); }

  /// Whether stdin and stdout are a terminal that can be drawn on.
  [[nodiscard]] static bool is_terminal();

  /// Keys come one by one from now on, unseen, and lines can be drawn.
  void begin();
  /// The terminal as it was; also before the program waits for nothing but its end.
  void end();

  /// Above the line that is edited. It may end in the middle of a line, and go on with the next piece.
  bool print(std::string_view text);
  void draw(EditedLine line);
  /// The line as it is becomes output, and nothing is edited until the next draw().
  void finish_line();
  void clear();
  /// Another view has the terminal until release(): what is printed meanwhile waits, the latest kHeldMax bytes of it.
  void hold();
  void release();
  [[nodiscard]] std::size_t columns() const;

 private:
  static constexpr std::size_t kUnfinishedMax = 4'096;
  static constexpr std::size_t kHeldMax = 256u << 10;  // a thousand lines, and more

  [[nodiscard]] std::string erased() const;
  [[nodiscard]] std::string drawn();
  bool print_now(std::string_view text);
  bool write(std::string_view text);

  mutable std::mutex mutex_;
  log::LogOutput output_;
  bool is_begun_ = false;
  termios before_{};
  bool is_held_ = false;
  std::string held_;
  bool is_edited_ = false;
  EditedLine line_;
  std::string unfinished_;      ///< Output since its last end of line.
  std::size_t cursor_row_ = 0;  ///< Below the first row of what erased() takes away.
};

}  // namespace pulpo::cli
