// SPDX-License-Identifier: Apache-2.0
//
// LineEditor: one line that somebody types, and the keys of Emacs and readline that change it. It knows bytes, not terminals: what comes
// in are the bytes of keys, what comes out is a line and where its cursor is.
//
//   Ownership  Owns the line and the history, which a console keeps in a file.
//   Threads    One at a time.
//   Bounds     A line of kLineBytesMax; more keys do nothing. kHistoryMax lines are remembered.
//   Errors     Keys that mean nothing do nothing; bytes that are no UTF-8 are kept as they are.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace pulpo::cli {

class LineEditor {
 public:
  static constexpr std::size_t kLineBytesMax = 64u << 10;  ///< What a terminal's own editing takes, sixteen times.
  static constexpr std::size_t kHistoryMax = 1'000;

  enum class Event : unsigned char {
    none,       ///< All bytes are taken.
    line,       ///< Enter: take_line().
    interrupt,  ///< Ctrl-C.
    end,        ///< Ctrl-D in an empty line.
    complete,   ///< Tab.
    clear       ///< Ctrl-L.
  };
  /// Takes bytes off the front of `keys` until something is to be done, or all are taken.
  Event feed(std::string_view& keys);

  [[nodiscard]] const std::string& line() const noexcept { return line_; }
  [[nodiscard]] std::size_t cursor() const noexcept { return cursor_; }
  /// What stands before the line while somebody searches the history; empty otherwise.
  [[nodiscard]] std::string search_prompt() const;
  /// The line, which becomes empty.
  [[nodiscard]] std::string take_line();
  void insert(std::string_view text);
  /// Replaces so many bytes before the cursor.
  void replace(std::size_t bytes, std::string_view text);

  /// The latest line last; one that is like the last is not added.
  void remember(std::string line);
  [[nodiscard]] const std::deque<std::string>& history() const noexcept { return history_; }

 private:
  enum class State : unsigned char { text, escape, sequence, paste };

  Event key(char byte);
  Event pasted(char byte);
  void escape_key(char byte);
  void sequence_key(char last);
  void move_left();
  void move_right();
  void move_word_left();
  void move_word_right();
  void erase(std::size_t from, std::size_t to, bool keeps);
  void show_history(std::size_t index);
  void move_history(int direction);
  bool search_key(char byte);
  void search(std::size_t from);
  void set_line(std::string line);

  std::string line_;
  std::size_t cursor_ = 0;
  State state_ = State::text;
  std::string sequence_;    ///< Parameters of an escape sequence.
  std::string pasted_end_;  ///< Of a paste's end what has come.
  std::string killed_;      ///< What Ctrl-Y brings back.
  std::deque<std::string> history_;
  std::size_t at_ = 0;  ///< The shown line of the history; its size: the one being typed.
  std::string typed_;   ///< That line, while another is shown.
  bool searching_ = false;
  std::string wanted_;  ///< What is searched for.
};

}  // namespace pulpo::cli
