// SPDX-License-Identifier: Apache-2.0
//
// Erlang's literals as tokens. Variables and reserved words are refused with the way to write the atom.
#pragma once

#include "term/lexer.hpp"

namespace pulpo::detail {

class ErlangLexer final : public Lexer {
 public:
  using Lexer::Lexer;
  [[nodiscard]] Read<Token> next() override;
  [[nodiscard]] Language language() const noexcept override { return Language::erlang; }

 private:
  [[nodiscard]] Read<Term> number(const Position& from);
  [[nodiscard]] Read<Term> string();
  [[nodiscard]] Read<Atom> name(std::string_view expected);
  [[nodiscard]] Read<Term> function(const Position& from);
  [[nodiscard]] bool at_comment() const noexcept override { return peek() == '%'; }
  [[nodiscard]] Read<char32_t> escape(bool& is_byte) override;
  [[nodiscard]] Read<std::string> binary_text() override;
};

}  // namespace pulpo::detail
