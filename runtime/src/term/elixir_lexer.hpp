// SPDX-License-Identifier: Apache-2.0
//
// Elixir's literals as tokens. Names that would be variables or calls are refused with the way to write them. The console's language
// reads its literals with the same functions (lang/lexer.hpp).
#pragma once

#include "term/lexer.hpp"

namespace pulpo::detail {

class ElixirLexer : public Lexer {
 public:
  using Lexer::Lexer;
  [[nodiscard]] Read<Token> next() override;
  [[nodiscard]] Language language() const noexcept override { return Language::elixir; }

 protected:
  [[nodiscard]] Read<Term> number(const Position& from);
  [[nodiscard]] Read<Atom> colon_atom();
  [[nodiscard]] Read<Atom> alias(const Position& from);
  /// Whether the place is at the colon of a key: `name: `, but not `name::` and not `name:value`.
  [[nodiscard]] Read<bool> takes_key_colon(std::string_view name);
  /// The key that the word at this place is, `name: `, which is passed over then; nothing when no colon follows.
  [[nodiscard]] Read<std::optional<Atom>> key_word(const Position& from, std::string_view name);
  [[nodiscard]] bool at_comment() const noexcept override { return peek() == '#' && !starts("#PID<") && !starts("#Reference<"); }
  [[nodiscard]] Read<char32_t> escape(bool& is_byte) override;
  [[nodiscard]] Read<std::string> binary_text() override { return quoted(true); }

 private:
  [[nodiscard]] Read<Term> function(const Position& from);
  [[nodiscard]] Read<Token> word(const Position& from);
  [[nodiscard]] Read<Token> quoted_token(const Position& from);
};

}  // namespace pulpo::detail
