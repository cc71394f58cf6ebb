// SPDX-License-Identifier: Apache-2.0
//
// The reader of both languages: tokens to terms, with a stack of its own. What the languages allow at each place
// is the same but for Elixir's keys and its comma before a closing bracket.
#include <string>
#include <vector>

#include "pulpo/term.hpp"
#include "term/elixir_lexer.hpp"
#include "term/erlang_lexer.hpp"

namespace pulpo {

std::string SyntaxError::text() const { return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + message; }

namespace {

using detail::describe;
using detail::error_at;
using detail::Language;
using detail::Position;
using detail::Read;
using detail::Token;
using Kind = Token::Kind;

/// A bracket that is still open.
struct Frame {
  enum class Next : std::uint8_t {
    item_or_close,  ///< Behind the opening bracket, and in Elixir behind a comma.
    item,           ///< Behind a comma.
    separator,      ///< Behind an item.
    arrow,          ///< Behind a key of a map.
    value,          ///< Behind `=>`.
    key_value,      ///< Behind Elixir's `key: `.
    key_separator,  ///< Behind the value of such a key.
    key,            ///< Behind the comma after it: only keys follow.
    tail,           ///< Behind `|`.
    close           ///< Behind the tail.
  };
  Kind open;
  Position at;
  Next next = Next::item_or_close;
  std::vector<Term> items = {};     ///< Elements; of a map key, value, key, value.
  std::vector<Term> keywords = {};  ///< {key, value} of the keys at the end of a list or tuple.
  Term key = {};
  Term tail = Term::empty_list();
};

const char* closing_of(Kind open) noexcept { return open == Kind::open_list ? "`]`" : "`}`"; }

class Reader {
 public:
  explicit Reader(detail::Lexer& lexer) : lexer_(lexer) {}

  /// The term that begins with `token`.
  Read<Term> term(Token token) {
    for (;;) {
      std::optional<Term> done;
      if (is_opening(token.kind) && expects_item()) {
        if (frames_.size() == Term::kDepthMax) {
          return error_at(token.at, "nested deeper than " + std::to_string(Term::kDepthMax) + " levels, the most that are read");
        }
        frames_.push_back({.open = token.kind, .at = token.at});
        if (!token.value.is_atom(atoms::nil)) frames_.back().items = {"__struct__"_atom, token.value};
      } else if (token.kind == Kind::value && expects_item()) {
        done = std::move(token.value);
      } else if (frames_.empty()) {
        return unexpected(token);
      } else {
        PULPO_TRY(const bool closed, separator(token));
        if (closed) {
          done = finished(frames_.back());
          frames_.pop_back();
        }
      }
      if (done) {
        if (frames_.empty()) return std::move(*done);
        deliver(frames_.back(), std::move(*done));
      }
      PULPO_TRY(token, lexer_.next());
    }
  }

 private:
  static bool is_opening(Kind kind) noexcept { return kind == Kind::open_tuple || kind == Kind::open_list || kind == Kind::open_map; }

  [[nodiscard]] bool expects_item() const noexcept {
    if (frames_.empty()) return true;
    switch (frames_.back().next) {
      case Frame::Next::item_or_close:
      case Frame::Next::item:
      case Frame::Next::value:
      case Frame::Next::key_value:
      case Frame::Next::tail:
        return true;
      default:
        return false;
    }
  }

  /// A token that is no item; true when it closes the innermost bracket.
  Read<bool> separator(const Token& token) {
    Frame& frame = frames_.back();
    const bool is_map = frame.open == Kind::open_map;
    const bool closes = token.kind == (frame.open == Kind::open_list ? Kind::close_bracket : Kind::close_brace);
    const bool is_elixir = lexer_.language() == Language::elixir;
    switch (frame.next) {
      case Frame::Next::item_or_close:
      case Frame::Next::item:
      case Frame::Next::key:
        if (token.kind == Kind::key) {
          frame.key = token.value;
          frame.next = Frame::Next::key_value;
          return false;
        }
        if (closes && frame.next != Frame::Next::item) return true;
        break;
      case Frame::Next::separator:
      case Frame::Next::key_separator:
        if (closes) return true;
        if (token.kind == Kind::comma) {
          if (frame.next == Frame::Next::key_separator) {
            frame.next = Frame::Next::key;
          } else {
            frame.next = is_elixir ? Frame::Next::item_or_close : Frame::Next::item;
          }
          return false;
        }
        if (token.kind == Kind::bar && frame.open == Kind::open_list && frame.next == Frame::Next::separator) {
          frame.next = Frame::Next::tail;
          return false;
        }
        break;
      case Frame::Next::arrow:
        if (is_map && token.kind == Kind::arrow) {
          frame.next = Frame::Next::value;
          return false;
        }
        break;
      case Frame::Next::close:
        if (closes) return true;
        break;
      case Frame::Next::value:
      case Frame::Next::key_value:
      case Frame::Next::tail:
        break;
    }
    return unexpected(token);
  }

