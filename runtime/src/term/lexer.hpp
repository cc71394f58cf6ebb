// SPDX-License-Identifier: Apache-2.0
//
// Lexers: text to tokens. What holds no other term (numbers, atoms, strings, binaries, pids) is a value token at
// once; brackets and separators are left to the reader, which alone knows depth.
//
//   Ownership  Tokens borrow the text.
//   Bounds     Integers of kDigitsMax digits, atoms of 255 characters.
//   Errors     A SyntaxError at the first character that cannot be, saying what was found and what was expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"
#include "term/integers.hpp"

namespace pulpo::detail {

struct Position {
  std::size_t offset = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;  ///< In characters.
};

struct Token {
  enum class Kind : std::uint8_t {
    value,
    key,  ///< Elixir's `name: `, in lists, tuples and maps; the term is the atom.
    open_tuple,
    open_list,
    open_map,  ///< Of a struct, `%Name{`, the term is its name; else nil.
    close_brace,
    close_bracket,
    comma,
    bar,
    arrow,  ///< `=>`
    dot,    ///< Erlang's end of a term.
    end
  };
  Kind kind = Kind::end;
  Position at = {};
  Term value = {};
  std::string_view text = {};  ///< As written.
};

template <class T>
using Read = Result<T, SyntaxError>;

/// How messages quote what stands in the text: "`}`", "the end of the text".
[[nodiscard]] std::string describe(const Token& token);
[[nodiscard]] SyntaxError error_at(const Position& at, std::string message);

/// The part that both languages share: the place in the text, numbers, quoted text.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  virtual ~Lexer() = default;
  Lexer(const Lexer&) = delete;
  Lexer& operator=(const Lexer&) = delete;

  [[nodiscard]] virtual Read<Token> next() = 0;
  [[nodiscard]] virtual Language language() const noexcept = 0;

 protected:
  /// The character `ahead` of the place, 0 beyond the end.
  [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
    return at_.offset + ahead < text_.size() ? text_[at_.offset + ahead] : '\0';
  }
  [[nodiscard]] bool at_end() const noexcept { return at_.offset >= text_.size(); }
  [[nodiscard]] bool starts(std::string_view what) const noexcept { return rest().substr(0, what.size()) == what; }
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(at_.offset); }
  [[nodiscard]] std::string_view whole() const noexcept { return text_; }
  [[nodiscard]] const Position& at() const noexcept { return at_; }
  void skip(std::size_t bytes) noexcept;
  void skip_spaces() noexcept;
  /// Skips blanks and comments.
  void skip_blanks() noexcept;
  void skip_line() noexcept;
  /// Whether a comment begins at the place.
  [[nodiscard]] virtual bool at_comment() const noexcept = 0;

  [[nodiscard]] Token token(Token::Kind kind, const Position& from, Term value = {}) const {
    return {kind, from, std::move(value), text_.substr(from.offset, at_.offset - from.offset)};
  }
  /// `found X, expected …` at the place.
  [[nodiscard]] SyntaxError unexpected(std::string_view expected) const;
  /// The character at the place as messages quote it.
  [[nodiscard]] std::string found() const;

  [[nodiscard]] Read<Atom> atom(const Position& from, std::string_view text) const;

  /// A run of digits to `base` with single underscores inside. Fails when there is none.
  [[nodiscard]] Read<std::string> digits(unsigned base);
  [[nodiscard]] Read<Term> integer(const Position& from, const std::string& digits, unsigned base, bool negative) const;
  /// What follows the digits of a number: its fraction and exponent if it is a float, else the integer.
  [[nodiscard]] Read<Term> decimal(const Position& from, std::string digits, bool negative);
  /// No letter may touch a number.
  [[nodiscard]] std::optional<SyntaxError> number_end() const;

  /// A `<0.12.1>` after its `#PID` or the like: `count` numbers of 32 bits.
  [[nodiscard]] Read<bool> dotted(std::uint32_t* numbers, std::size_t count);
  [[nodiscard]] Read<Term> reference(const Position& from);
  [[nodiscard]] Read<Term> pid();

  /// The text of a quoted piece, the place being at the opening quote; code points as UTF-8. With `bytes_are_raw`, \xHH is
  /// that byte (Elixir's strings), so that the result may be no UTF-8.
  [[nodiscard]] Read<std::string> quoted(bool bytes_are_raw);
  /// The code point after a backslash; the place is behind the backslash.
  [[nodiscard]] virtual Read<char32_t> escape(bool& is_byte) = 0;
  [[nodiscard]] Read<char32_t> hex_escape(const Position& from);

  /// `<<1, 2, "text">>`; binary_text() turns a quoted piece at the place into bytes.
  [[nodiscard]] Read<Term> binary();
  [[nodiscard]] virtual Read<std::string> binary_text() = 0;

 private:
  std::string_view text_;
  Position at_;
};

}  // namespace pulpo::detail
