// SPDX-License-Identifier: Apache-2.0
#include "term/erlang_lexer.hpp"

#include "term/names.hpp"
#include "term/utf8.hpp"

namespace pulpo::detail {

Read<char32_t> ErlangLexer::escape(bool& /*is_byte*/) {
  const Position from = at();
  std::string_view left = rest();
  const char32_t c = utf8::take(left);
  if (c == utf8::kInvalid) return error_at(at(), "found " + found() + ", expected text in UTF-8");
  if (c >= '0' && c <= '7') {
    char32_t value = 0;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
      value = value * 8 + digit_value(peek());
      skip(1);
    }
    return value;
  }
  skip(rest().size() - left.size());
  switch (c) {
    case 'b':
      return U'\b';
    case 'd':
      return char32_t{0x7f};
    case 'e':
      return char32_t{0x1b};
    case 'f':
      return U'\f';
    case 'n':
      return U'\n';
    case 'r':
      return U'\r';
    case 's':
      return U' ';
    case 't':
      return U'\t';
    case 'v':
      return U'\v';
    case 'x':
      return hex_escape(from);
    case '^': {
      const auto control = static_cast<unsigned char>(peek());
      if (control < 0x40 || control > 0x7f) return unexpected("a letter after `\\^`");
      skip(1);
      return char32_t{control & 0x1fu};
    }
    default:
      return c;
  }
}

Read<Term> ErlangLexer::number(const Position& from) {
  const bool negative = peek() == '-';
  if (negative || peek() == '+') skip(1);
  const Position digits_at = at();
  PULPO_TRY(std::string text, digits(10));
  if (peek() != '#') return decimal(from, std::move(text), negative);
  const int base = text.size() > 2 ? 0 : std::stoi(text);
  if (base < 2 || base > 36) return error_at(digits_at, "found " + text.substr(0, 20) + "#, expected a base from 2 to 36");
  skip(1);
  PULPO_TRY(const std::string based, digits(static_cast<unsigned>(base)));
  if (auto error = number_end()) return *error;
  return integer(from, based, static_cast<unsigned>(base), negative);
}

Read<Term> ErlangLexer::string() {
  std::string text;
  for (;;) {  // "abc" "def" is one string
    PULPO_TRY(const std::string piece, quoted(false));
    text += piece;
    skip_blanks();
    if (peek() != '"') return Term::charlist(text);
  }
}

Read<std::string> ErlangLexer::binary_text() {
  const Position from = at();
  PULPO_TRY(std::string text, quoted(false));
  if (starts("/utf8")) {
    skip(5);
    return text;
  }
  // Without a type each character is one byte.
  std::string bytes;
  for (std::string_view left = text; !left.empty();) {
    const char32_t c = utf8::take(left);
    if (c > 0xff) return error_at(from, "a character beyond 255 in a binary; write /utf8 behind the text");
    bytes += static_cast<char>(static_cast<unsigned char>(c));
  }
  return bytes;
}

Read<Atom> ErlangLexer::name(std::string_view expected) {
  const Position from = at();
  if (peek() == '\'') {
    PULPO_TRY(const std::string text, quoted(false));
    return atom(from, text);
  }
  const std::size_t length = names::erlang_atom(rest());
  if (length == 0) return unexpected(expected);
  const std::string_view name = rest().substr(0, length);
  // The two that OTP 27 added are atoms in the files of older nodes.
  if (names::is_erlang_reserved(name) && name != "maybe" && name != "else") {
    return error_at(from, "`" + std::string(name) + "` is a reserved word; write '" + std::string(name) + "' for the atom");
  }
  skip(length);
  return atom(from, name);
}

Read<Term> ErlangLexer::function(const Position& from) {
  skip(3);
  skip_blanks();
  PULPO_TRY(const Atom module, name("a module's name as in `fun module:function/1`"));
  if (peek() != ':') return unexpected("`:` and a function's name");
  skip(1);
  PULPO_TRY(const Atom function, name("a function's name"));
  if (peek() != '/') return unexpected("`/` and the number of arguments");
  skip(1);
  PULPO_TRY(const std::string arity, digits(10));
  if (arity.size() > 3 || std::stoi(arity) > 255) return error_at(from, "a function takes at most 255 arguments");
  if (auto error = number_end()) return *error;
  return Term::function(module, function, static_cast<std::uint8_t>(std::stoi(arity)));
}

Read<Token> ErlangLexer::next() {
  skip_blanks();
  const Position from = at();
  if (at_end()) return token(Token::Kind::end, from);
  const auto mark = [&](Token::Kind kind, std::size_t size) {
    skip(size);
    return token(kind, from);
  };
  const auto value = [&](Read<Term> read) -> Read<Token> {
    PULPO_TRY(Term term, std::move(read));
    return token(Token::Kind::value, from, std::move(term));
  };
  const char c = peek();
  switch (c) {
    case '{':
      return mark(Token::Kind::open_tuple, 1);
    case '}':
      return mark(Token::Kind::close_brace, 1);
    case '[':
      return mark(Token::Kind::open_list, 1);
    case ']':
      return mark(Token::Kind::close_bracket, 1);
    case ',':
      return mark(Token::Kind::comma, 1);
    case '|':
      return mark(Token::Kind::bar, 1);
    case '.': {
      Token dot = mark(Token::Kind::dot, 1);
      const Position after = at();
      skip_spaces();
      if (!at_end() && !at_comment() && at().offset == after.offset) return unexpected("a blank or a new line behind the `.`");
      return dot;
    }
    case '"':
      return value(string());
    default:
      break;
  }
  if (starts("=>")) return mark(Token::Kind::arrow, 2);
  if (starts("#{")) return mark(Token::Kind::open_map, 2);
  if (starts("<<")) return value(binary());
  if (c == '<') return value(pid());
  if (starts("#Ref<")) {
    skip(4);
    return value(reference(from));
  }
  if (c == '#') return error_at(from, "records are not read; write the tuple, or `#{…}` for a map");
  const bool is_signed = (c == '-' || c == '+') && names::is_digit(static_cast<unsigned char>(peek(1)));
  if (names::is_digit(static_cast<unsigned char>(c)) || is_signed) return value(number(from));
  if (c == '$') {
    skip(1);
    bool is_byte = false;
    if (peek() == '\\' && rest().size() > 1) {
      skip(1);
      PULPO_TRY(const char32_t code, escape(is_byte));
      return token(Token::Kind::value, from, Term(static_cast<std::uint32_t>(code)));
    }
    std::string_view left = rest();
    const char32_t code = utf8::take(left);
    if (code == utf8::kInvalid) return unexpected("a character after `$`");
    skip(rest().size() - left.size());
    return token(Token::Kind::value, from, Term(static_cast<std::uint32_t>(code)));
  }
  if (c == '_' || names::is_upper(static_cast<unsigned char>(c))) {
    const std::string word(rest().substr(0, std::min<std::size_t>(40, names::elixir_identifier(rest()))));
    return error_at(from, "`" + word + "` would be a variable; write '" + word + "' for the atom");
  }
  if (starts("fun") && names::erlang_atom(rest()) == 3) return value(function(from));
  PULPO_TRY(const Atom atom, name("a term"));
  return token(Token::Kind::value, from, atom);
}

}  // namespace pulpo::detail