  static void deliver(Frame& frame, Term item) {
    switch (frame.next) {
      case Frame::Next::value:
        frame.items.push_back(std::move(item));
        frame.next = Frame::Next::separator;
        return;
      case Frame::Next::key_value:
        if (frame.open == Kind::open_map) {
          frame.items.push_back(std::move(frame.key));
          frame.items.push_back(std::move(item));
        } else {
          frame.keywords.push_back(Term::tuple({frame.key, item}));
        }
        frame.next = Frame::Next::key_separator;
        return;
      case Frame::Next::tail:
        frame.tail = std::move(item);
        frame.next = Frame::Next::close;
        return;
      default:
        frame.items.push_back(std::move(item));
        frame.next = frame.open == Kind::open_map ? Frame::Next::arrow : Frame::Next::separator;
        return;
    }
  }

  static Term finished(Frame& frame) {
    switch (frame.open) {
      case Kind::open_tuple:  // {:a, b: 1} is {:a, [b: 1]}
        if (!frame.keywords.empty()) frame.items.push_back(Term::list(frame.keywords));
        return Term::tuple(frame.items);
      case Kind::open_list:
        frame.items.insert(frame.items.end(), frame.keywords.begin(), frame.keywords.end());
        return Term::list(frame.items, frame.tail);
      default: {
        std::vector<std::pair<Term, Term>> pairs;
        pairs.reserve(frame.items.size() / 2);
        for (std::size_t i = 0; i + 1 < frame.items.size(); i += 2) {
          pairs.emplace_back(std::move(frame.items[i]), std::move(frame.items[i + 1]));
        }
        return Term::map(std::move(pairs));
      }
    }
  }

  [[nodiscard]] SyntaxError unexpected(const Token& token) const {
    std::string expected = "a term";
    if (!frames_.empty()) {
      const Frame& frame = frames_.back();
      const std::string close = closing_of(frame.open);
      switch (frame.next) {
        case Frame::Next::item_or_close:
          expected = "a term or " + close;
          break;
        case Frame::Next::item:
        case Frame::Next::value:
        case Frame::Next::key_value:
        case Frame::Next::tail:
          break;
        case Frame::Next::separator:
          expected = (frame.open == Kind::open_list ? "`,`, `|` or " : "`,` or ") + close;
          break;
        case Frame::Next::key_separator:
          expected = "`,` or " + close;
          break;
        case Frame::Next::arrow:
          expected = "`=>` and the key's value";
          break;
        case Frame::Next::key:
          expected = "another `key: `, since nothing else may follow one, or " + close;
          break;
        case Frame::Next::close:
          expected = close;
          break;
      }
      if (token.kind == Kind::end || token.kind == Kind::dot) {
        expected +=
            ", for the bracket of line " + std::to_string(frame.at.line) + ", column " + std::to_string(frame.at.column) + " is open";
      }
    }
    return error_at(token.at, "found " + describe(token) + ", expected " + expected);
  }

  detail::Lexer& lexer_;
  std::vector<Frame> frames_;
};

}  // namespace

Result<Term, SyntaxError> read_elixir(std::string_view text) {
  detail::ElixirLexer lexer(text);
  PULPO_TRY(Token first, lexer.next());
  PULPO_TRY(Term term, Reader(lexer).term(std::move(first)));
  PULPO_TRY(const Token after, lexer.next());
  if (after.kind != Kind::end) return error_at(after.at, "found " + describe(after) + ", expected the text to end after one term");
  return term;
}

Result<Term, SyntaxError> read_erlang(std::string_view text) {
  detail::ErlangLexer lexer(text);
  PULPO_TRY(Token first, lexer.next());
  PULPO_TRY(Term term, Reader(lexer).term(std::move(first)));
  PULPO_TRY(Token after, lexer.next());
  if (after.kind == Kind::dot) {
    PULPO_TRY(after, lexer.next());
  }
  if (after.kind != Kind::end) return error_at(after.at, "found " + describe(after) + ", expected the text to end after one term");
  return term;
}

Result<std::vector<Term>, SyntaxError> read_erlang_file(std::string_view text) {
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);  // a byte order mark, as some editors leave
  detail::ErlangLexer lexer(text);
  std::vector<Term> terms;
  for (;;) {
    PULPO_TRY(Token first, lexer.next());
    if (first.kind == Kind::end) return terms;
    const Position begin = first.at;
    PULPO_TRY(Term term, Reader(lexer).term(std::move(first)));
    PULPO_TRY(const Token after, lexer.next());
    if (after.kind != Kind::dot) {
      return error_at(after.at, "found " + describe(after) + ", expected `.` to end the term that begins at line " +
                                    std::to_string(begin.line) + ", column " + std::to_string(begin.column));
    }
    terms.push_back(std::move(term));
  }
}

}  // namespace pulpo
