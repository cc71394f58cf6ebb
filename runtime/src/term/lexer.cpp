// SPDX-License-Identifier: Apache-2.0
#include "term/lexer.hpp"

#include <charconv>
#include <cmath>

#include "term/names.hpp"
#include "term/utf8.hpp"

namespace pulpo::detail {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// Text for a message: in backquotes, shortened, without control characters.
std::string quote_for_message(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  std::string quoted = "`";
  std::size_t characters = 0;
  while (!text.empty()) {
    if (++characters > kLongest) {
      quoted += "…";
      break;
    }
    const char32_t c = utf8::take(text);
    if (c == utf8::kInvalid) {
      quoted += "\\x" + std::to_string(static_cast<unsigned char>(text.front()));
      break;
    }
    if (c == '\n') {
      quoted += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      quoted += ' ';
    } else {
      utf8::append(quoted, c);
    }
  }
  return quoted + '`';
}

}  // namespace

SyntaxError error_at(const Position& at, std::string message) {
  return {.line = at.line, .column = at.column, .message = std::move(message)};
}

std::string describe(const Token& token) { return token.kind == Token::Kind::end ? "the end of the text" : quote_for_message(token.text); }

void Lexer::skip(std::size_t bytes) noexcept {
  for (; bytes > 0 && !at_end(); --bytes) {
    const auto c = static_cast<unsigned char>(text_[at_.offset++]);
    if (c == '\n') {
      ++at_.line;
      at_.column = 1;
    } else if (at_end() || (static_cast<unsigned char>(text_[at_.offset]) & 0xc0) != 0x80) {
      ++at_.column;  // a character ends here
    }
  }
}

void Lexer::skip_spaces() noexcept {
  while (!at_end() && is_blank(peek())) skip(1);
}

void Lexer::skip_line() noexcept {
  while (!at_end() && peek() != '\n') skip(1);
}

void Lexer::skip_blanks() noexcept {
  for (;;) {
    skip_spaces();
    if (at_end() || !at_comment()) return;
    skip_line();
  }
}

std::string Lexer::found() const {
  if (at_end()) return "the end of the text";
  std::string_view left = rest();
  const std::string_view before = left;
  const auto byte = static_cast<unsigned char>(left.front());
  if (utf8::take(left) == utf8::kInvalid) return "the byte " + std::to_string(byte) + ", which is not UTF-8";
  return quote_for_message(before.substr(0, before.size() - left.size()));
}

SyntaxError Lexer::unexpected(std::string_view expected) const {
  return error_at(at_, "found " + found() + ", expected " + std::string(expected));
}

Read<Atom> Lexer::atom(const Position& from, std::string_view text) const {
  if (const auto made = Atom::make(text)) return *made;
  const auto characters = utf8::count(text);
  if (!characters) return error_at(from, "an atom's name must be UTF-8");
  if (*characters > Atom::kCharactersMax) {
    return error_at(from, "an atom of " + std::to_string(*characters) + " characters, where 255 are the most");
  }
  return error_at(from, "no room for a new atom: this node has 1048576 of them, the most it can have");
}

Read<std::string> Lexer::digits(unsigned base) {
  std::string digits;
  for (;;) {
    if (digit_value(peek()) < base) {
      digits += peek();
    } else if (digits.empty() || peek() != '_' || digit_value(peek(1)) >= base) {
      break;
    }
    skip(1);
  }
  if (digits.empty()) return unexpected("a digit to base " + std::to_string(base));
  return digits;
}

std::optional<SyntaxError> Lexer::number_end() const {
  std::string_view left = rest();
  const char32_t c = utf8::take(left);
  if (names::is_lower(c) || names::is_upper(c) || names::is_digit(c) || c == '_' || c == '@') {
    return unexpected("the number to end, or a separator");
  }
  return std::nullopt;
}

Read<Term> Lexer::integer(const Position& from, const std::string& digits, unsigned base, bool negative) const {
  const bool is_power_of_two = (base & (base - 1)) == 0;
  if (digits.size() > kDigitsMax && !is_power_of_two) {
    return error_at(from, "an integer of " + std::to_string(digits.size()) + " digits, where " + std::to_string(kDigitsMax) +
                              " are the most; write it to base 16");
  }
  return integer_of_digits(digits, base, negative);
}

Read<Term> Lexer::decimal(const Position& from, std::string digits, bool negative) {
  if (peek() != '.' || !names::is_digit(static_cast<unsigned char>(peek(1)))) {
    if ((peek() == 'e' || peek() == 'E') && digit_value(peek(1)) < 10)
      return error_at(at_, "a float needs a point: write " + digits + ".0e" + peek(1));
    if (auto error = number_end()) return *error;
    return integer(from, digits, 10, negative);
  }
  skip(1);
  PULPO_TRY(const std::string fraction, this->digits(10));
  digits += '.';
  digits += fraction;
  if (peek() == 'e' || peek() == 'E') {
    digits += 'e';
    skip(1);
    if (peek() == '-' || peek() == '+') {
      if (peek() == '-') digits += '-';
      skip(1);
    }
    PULPO_TRY(const std::string exponent, this->digits(10));
    digits += exponent;
  }
  if (auto error = number_end()) return *error;
  double value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc() || !std::isfinite(value)) {
    return error_at(from, "a number that no float can hold: they end at about 1.8e308, and at 4.9e-324 near zero");
  }
  return Term(negative ? -value : value);
}

