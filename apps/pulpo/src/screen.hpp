// SPDX-License-Identifier: Apache-2.0
//
// Screen: the terminal of a console: output above, and below it the line that somebody types, which output never garbles.
//
// Whatever is printed meanwhile (the log, IO.puts of any process) goes above that line, which is taken away and drawn again. Until
// begin() and after end() it is stdout as it is.
//
//   Ownership  The terminal's settings, from begin() to end() or the destructor.
//   Threads    Any: the log is written by whoever logs. What is written leaves by a thread of its own, since a serial line takes 10 KB a
//              second, and a core must not wait for it. The destructor joins it.
//   Bounds     kWaitingMax bytes that the terminal has not taken yet. Output that has no end of line is drawn again with the line below
//              it, up to kUnfinishedMax bytes of it.
//   Suspends   Never, but for await_room(), hold(), end() and the destructor, which give a terminal that takes nothing a second.
//   Errors     print() is false when too much is waiting: nothing of the text was taken.
#pragma once

#include <termios.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace pulpo::cli {

/// What is drawn below the output.
struct EditedLine {
  std::string prompt = {};
  std::string text = {};
  std::size_t cursor = 0;  ///< In bytes of the text.
};

class Screen {
 public:
  Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Whether stdin and stdout are a terminal that can be drawn on.
  [[nodiscard]] static bool is_terminal();

  /// Keys come one by one from now on, unseen, and lines can be drawn.
  void begin();
  /// The terminal as it was; also before the program waits for nothing but its end.
  void end();

  /// Above the line that is edited. It may end in the middle of a line, and go on with the next piece.
  bool print(std::string_view text);
  /// Until print() may do, or a second has passed: blocks its thread.
  void await_room();
  void draw(EditedLine line);
  /// The line as it is becomes output, and nothing is edited until the next draw().
  void finish_line();
  void clear();
  /// No line is drawn any more: the program is ending.
  void leave_line();
  /// Another view has the terminal until release(): what is printed meanwhile waits, the latest kHeldMax bytes of it.
  void hold();
  void release();
  [[nodiscard]] std::size_t columns() const;

 private:
  static constexpr std::size_t kUnfinishedMax = 4'096;
  static constexpr std::size_t kHeldMax = 256u << 10;  // a thousand lines, and more
  static constexpr std::size_t kWaitingMax = 256u << 10;

  [[nodiscard]] std::string erased() const;
  [[nodiscard]] std::string drawn();
  void print_now(std::string_view text);
  void write(std::string_view text);
  void drain(std::unique_lock<std::mutex>& lock);
  void run_writer();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;  ///< What the terminal has not taken yet.
  unsigned drops_ = 0;   ///< How often what was waiting was dropped: a piece that is under way then is none of what follows.
  bool is_closing_ = false;
  bool is_begun_ = false;
  termios before_{};
  bool is_held_ = false;
  bool is_left_ = false;
  std::string held_;
  bool is_edited_ = false;
  EditedLine line_;
  std::string unfinished_;      ///< Output since its last end of line.
  std::size_t cursor_row_ = 0;  ///< Below the first row of what erased() takes away.
  std::thread writer_;          ///< The last member: it uses the others.
};

}  // namespace pulpo::cli
