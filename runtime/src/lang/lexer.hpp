// SPDX-License-Identifier: Apache-2.0
//
// ExpressionLexer: the console's language as tokens. Literals are ElixirLexer's; ends of lines count here, operators and names have tokens,
// and a text with #{…} in it is several.
//
//   Ownership  Tokens borrow the text.
//   Bounds     Interpolations nest as deep as brackets do.
//   Errors     As the term lexers: a SyntaxError at the first character that cannot be.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "lang/operators.hpp"
#include "term/elixir_lexer.hpp"

namespace pulpo::lang {

using detail::Position;
using detail::Read;

struct Lexeme {
  enum class Kind : std::uint8_t {
    value,
    alias,  ///< A module's name: a value too.
    key,    ///< `name: `.
    identifier,
    op,                ///< Binary; `+` and `-` also unary.
    unary,             ///< `not`, `!`, `^`, `&`.
    capture_argument,  ///< `&1`
    open_paren,
    close_paren,
    open_bracket,
    close_bracket,
    open_brace,
    close_brace,
    open_map,
    comma,
    end_of_line,
    semicolon,
    arrow,
    dot,
    do_,
    end_,
    fn,
    section,     ///< `else`, `after`, `rescue`, `catch`.
    text_begin,  ///< Of a text with interpolations; the value is what stands before the first.
    code_begin,
    code_end,
    text_piece,
    text_end,
    end
  };
  Kind kind = Kind::end;
  Position at = {};
  Term value = {};             ///< Of an identifier its atom; of a text its bytes.
  std::string_view text = {};  ///< As written.
  const OpInfo* op = nullptr;
  bool space_before = false;
  bool space_after = false;
  bool paren_follows = false;  ///< `name(`, without a space.
};

class ExpressionLexer final : public detail::ElixirLexer {
 public:
  using ElixirLexer::ElixirLexer;
  [[nodiscard]] Read<Lexeme> take();
  /// The error that take() or the parser has found is about what is missing at the end of the text.
  [[nodiscard]] bool is_incomplete(const SyntaxError& error) const noexcept;

 private:
  enum class Mode : std::uint8_t { code, text };
  struct Nested {
    Mode mode;
    std::uint32_t braces = 0;  ///< Open ones, of the code in an interpolation.
    Position at = {};
  };

  [[nodiscard]] Read<Lexeme> code();
  [[nodiscard]] Read<Lexeme> text_part();
  [[nodiscard]] Read<Lexeme> quoted_value(const Position& from);
  [[nodiscard]] Read<Lexeme> word(const Position& from);
  [[nodiscard]] Read<Lexeme> line_end(const Position& from);
  /// Text up to the closing quote or the next `#{`, neither of which is taken.
  [[nodiscard]] Read<std::string> piece(const Position& from);
  [[nodiscard]] bool line_goes_on() const noexcept;
  [[nodiscard]] Lexeme lexeme(Lexeme::Kind kind, const Position& from, Term value = {}) const;
  [[nodiscard]] Lexeme mark(Lexeme::Kind kind, std::size_t size);
  /// A key's `name:`, if one is at the place behind a name or a text.
  [[nodiscard]] bool at_key_colon() const noexcept { return peek() == ':' && peek(1) != ':'; }

  std::vector<Nested> nested_;
  bool begun_piece_ = false;  ///< In text mode: the piece at the place has been taken.
  bool space_ = false;
  bool behind_dot_ = false;
  bool unterminated_ = false;
};

}  // namespace pulpo::lang