Read<bool> Lexer::dotted(std::uint32_t* numbers, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (peek() != (i == 0 ? '<' : '.')) return unexpected(i == 0 ? "`<`" : "`.` and the next number");
    skip(1);
    const Position from = at_;
    PULPO_TRY(const std::string text, digits(10));
    const auto read = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (read.ec != std::errc()) return error_at(from, "found " + text + ", expected a number below 4294967296");
  }
  if (peek() != '>') return unexpected("`>`");
  skip(1);
  return true;
}

Read<Term> Lexer::pid() {
  std::uint32_t numbers[3] = {};
  PULPO_CHECK(dotted(numbers, 3));
  return Term(Pid{.node = numbers[0], .id = numbers[1], .serial = numbers[2]});
}

Read<Term> Lexer::reference(const Position& from) {
  std::uint32_t numbers[4] = {};
  PULPO_CHECK(dotted(numbers, 4));
  if (numbers[3] >= 1u << 18) {
    return error_at(from, "the last number of a reference is " + std::to_string(numbers[3]) + ", expected one below 262144");
  }
  return Term(Ref{.node = numbers[0], .first = numbers[3], .second = numbers[2], .third = numbers[1]});
}

Read<char32_t> Lexer::hex_escape(const Position& from) {
  std::uint32_t value = 0;
  if (peek() == '{') {
    skip(1);
    std::size_t count = 0;
    for (; digit_value(peek()) < 16; skip(1), ++count) value = count < 7 ? value * 16 + digit_value(peek()) : value;
    if (count == 0 || count > 6) return error_at(from, "expected 1 to 6 hexadecimal digits between `{` and `}`");
    if (peek() != '}') return unexpected("`}` to end the escape");
    skip(1);
    return static_cast<char32_t>(value);
  }
  for (int i = 0; i < 2; ++i) {
    if (digit_value(peek()) >= 16) return unexpected("two hexadecimal digits, or `{` and `}` around them");
    value = value * 16 + digit_value(peek());
    skip(1);
  }
  return static_cast<char32_t>(value);
}

Read<std::string> Lexer::quoted(bool bytes_are_raw) {
  const Position from = at_;
  const char quote = peek();
  skip(1);
  std::string text;
  for (;;) {
    if (at_end()) {
      return error_at(at_, std::string("found the end of the text, expected ") + quote + " to end what begins at line " +
                               std::to_string(from.line) + ", column " + std::to_string(from.column));
    }
    if (peek() == quote) break;
    if (peek() == '#' && peek(1) == '{' && language() == Language::elixir) {
      return error_at(at_, "found `#{`: interpolation is not read here; write `\\#{` for the characters");
    }
    if (peek() == '\\') {
      const Position escape_at = at_;
      skip(1);
      if (at_end()) continue;
      if (peek() == '\n') {  // a line goes on
        skip(1);
        if (language() == Language::elixir) continue;
        text += '\n';
        continue;
      }
      bool is_byte = false;
      PULPO_TRY(const char32_t c, escape(is_byte));
      if (is_byte && bytes_are_raw) {
        text += static_cast<char>(static_cast<unsigned char>(c));
      } else if (utf8::is_scalar(c)) {
        utf8::append(text, c);
      } else {
        return error_at(escape_at, "no character has this number: they end at 10FFFF, and D800 to DFFF are none");
      }
      continue;
    }
    std::string_view left = rest();
    const char32_t c = utf8::take(left);
    if (c == utf8::kInvalid) return error_at(at_, "found " + found() + ", expected text in UTF-8");
    skip(rest().size() - left.size());
    utf8::append(text, c);
  }
  skip(1);
  return text;
}

Read<Term> Lexer::binary() {
  const Position from = at_;
  skip(2);
  std::string bytes;
  skip_blanks();
  if (starts(">>")) {
    skip(2);
    return Term::binary(bytes);
  }
  for (;;) {
    skip_blanks();
    if (peek() == '"') {
      PULPO_TRY(const std::string text, binary_text());
      bytes += text;
    } else if (names::is_digit(static_cast<unsigned char>(peek()))) {
      const Position number_at = at_;
      PULPO_TRY(const std::string number, digits(10));
      PULPO_TRY(const Term value, integer(number_at, number, 10, false));
      if (!value.is_integer() || value.integer() > 255) return error_at(number_at, "found " + number + ", expected a byte from 0 to 255");
      bytes += static_cast<char>(static_cast<unsigned char>(value.integer()));
    } else {
      return unexpected("a byte from 0 to 255 or a text in double quotes");
    }
    skip_blanks();
    if (starts(">>")) break;
    if (peek() == ':' || peek() == '/')
      return error_at(at_, "found " + found() + ": sizes and types of segments are not read, only bytes and texts");
    if (peek() != ',') {
      return unexpected("`,` or `>>` for the `<<` of line " + std::to_string(from.line) + ", column " + std::to_string(from.column));
    }
    skip(1);
  }
  skip(2);
  return Term::binary(bytes);
}

}  // namespace pulpo::detail
