// SPDX-License-Identifier: Apache-2.0
#include "screen.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "io/standard_stream.hpp"
#include "text_width.hpp"

namespace pulpo::cli {
namespace {

constexpr std::size_t kColumnsElse = 80;
constexpr std::size_t kPieceBytes = 4'096;
constexpr std::chrono::seconds kPatience(1);
constexpr int kLookMilliseconds = 100;
/// Pasted text is marked as such (xterm's mode 2004): a tab in it completes nothing.
constexpr std::string_view kBegin = "\x1b[?2004h";
constexpr std::string_view kEnd = "\x1b[?2004l";

struct Place {
  std::size_t row = 0;
  std::size_t column = 0;
};

/// Where a terminal of so many columns is behind `text`, which began at `place`.
Place behind(Place place, std::string_view text, std::size_t columns) {
  while (!text.empty()) {
    if (text.starts_with('\n')) {
      place = {place.row + 1, 0};
      text.remove_prefix(1);
      continue;
    }
    if (text.starts_with('\r')) {
      place.column = 0;
      text.remove_prefix(1);
      continue;
    }
    // An escape sequence is one piece for text_width(), a character for all else.
    std::size_t size = character_size(text);
    if (text.starts_with("\x1b[")) {
      size = 2;
      while (size < text.size() && (text[size] < '@' || text[size] > '~')) ++size;
      size = std::min(size + 1, text.size());
    }
    const std::size_t width = text_width(text.substr(0, size));
    if (place.column + width > columns) place = {place.row + 1, 0};
    place.column += width;
    text.remove_prefix(size);
  }
  return place;
}

/// Control characters as ^X: typed text moves no cursor.
std::string shown_text(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      shown += c;
    } else {
      shown += '^';
      shown += static_cast<char>(byte ^ 0x40);
    }
  }
  return shown;
}

}  // namespace

bool Screen::is_terminal() {
  const char* const term = std::getenv("TERM");
  const bool is_dumb = term != nullptr && std::string_view(term) == "dumb";
  // A program in the background must not take the terminal from the shell that has it.
  const bool is_in_front = ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  return !is_dumb && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0 && is_in_front;
}

std::size_t Screen::columns() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsElse;
  return size.ws_col;
}

Screen::Screen() : writer_([this] { run_writer(); }) {}

Screen::~Screen() {
  end();
  {
    std::unique_lock lock(mutex_);
    drain(lock);
    is_closing_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

void Screen::write(std::string_view text) {
  if (text.empty()) return;
  waiting_ += text;
  changed_.notify_all();
}

/// What a slow terminal has not taken by then is dropped: the program is ending, or another view wants the screen.
void Screen::drain(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, kPatience, [this] { return waiting_.empty(); });
  waiting_.clear();
  ++drops_;
}

void Screen::await_room() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return waiting_.size() < kWaitingMax / 2; });
}

void Screen::run_writer() {
  io::StandardOutput out(STDOUT_FILENO);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_closing_ || !waiting_.empty(); });
    if (is_closing_) return;
    const std::string piece = waiting_.substr(0, kPieceBytes);
    const unsigned drops = drops_;
    lock.unlock();
    std::int32_t written = out.write(piece);
    if (written == 0) {
      pollfd about{out.descriptor(), POLLOUT, 0};
      (void)::poll(&about, 1, kLookMilliseconds);  // the program may be ending meanwhile
    }
    lock.lock();
    // A terminal that has gone takes everything.
    if (written < 0) written = static_cast<std::int32_t>(piece.size());
    if (drops == drops_) waiting_.erase(0, static_cast<std::size_t>(written));
    if (written > 0) changed_.notify_all();
  }
}

void Screen::begin() {
  const std::lock_guard lock(mutex_);
  if (is_begun_ || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
  termios raw = before_;
  // Signals are keys, Ctrl-S stops nothing, and what is typed is drawn by us. Ends of lines stay the terminal's.
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL | INLCR | ISTRIP);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  is_begun_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
  if (is_begun_) write(kBegin);
}

