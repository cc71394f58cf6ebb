// SPDX-License-Identifier: Apache-2.0
#include "line_editor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "text_width.hpp"

namespace pulpo::cli {
namespace {

constexpr char control(char letter) { return static_cast<char>(letter & 0x1f); }
constexpr char kEscape = '\x1b';
constexpr char kDelete = '\x7f';
/// What a terminal sends before and behind pasted text (xterm's mode 2004).
constexpr std::string_view kPasteBegin = "200";
constexpr std::string_view kPasteEnd = "\x1b[201~";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

LineEditor::Event LineEditor::feed(std::string_view& keys) {
  while (!keys.empty()) {
    const char byte = keys.front();
    keys.remove_prefix(1);
    if (const Event event = key(byte); event != Event::none) return event;
  }
  return Event::none;
}

LineEditor::Event LineEditor::key(char byte) {
  // Whatever was begun: somebody wants to get out.
  if (byte == control('C')) {
    state_ = State::text;
    pasted_end_.clear();
    return Event::interrupt;
  }
  switch (state_) {
    case State::escape:
      escape_key(byte);
      return Event::none;
    case State::sequence:
      // Parameters, then one letter or ~ (ECMA-48).
      if (byte >= '@' && byte <= '~') {
        sequence_key(byte);
      } else if (sequence_.size() < 16) {
        sequence_ += byte;
      }
      return Event::none;
    case State::paste:
      return pasted(byte);
    case State::text:
      break;
  }
  if (searching_ && search_key(byte)) return Event::none;
  switch (byte) {
    case '\r':
    case '\n':
      return Event::line;
    case '\t':
      return Event::complete;
    case kEscape:
      state_ = State::escape;
      break;
    case control('D'):
      if (line_.empty()) return Event::end;
      erase(cursor_, cursor_ + character_size(std::string_view(line_).substr(cursor_)), false);
      break;
    case control('L'):
      return Event::clear;
    case control('A'):
      cursor_ = 0;
      break;
    case control('E'):
      cursor_ = line_.size();
      break;
    case control('B'):
      move_left();
      break;
    case control('F'):
      move_right();
      break;
    case control('H'):
    case kDelete: {
      const std::size_t end = cursor_;
      move_left();
      erase(cursor_, end, false);
      break;
    }
    case control('K'):
      erase(cursor_, line_.size(), true);
      break;
    case control('U'):
      erase(0, cursor_, true);
      break;
    case control('W'): {
      std::size_t from = cursor_;
      while (from > 0 && line_[from - 1] == ' ') --from;
      while (from > 0 && line_[from - 1] != ' ') --from;
      erase(from, cursor_, true);
      break;
    }
    case control('Y'):
      insert(killed_);
      break;
    case control('T'): {
      if (cursor_ == 0 || line_.size() < 2) break;
      if (cursor_ == line_.size()) move_left();
      const std::size_t middle = cursor_;
      const std::size_t end = middle + character_size(std::string_view(line_).substr(middle));
      move_left();
      std::rotate(line_.begin() + static_cast<std::ptrdiff_t>(cursor_), line_.begin() + static_cast<std::ptrdiff_t>(middle),
                  line_.begin() + static_cast<std::ptrdiff_t>(end));
      cursor_ = end;
      break;
    }
    case control('P'):
      move_history(-1);
      break;
    case control('N'):
      move_history(1);
      break;
    case control('R'):
      searching_ = true;
      wanted_.clear();
      typed_ = line_;
      break;
    default:
      if (static_cast<unsigned char>(byte) >= 0x20) insert(std::string_view(&byte, 1));
      break;
  }
  return Event::none;
}

/// Of a paste the ends of lines alone are keys.
LineEditor::Event LineEditor::pasted(char byte) {
  if (kPasteEnd.starts_with(pasted_end_ + byte)) {
    pasted_end_ += byte;
    if (pasted_end_ != kPasteEnd) return Event::none;
    pasted_end_.clear();
    state_ = State::text;
    return Event::none;
  }
  // What looked like the end is text, and this byte may begin the end.
  if (!pasted_end_.empty()) {
    insert(std::exchange(pasted_end_, {}));
    return pasted(byte);
  }
  if (byte == '\r' || byte == '\n') return Event::line;
  insert(byte == '\t' ? std::string_view("  ") : std::string_view(&byte, 1));
  return Event::none;
}

/// Alt and a letter, or the beginning of a sequence.
void LineEditor::escape_key(char byte) {
  state_ = State::text;
  searching_ = false;
  switch (byte) {
    case '[':
    case 'O':
      sequence_.clear();
      state_ = State::sequence;
      break;
    case 'b':
      move_word_left();
      break;
    case 'f':
      move_word_right();
      break;
    case 'd': {
      const std::size_t from = cursor_;
      move_word_right();
      erase(from, cursor_, true);
      break;
    }
    case kDelete:
    case control('H'): {
      const std::size_t end = cursor_;
      move_word_left();
      erase(cursor_, end, true);
      break;
    }
    case kEscape:
      state_ = State::escape;
      break;
    default:
      break;
  }
}

void LineEditor::sequence_key(char last) {
  state_ = State::text;
  const bool with_control = sequence_.ends_with(";5") || sequence_.ends_with(";3");
  switch (last) {
    case 'A':
      return move_history(-1);
    case 'B':
      return move_history(1);
    case 'C':
      return with_control ? move_word_right() : move_right();
    case 'D':
      return with_control ? move_word_left() : move_left();
    case 'H':
      cursor_ = 0;
      return;
    case 'F':
      cursor_ = line_.size();
      return;
    case '~':
      break;
    default:
      return;
  }
  if (sequence_ == "3") {
    erase(cursor_, cursor_ + character_size(std::string_view(line_).substr(cursor_)), false);
  } else if (sequence_ == "1" || sequence_ == "7") {
    cursor_ = 0;
  } else if (sequence_ == "4" || sequence_ == "8") {
    cursor_ = line_.size();
  } else if (sequence_ == kPasteBegin) {
    pasted_end_.clear();
    state_ = State::paste;
  }
}

void LineEditor::move_left() {
  if (cursor_ == 0) return;
  // A character may have marks behind it that belong to it.
  std::size_t from = cursor_ - 1;
  while (from > 0 && (is_continuation(line_[from]) || from + character_size(std::string_view(line_).substr(from)) < cursor_ ||
                      text_width(std::string_view(line_).substr(from, cursor_ - from)) == 0))
    --from;
  cursor_ = from;
}
void LineEditor::move_right() { cursor_ += character_size(std::string_view(line_).substr(cursor_)); }

void LineEditor::move_word_left() {
  while (cursor_ > 0 && !is_word(line_[cursor_ - 1])) --cursor_;
  while (cursor_ > 0 && is_word(line_[cursor_ - 1])) --cursor_;
}
void LineEditor::move_word_right() {
  while (cursor_ < line_.size() && !is_word(line_[cursor_])) ++cursor_;
  while (cursor_ < line_.size() && is_word(line_[cursor_])) ++cursor_;
}

void LineEditor::erase(std::size_t from, std::size_t to, bool keeps) {
  to = std::min(to, line_.size());
  if (from >= to) return;
  if (keeps) killed_ = line_.substr(from, to - from);
  line_.erase(from, to - from);
  cursor_ = from;
}

void LineEditor::insert(std::string_view text) {
  if (line_.size() + text.size() > kLineBytesMax) return;
  line_.insert(cursor_, text);
  cursor_ += text.size();
}

void LineEditor::replace(std::size_t bytes, std::string_view text) {
  erase(cursor_ - std::min(bytes, cursor_), cursor_, false);
  insert(text);
}

void LineEditor::set_line(std::string line) {
  line_ = std::move(line);
  cursor_ = line_.size();
}

std::string LineEditor::take_line() {
  searching_ = false;
  at_ = history_.size();
  cursor_ = 0;
  return std::exchange(line_, {});
}

// --- History ----------------------------------------------------------------------------------------------------------------

void LineEditor::remember(std::string line) {
  const bool is_blank = line.find_first_not_of(" \t") == std::string::npos;
  if (!is_blank && (history_.empty() || history_.back() != line)) history_.push_back(std::move(line));
  if (history_.size() > kHistoryMax) history_.pop_front();
  at_ = history_.size();
}

void LineEditor::show_history(std::size_t index) {
  if (at_ == history_.size()) typed_ = line_;
  at_ = index;
  set_line(index == history_.size() ? typed_ : history_[index]);
}

void LineEditor::move_history(int direction) {
  if (direction < 0 && at_ > 0) show_history(at_ - 1);
  if (direction > 0 && at_ < history_.size()) show_history(at_ + 1);
}

std::string LineEditor::search_prompt() const { return searching_ ? fmt::format("(reverse-i-search)'{}': ", wanted_) : std::string(); }

/// True when the key belonged to the search; any other ends it, and the line that was found stays.
bool LineEditor::search_key(char byte) {
  if (byte == control('R')) {
    search(at_);
    return true;
  }
  if (byte == control('G')) {
    searching_ = false;
    at_ = history_.size();
    set_line(typed_);
    return true;
  }
  if (byte == kDelete || byte == control('H')) {
    while (!wanted_.empty() && is_continuation(wanted_.back())) wanted_.pop_back();
    if (!wanted_.empty()) wanted_.pop_back();
    search(history_.size());
    return true;
  }
  if (static_cast<unsigned char>(byte) >= 0x20) {
    wanted_ += byte;
    search(std::min(at_ + 1, history_.size()));
    return true;
  }
  searching_ = false;
  return false;
}

/// The latest line before `from` in which the wanted text is found.
void LineEditor::search(std::size_t from) {
  for (std::size_t index = from; index > 0; --index) {
    const std::size_t found = history_[index - 1].find(wanted_);
    if (found == std::string::npos) continue;
    at_ = index - 1;
    set_line(history_[at_]);
    cursor_ = found;
    return;
  }
}

}  // namespace pulpo::cli
