// SPDX-License-Identifier: Apache-2.0
//
// Parser: the state of parse(): what is open, and the operands and operators of the expressions in it. See lang/parser.hpp.
//
//   Order      A token is looked at once, with the one behind it known; it belongs to the innermost frame, or ends it.
//   Ownership  Borrows the text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/lexer.hpp"
#include "lang/lowering.hpp"
#include "lang/parser.hpp"
#include "lang/tree.hpp"

namespace pulpo::lang {

/// What is open around the place.
struct Frame {
  enum class Kind : std::uint8_t {
    program,
    paren,
    list,
    tuple,
    map,
    call,       ///< Its arguments in parentheses.
    no_parens,  ///< Its arguments without: it ends where the line does, or what surrounds it.
    access,
    function,  ///< `fn … end`
    block,     ///< `do … end`
    text,
    code  ///< `#{…}`
  };
  Kind kind;
  Place at;
  std::size_t operands, operators;    ///< Those of the frames around it.
  std::vector<Term> items = {};       ///< What commas separate; of a map key, value, …; of a text its parts.
  std::vector<Term> keywords = {};    ///< Key, value, …
  std::optional<Term> key = {};       ///< Behind `key: `, or `key =>`.
  std::optional<Term> bar = {};       ///< The tail of a list, the map that is updated.
  bool is_behind_bar = false;         ///< Of a list: the tail comes.
  WrittenCall call = {};              ///< Of a call, or of what the block belongs to.
  std::vector<Term> statements = {};  ///< That newlines separate.
  std::vector<Term> clauses = {};
  std::optional<Term> heads = {};  ///< Of the clause whose body the statements are.
  Term guard = true;
  Place clause_at = {};
  Atom section = {};
  [[nodiscard]] bool has_statements() const noexcept {
    return kind == Kind::program || kind == Kind::paren || kind == Kind::function || kind == Kind::block || kind == Kind::code;
  }
};

struct Operator {
  Op op;
  std::string_view written;
  Place at;
  std::uint8_t precedence;
  bool is_unary;
  bool is_right;
  unsigned argument_count = 0;  ///< Of `&`: the largest &N behind it.
};

class Parser {
 public:
  using FrameKind = Frame::Kind;
  using Token = Lexeme::Kind;
  using Step = Result<void, Failure>;
  explicit Parser(std::string_view text) : lexer_(text), next_(lexer_.take()) {}

  Value program();

 private:
  // --- Tokens ----------------------------------------------------------------------------------------------------------
  Step advance();
  [[nodiscard]] Token peek() const noexcept { return next_ ? next_->kind : Token::end; }
  [[nodiscard]] static Place place(const Position& at) noexcept { return {at.line, at.column}; }
  [[nodiscard]] Failure fail(const Position& at, std::string message) const { return syntax_at(place(at), std::move(message)); }

  [[nodiscard]] Failure unexpected(std::string_view expected) const;
  [[nodiscard]] const Frame& explicit_frame() const;

  // --- Frames ------------------------------------------------------------------------------------------------------------
  Frame& push(FrameKind kind, Place at);
  /// The innermost frame ends and is `value` for the one around it.
  void deliver(Term value) {
    frames_.pop_back();
    operands_.push_back(std::move(value));
    expects_operand_ = false;
  }
  void push_operand(Term value) {
    operands_.push_back(std::move(value));
    expects_operand_ = false;
  }
  [[nodiscard]] Frame& top() noexcept { return frames_.back(); }
  /// Nothing of an expression has come yet in the innermost frame.
  [[nodiscard]] bool is_fresh() const noexcept { return expects_operand_ && operators_.size() == frames_.back().operators; }

  // --- Expressions -----------------------------------------------------------------------------------------------------------
  Step reduce();

  /// Takes the expression of the innermost frame, which has come to an end.
  Value take_expression();

  /// The expression is complete: it becomes an item, or the value of a key.
  Step end_item();

  /// The innermost frame, a call without parentheses, ends.
  Step end_no_parens();
  static WrittenCall written_call(Frame& frame);

  // --- Statements and clauses ---------------------------------------------------------------------------------------------------
  Step end_statement();
  void end_clause();
  /// What stands before `end`, or before `else`: clauses, or expressions.
  Value end_section();
  Step arrow();

  // --- Where an operand is expected -----------------------------------------------------------------------------------------------
  Step operand();
  Step key();
  Step capture_argument();

  /// The next token begins the first argument of a call without parentheses.
  [[nodiscard]] bool begins_argument() const noexcept;
  Step open_call(WrittenCall::Callee callee, Place at, Term target, Atom name, FrameKind kind);
  Step identifier();

  // --- Behind an operand -------------------------------------------------------------------------------------------------------------
  Step behind_operand();
  Step push_binary(Op op, std::string_view written, Place at, std::uint8_t precedence, bool is_right);
  Step binary();
  Step dot();
  Step comma();
  Step line_end();
  Step do_block();
  /// A block of the call whose frame is the innermost; its `do` comes.
  Step open_block();
  Step open_block_here();

  // --- Ends ------------------------------------------------------------------------------------------------------------------------------
  Step close();
  Step close_paren();
  Step close_call();
  Step close_section();
  Step close_brackets();
  Step text_part();

  ExpressionLexer lexer_;
  Read<Lexeme> next_;
  Lexeme token_;
  std::vector<Frame> frames_;
  std::vector<Term> operands_;
  std::vector<Operator> operators_;
  std::vector<std::size_t> captures_;  ///< Those of them that are `&`.
  bool expects_operand_ = true;
  std::optional<Term> result_;
};

}  // namespace pulpo::lang