void Screen::end() {
  std::unique_lock lock(mutex_);
  if (!std::exchange(is_begun_, false)) return;
  is_held_ = false;
  if (std::exchange(is_edited_, false)) write("\n");
  drain(lock);
  write(kEnd);
  drain(lock);
  // Not TCSADRAIN, which waits for ever for a line that flow control holds.
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

/// To the beginning of what is drawn, and away with it.
std::string Screen::erased() const {
  if (!is_edited_) return {};
  return cursor_row_ > 0 ? fmt::format("\r\x1b[{}A\x1b[J", cursor_row_) : "\r\x1b[J";
}

/// The unfinished line of the output, and below it, or behind it where there is no prompt, what is edited.
std::string Screen::drawn() {
  const std::size_t width = columns();
  std::string above = unfinished_;
  if (!above.empty() && !line_.prompt.empty()) above += '\n';
  const std::string text = shown_text(line_.text);
  const Place begin = behind(behind({}, above, width), line_.prompt, width);
  Place cursor = behind(begin, shown_text(std::string_view(line_.text).substr(0, line_.cursor)), width);
  Place end = behind(begin, text, width);
  std::string all = above + line_.prompt + text;
  // A terminal stays in the last column until something follows.
  if (end.column == width) {
    all += "\n";
    end = {end.row + 1, 0};
  }
  if (cursor.column == width) cursor = {cursor.row + 1, 0};
  if (end.row > cursor.row) all += fmt::format("\x1b[{}A", end.row - cursor.row);
  all += "\r";
  if (cursor.column > 0) all += fmt::format("\x1b[{}C", cursor.column);
  cursor_row_ = cursor.row;
  return all;
}

bool Screen::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (!is_held_) {
    if (!waiting_.empty() && waiting_.size() + text.size() > kWaitingMax) return false;
    print_now(text);
    return true;
  }
  held_ += text;
  if (held_.size() > kHeldMax) {
    // From the beginning of a line.
    const std::size_t line = held_.find('\n', held_.size() - kHeldMax);
    held_.erase(0, line == std::string::npos ? held_.size() - kHeldMax : line + 1);
  }
  return true;
}

void Screen::hold() {
  std::unique_lock lock(mutex_);
  is_held_ = true;
  drain(lock);
}

void Screen::release() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(is_held_, false)) return;
  const std::string text = std::exchange(held_, {});
  if (!text.empty()) print_now(text);
}

void Screen::print_now(std::string_view text) {
  if (!is_begun_) return write(text);
  std::string all = erased();
  const std::size_t line = text.rfind('\n');
  if (is_edited_) all += unfinished_;
  all += text;
  if (line == std::string_view::npos) {
    unfinished_ += text;
  } else {
    unfinished_ = text.substr(line + 1);
  }
  if (unfinished_.size() > kUnfinishedMax) {
    all += '\n';
    unfinished_.clear();
  }
  if (is_edited_) {
    all += "\r\x1b[K";  // drawn() begins with the unfinished line
    if (const std::size_t rows = behind({}, unfinished_, columns()).row; rows > 0) all += fmt::format("\x1b[{}A\x1b[J", rows);
    all += drawn();
  }
  write(all);
}

void Screen::leave_line() {
  const std::lock_guard lock(mutex_);
  is_left_ = true;
  if (!is_begun_ || !is_edited_) return;
  write(erased() + unfinished_);
  is_edited_ = false;
}

void Screen::draw(EditedLine line) {
  const std::lock_guard lock(mutex_);
  if (is_held_ || is_left_) return;
  if (!is_begun_) {
    // No terminal: the prompt alone, when it is new.
    if (line.prompt != line_.prompt || !is_edited_) write(line.prompt);
    is_edited_ = true;
    line_ = std::move(line);
    return;
  }
  std::string all = erased();
  if (!is_edited_ && !unfinished_.empty()) {
    all += "\r\x1b[K";
    if (const std::size_t rows = behind({}, unfinished_, columns()).row; rows > 0) all += fmt::format("\x1b[{}A\x1b[J", rows);
  }
  line_ = std::move(line);
  is_edited_ = true;
  all += drawn();
  write(all);
}

void Screen::finish_line() {
  const std::lock_guard lock(mutex_);
  if (!is_begun_) {
    is_edited_ = false;
    return;
  }
  if (!is_edited_) return;
  line_.cursor = line_.text.size();
  std::string all = erased();
  all += drawn();
  all += "\r\n";
  unfinished_.clear();
  is_edited_ = false;
  write(all);
}

void Screen::clear() {
  const std::lock_guard lock(mutex_);
  if (!is_begun_) return;
  std::string all = "\x1b[H\x1b[2J";
  if (is_edited_) all += drawn();
  write(all);
}

}  // namespace pulpo::cli
