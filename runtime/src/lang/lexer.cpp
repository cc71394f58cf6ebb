// SPDX-License-Identifier: Apache-2.0
#include "lang/lexer.hpp"

#include "term/names.hpp"
#include "term/utf8.hpp"

namespace pulpo::lang {
namespace {

using Kind = Lexeme::Kind;

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
bool is_blank_or_end(char c) noexcept { return is_space(c) || c == '\n' || c == '\0'; }

bool begins_word(std::string_view text, std::string_view word) noexcept {
  return text.substr(0, word.size()) == word && names::elixir_identifier(text) == word.size();
}

}  // namespace

Lexeme ExpressionLexer::lexeme(Kind kind, const Position& from, Term value) const {
  const std::size_t size = at().offset - from.offset;
  std::string_view written = whole().substr(from.offset, size);
  return {.kind = kind,
          .at = from,
          .value = std::move(value),
          .text = written,
          .op = nullptr,
          .space_before = space_,
          .space_after = is_blank_or_end(peek()),
          .paren_follows = peek() == '('};
}

Lexeme ExpressionLexer::mark(Kind kind, std::size_t size) {
  const Position from = at();
  skip(size);
  return lexeme(kind, from);
}

bool ExpressionLexer::is_incomplete(const SyntaxError& error) const noexcept {
  return unterminated_ || (at_end() && error.line == at().line && error.column == at().column);
}

Read<Lexeme> ExpressionLexer::take() {
  const bool behind_dot = behind_dot_;
  if (!nested_.empty() && nested_.back().mode == Mode::text) return text_part();
  space_ = at().offset == 0;
  for (;;) {
    if (is_space(peek())) {
      skip(1);
    } else if (peek() == '\\' && peek(1) == '\n') {
      skip(2);
    } else if (!at_end() && at_comment()) {
      skip_line();
    } else {
      break;
    }
    space_ = true;
  }
  const Position from = at();
  if (peek() == '\n') return line_end(from);
  PULPO_TRY(Lexeme token, code());
  if (behind_dot_ == behind_dot) behind_dot_ = false;
  if (!nested_.empty()) {
    Nested& inside = nested_.back();
    if (token.kind == Kind::open_brace || token.kind == Kind::open_map) ++inside.braces;
    if (token.kind == Kind::close_brace && inside.braces-- == 0) {
      token.kind = Kind::code_end;
      nested_.pop_back();
      begun_piece_ = false;
    }
  }
  return token;
}

bool ExpressionLexer::line_goes_on() const noexcept {
  const std::string_view left = rest();
  if (left.empty()) return false;
  if (left.front() == '.') return left.size() > 1 && (names::is_lower(static_cast<unsigned char>(left[1])) || left[1] == '(');
  if (left.substr(0, 2) == "<<" || left.substr(0, 2) == ">>" || left.substr(0, 2) == "->") return false;
  if (names::elixir_identifier(left) > 0)
    return begins_word(left, "and") || begins_word(left, "or") || begins_word(left, "in") || begins_word(left, "when");
  const OpInfo* const op = binary_operator(left);
  return op != nullptr && op->op != Op::add && op->op != Op::subtract;
}

Read<Lexeme> ExpressionLexer::line_end(const Position& from) {
  skip_blanks();
  if (line_goes_on()) {
    PULPO_TRY(Lexeme token, take());  // an operator: no line ends before it once more
    token.space_before = true;
    return token;
  }
  Lexeme token = lexeme(Kind::end_of_line, from);
  token.text = token.text.substr(0, 1);
  return token;
}

Read<std::string> ExpressionLexer::piece(const Position& from) {
  std::string text;
  for (;;) {
    if (at_end()) {
      unterminated_ = true;
      return detail::error_at(at(), "found the end of the text, expected \" to end what begins at line " + std::to_string(from.line) +
                                        ", column " + std::to_string(from.column));
    }
    if (peek() == '"' || (peek() == '#' && peek(1) == '{')) return text;
    if (peek() == '\\') {
      const Position escape_at = at();
      skip(1);
      if (at_end()) continue;
      if (peek() == '\n') {
        skip(1);
        continue;
      }
      bool is_byte = false;
      PULPO_TRY(const char32_t c, escape(is_byte));
      if (is_byte) {
        text += static_cast<char>(static_cast<unsigned char>(c));
      } else if (utf8::is_scalar(c)) {
        utf8::append(text, c);
      } else {
        return detail::error_at(escape_at, "no character has this number: they end at 10FFFF, and D800 to DFFF are none");
      }
      continue;
    }
    std::string_view left = rest();
    const char32_t c = utf8::take(left);
    if (c == utf8::kInvalid) return detail::error_at(at(), "found " + found() + ", expected text in UTF-8");
    skip(rest().size() - left.size());
    utf8::append(text, c);
  }
}

Read<Lexeme> ExpressionLexer::text_part() {
  const Position from = at();
  if (!begun_piece_) {
    PULPO_TRY(const std::string text, piece(nested_.back().at));
    begun_piece_ = true;
    return lexeme(Kind::text_piece, from, Term::binary(text));
  }
  if (peek() == '"') {
    nested_.pop_back();
    return mark(Kind::text_end, 1);
  }
  nested_.push_back({.mode = Mode::code});
  return mark(Kind::code_begin, 2);
}

Read<Lexeme> ExpressionLexer::quoted_value(const Position& from) {
  const char quote = peek();
  if (starts("\"\"\"") || starts("'''")) return detail::error_at(from, "heredocs are not read here; write \\n for the ends of lines");
  Term value;
  std::string text;
  if (quote == '"') {
    skip(1);
    PULPO_TRY(text, piece(from));
    if (peek() == '#') {
      nested_.push_back({.mode = Mode::text, .braces = 0, .at = from});
      begun_piece_ = true;
      return lexeme(Kind::text_begin, from, Term::binary(text));
    }
    skip(1);
    value = Term::binary(text);
  } else {
    PULPO_TRY(text, quoted(false));
    value = Term::charlist(text);
  }
  if (at_key_colon()) {
    PULPO_TRY(const bool is_key, takes_key_colon(text));
    if (is_key) {
      PULPO_TRY(const Atom key, atom(from, text));
      return lexeme(Kind::key, from, key);
    }
  }
  return lexeme(Kind::value, from, std::move(value));
}

Read<Lexeme> ExpressionLexer::word(const Position& from) {
  const std::string_view alias_text = rest().substr(0, names::elixir_alias(rest()));
  const std::string_view name = rest().substr(0, names::elixir_identifier(rest()));
  if (alias_text.size() <= name.size()) {
    PULPO_TRY(const auto key, key_word(from, name));
    if (key) return lexeme(Kind::key, from, *key);
  }
  if (!alias_text.empty() && alias_text.size() >= name.size()) {
    PULPO_TRY(const Atom module, alias(from));
    return lexeme(Kind::alias, from, module);
  }
  if (name.find('@') != std::string_view::npos) {
    return detail::error_at(from, "`" + std::string(name.substr(0, 40)) +
                                      "` is no variable; a node's name is an atom: write `:" + std::string(name.substr(0, 40)) + "`");
  }
  if (names::is_upper(static_cast<unsigned char>(name.front())))
    return detail::error_at(from, "`" + std::string(name.substr(0, 40)) + "` is neither a module's name nor a variable");
  skip(name.size());
  if (!behind_dot_) {
    if (name == "true" || name == "false" || name == "nil") return lexeme(Kind::value, from, Atom(name));
    if (name == "do") return lexeme(Kind::do_, from);
    if (name == "end") return lexeme(Kind::end_, from);
    if (name == "fn") return lexeme(Kind::fn, from);
    if (name == "else" || name == "after" || name == "rescue" || name == "catch") return lexeme(Kind::section, from, Atom(name));
    if (name == "not") return lexeme(Kind::unary, from);
    if (name == "and" || name == "or" || name == "in" || name == "when") {
      Lexeme token = lexeme(Kind::op, from);
      token.op = binary_operator(name);
      return token;
    }
  }
  PULPO_TRY(const Atom own, atom(from, name));
  return lexeme(Kind::identifier, from, own);
}

Read<Lexeme> ExpressionLexer::code() {
  const Position from = at();
  if (at_end()) return lexeme(Kind::end, from);
  const auto value = [&](Read<Term> read) -> Read<Lexeme> {
    PULPO_TRY(Term term, std::move(read));
    return lexeme(Kind::value, from, std::move(term));
  };
  const char c = peek();
  switch (c) {
    case '(':
      return mark(Kind::open_paren, 1);
    case ')':
      return mark(Kind::close_paren, 1);
    case '[':
      return mark(Kind::open_bracket, 1);
    case ']':
      return mark(Kind::close_bracket, 1);
    case '{':
      return mark(Kind::open_brace, 1);
    case '}':
      return mark(Kind::close_brace, 1);
    case ',':
      return mark(Kind::comma, 1);
    case ';':
      return mark(Kind::semicolon, 1);
    case '"':
    case '\'':
      return quoted_value(from);
    case '?': {
      skip(1);
      bool is_byte = false;
      if (peek() == '\\' && rest().size() > 1) {
        skip(1);
        PULPO_TRY(const char32_t code, escape(is_byte));
        return lexeme(Kind::value, from, Term(static_cast<std::uint32_t>(code)));
      }
      std::string_view left = rest();
      const char32_t code = utf8::take(left);
      if (code == utf8::kInvalid) return unexpected("a character after `?`");
      skip(rest().size() - left.size());
      return lexeme(Kind::value, from, Term(static_cast<std::uint32_t>(code)));
    }
    case '%':
      if (peek(1) == '{') return mark(Kind::open_map, 2);
      return detail::error_at(from, "structs are not read here; write the map `%{…}`");
    case '~':
      if (starts("~c\"") || starts("~c'")) {
        skip(2);
        PULPO_TRY(const std::string text, quoted(false));
        return lexeme(Kind::value, from, Term::charlist(text));
      }
      return detail::error_at(from, "of the sigils only ~c\"…\" is read here");
    case '#':
      if (starts("#PID<")) {
        skip(4);
        return value(pid());
      }
      skip(10);  // at_comment() has seen that it is one
      return value(reference(from));
    case '&':
      if (starts("&&")) break;
      if (names::is_digit(static_cast<unsigned char>(peek(1)))) {
        skip(1);
        PULPO_TRY(const std::string number, digits(10));
        if (number.size() > 3 || std::stoi(number) == 0 || std::stoi(number) > 255)
          return detail::error_at(from, "capture arguments are &1 to &255");
        PULPO_TRY(const Atom name, atom(from, "&" + number));
        return lexeme(Kind::capture_argument, from, name);
      }
      return mark(Kind::unary, 1);
    case '!':
      if (!starts("!=")) return mark(Kind::unary, 1);
      break;
    case '^':
      if (!starts("^^^")) return mark(Kind::unary, 1);
      break;
    case '@': {
      const std::size_t length = names::elixir_identifier(rest().substr(1));
      if (length == 0) return unexpected("an expression");
      skip(1 + length);
      Lexeme token = lexeme(Kind::identifier, from);
      PULPO_TRY(const Atom name, atom(from, token.text));
      token.value = name;
      return token;
    }
    case '.':
      if (starts("..")) break;
      behind_dot_ = true;
      return mark(Kind::dot, 1);
    case '-':
      if (starts("->")) return mark(Kind::arrow, 2);
      break;
    case ':': {
      if (starts("::")) break;
      PULPO_TRY(const Atom name, colon_atom());
      return lexeme(Kind::value, from, name);
    }
    default:
      break;
  }
  if (starts("<<") && !starts("<<<")) return value(binary());
  if (names::is_digit(static_cast<unsigned char>(c))) return value(number(from));
  if (names::elixir_identifier(rest()) > 0) return word(from);
  if (const OpInfo* const op = binary_operator(rest())) {
    Lexeme token = mark(Kind::op, op->text.size());
    token.op = op;
    return token;
  }
  return unexpected("an expression");
}

}  // namespace pulpo::lang
