// SPDX-License-Identifier: Apache-2.0
#include "term/elixir_lexer.hpp"

#include "term/names.hpp"
#include "term/utf8.hpp"

namespace pulpo::detail {

Read<char32_t> ElixirLexer::escape(bool& is_byte) {
  const Position from = at();
  std::string_view left = rest();
  const char32_t c = utf8::take(left);
  if (c == utf8::kInvalid) return error_at(at(), "found " + found() + ", expected text in UTF-8");
  skip(rest().size() - left.size());
  switch (c) {
    case '0':
      return U'\0';
    case 'a':
      return U'\a';
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
      is_byte = peek() != '{';
      return hex_escape(from);
    case 'u': {
      if (peek() == '{') return hex_escape(from);
      char32_t value = 0;
      for (int i = 0; i < 4; ++i) {
        if (digit_value(peek()) >= 16) return unexpected("four hexadecimal digits, or `{` and `}` around them");
        value = value * 16 + digit_value(peek());
        skip(1);
      }
      return value;
    }
    default:
      return c;
  }
}

Read<Term> ElixirLexer::number(const Position& from) {
  const bool negative = peek() == '-';
  if (negative || peek() == '+') skip(1);
  const unsigned base = starts("0x") ? 16 : starts("0o") ? 8 : starts("0b") ? 2 : 10;
  if (base != 10) skip(2);
  PULPO_TRY(std::string text, digits(base));
  if (base == 10) return decimal(from, std::move(text), negative);
  if (auto error = number_end()) return *error;
  return integer(from, text, base, negative);
}

Read<Atom> ElixirLexer::colon_atom() {
  const Position from = at();
  skip(1);
  if (peek() == '"' || peek() == '\'') {
    PULPO_TRY(const std::string text, quoted(false));
    return atom(from, text);
  }
  std::size_t length = names::elixir_identifier(rest());
  if (length == 0) length = names::elixir_operator(rest());
  if (length == 0) return unexpected("an atom's name after `:`");
  const std::string_view name = rest().substr(0, length);
  skip(length);
  return atom(from, name);
}

Read<Atom> ElixirLexer::alias(const Position& from) {
  const std::string_view alias = rest().substr(0, names::elixir_alias(rest()));
  skip(alias.size());
  return atom(from, names::is_full_alias(alias) ? std::string(alias) : "Elixir." + std::string(alias));
}

Read<Term> ElixirLexer::function(const Position& from) {
  skip(1);
  const bool is_alias = names::elixir_alias(rest()) > 0;
  if (!is_alias && peek() != ':') return unexpected("a function's name as in `&Module.function/1`");
  const Position module_at = at();
  PULPO_TRY(const Atom module, is_alias ? alias(module_at) : colon_atom());
  if (peek() != '.') return unexpected("`.` and a function's name");
  skip(1);
  const Position name_at = at();
  std::string name;
  if (peek() == '"') {
    PULPO_TRY(name, quoted(false));
  } else {
    std::size_t length = names::elixir_identifier(rest());
    if (length == 0) length = names::elixir_operator(rest());
    if (length == 0) return unexpected("a function's name");
    name = rest().substr(0, length);
    skip(length);
  }
  PULPO_TRY(const Atom function, atom(name_at, name));
  if (peek() != '/') return unexpected("`/` and the number of arguments, as in `&Module.function/1`");
  skip(1);
  PULPO_TRY(const std::string arity, digits(10));
  if (arity.size() > 3 || std::stoi(arity) > 255) return error_at(from, "a function takes at most 255 arguments");
  if (auto error = number_end()) return *error;
  return Term::function(module, function, static_cast<std::uint8_t>(std::stoi(arity)));
}

Read<bool> ElixirLexer::takes_key_colon(std::string_view name) {
  if (peek() != ':' || peek(1) == ':') return false;
  const char after = peek(1);
  if (after != ' ' && after != '\t' && after != '\n' && after != '\r' && after != '\0') {
    return error_at(at(), "a key needs a space after its colon: `" + std::string(name.substr(0, 40)) + ": `");
  }
  skip(1);
  return true;
}

Read<std::optional<Atom>> ElixirLexer::key_word(const Position& from, std::string_view name) {
  const std::string_view after = rest().substr(name.size());
  if (!after.starts_with(':') || after.starts_with("::")) return std::optional<Atom>();
  skip(name.size());
  PULPO_CHECK(takes_key_colon(name));
  PULPO_TRY(const Atom key, atom(from, name));
  return std::optional(key);
}

Read<Token> ElixirLexer::word(const Position& from) {
  const std::string_view alias_text = rest().substr(0, names::elixir_alias(rest()));
  const std::string_view name = rest().substr(0, names::elixir_identifier(rest()));
  if (alias_text.size() <= name.size()) {  // one word, which may be a key
    PULPO_TRY(const auto key, key_word(from, name));
    if (key) return token(Token::Kind::key, from, *key);
    if (name == "true" || name == "false" || name == "nil") {
      skip(name.size());
      return token(Token::Kind::value, from, Atom(name));
    }
  }
  if (!alias_text.empty() && alias_text.size() >= name.size()) {
    PULPO_TRY(const Atom module, alias(from));
    if (peek() == '.' && (names::is_lower(static_cast<unsigned char>(peek(1))) || peek(1) == '_')) {
      return error_at(
          from, "a call is not read here, only literals; a function is written `&" + std::string(alias_text.substr(0, 40)) + ".name/1`");
    }
    return token(Token::Kind::value, from, module);
  }
  const std::string shown(name.substr(0, 40));
  if (names::is_upper(static_cast<unsigned char>(name.front()))) {
    return error_at(from, "`" + shown + "` is neither an alias nor an atom; write `:" + shown + "` for the atom");
  }
  return error_at(from,
                  "`" + shown + "` would be a variable or a call, and only literals are read here; write `:" + shown + "` for the atom");
}

Read<Token> ElixirLexer::quoted_token(const Position& from) {
  const char quote = peek();
  if (starts("\"\"\"") || starts("'''")) return error_at(from, "heredocs are not read here; write \\n for the ends of lines");
  PULPO_TRY(const std::string text, quoted(quote == '"'));
  PULPO_TRY(const bool is_key, takes_key_colon(text));
  if (is_key) {
    PULPO_TRY(const Atom key, atom(from, text));
    return token(Token::Kind::key, from, key);
  }
  return token(Token::Kind::value, from, quote == '"' ? Term::binary(text) : Term::charlist(text));
}

Read<Token> ElixirLexer::next() {
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
  const auto digit_after = [&] { return names::is_digit(static_cast<unsigned char>(peek(1))); };
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
    case '"':
    case '\'':
      return quoted_token(from);
    case '&':
      return value(function(from));
    default:
      break;
  }
  if (starts("=>")) return mark(Token::Kind::arrow, 2);
  if (starts("%{")) return mark(Token::Kind::open_map, 2);
  if (c == '%') {
    skip(1);
    if (names::elixir_alias(rest()) == 0) return unexpected("`{`, or the name of a struct as in `%Name{}`");
    PULPO_TRY(const Atom name, alias(at()));
    if (peek() != '{') return unexpected("`{` behind the name of a struct");
    skip(1);
    return token(Token::Kind::open_map, from, name);
  }
  if (starts("<<")) return value(binary());
  if (starts("~c\"") || starts("~c'")) {
    skip(2);
    PULPO_TRY(const std::string text, quoted(false));
    return token(Token::Kind::value, from, Term::charlist(text));
  }
  if (c == '~') return error_at(from, "of the sigils only ~c\"…\" is read here");
  if (starts("#PID<")) {
    skip(4);
    return value(pid());
  }
  if (starts("#Reference<")) {
    skip(10);
    return value(reference(from));
  }
  if (names::is_digit(static_cast<unsigned char>(c)) || ((c == '-' || c == '+') && digit_after())) return value(number(from));
  if (c == '?') {
    skip(1);
    bool is_byte = false;
    if (peek() == '\\' && rest().size() > 1) {
      skip(1);
      PULPO_TRY(const char32_t code, escape(is_byte));
      return token(Token::Kind::value, from, Term(static_cast<std::uint32_t>(code)));
    }
    std::string_view left = rest();
    const char32_t code = utf8::take(left);
    if (code == utf8::kInvalid) return unexpected("a character after `?`");
    skip(rest().size() - left.size());
    return token(Token::Kind::value, from, Term(static_cast<std::uint32_t>(code)));
  }
  if (c == ':') {
    PULPO_TRY(const Atom name, colon_atom());
    return token(Token::Kind::value, from, name);
  }
  if (names::elixir_identifier(rest()) > 0) return word(from);
  return unexpected("a term");
}

}  // namespace pulpo::detail
