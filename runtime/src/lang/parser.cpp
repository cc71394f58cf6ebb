// SPDX-License-Identifier: Apache-2.0
#include "lang/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lang/parser_state.hpp"

namespace pulpo::lang {
namespace {

const char* end_of(Frame::Kind kind) noexcept {
  using FrameKind = Frame::Kind;
  switch (kind) {
    case FrameKind::paren:
    case FrameKind::call:
      return "`)`";
    case FrameKind::list:
    case FrameKind::access:
      return "`]`";
    case FrameKind::tuple:
    case FrameKind::map:
    case FrameKind::code:
      return "`}`";
    case FrameKind::function:
    case FrameKind::block:
      return "`end`";
    case FrameKind::text:
      return "`\"`";
    default:
      return "an end";
  }
}

}  // namespace

Value Parser::program() {
  push(FrameKind::program, {1, 1});
  while (!result_) {
    PULPO_CHECK(advance());
    if (frames_.back().kind == FrameKind::text) {
      PULPO_CHECK(text_part());
    } else if (expects_operand_) {
      PULPO_CHECK(operand());
    } else {
      PULPO_CHECK(behind_operand());
    }
    if (frames_.size() > kFramesMax)
      return fail(token_.at, fmt::format("nested deeper than {} levels, the most that are read", kFramesMax));
  }
  return *std::move(result_);
}

Parser::Step Parser::advance() {
  if (!next_) return syntax_failure(next_.error(), lexer_.is_incomplete(next_.error()));
  token_ = *std::move(next_);
  if (token_.kind != Token::end) next_ = lexer_.take();
  return {};
}

Failure Parser::unexpected(std::string_view expected) const {
  const bool at_end = token_.kind == Token::end;
  std::string found =
      at_end ? "the end of the text" : detail::describe({.kind = detail::Token::Kind::value, .at = {}, .value = {}, .text = token_.text});
  if (token_.kind == Token::end_of_line) found = "the end of the line";
  std::string message = fmt::format("found {}, expected {}", found, expected);
  const Frame& frame = explicit_frame();
  if (frame.kind != FrameKind::program)
    message += fmt::format("; {} is missing for line {}, column {}", end_of(frame.kind), frame.at.line, frame.at.column);
  return syntax_failure({.line = token_.at.line, .column = token_.at.column, .message = std::move(message)}, at_end);
}

const Frame& Parser::explicit_frame() const {
  std::size_t i = frames_.size() - 1;
  while (i > 0 && frames_[i].kind == FrameKind::no_parens) --i;
  return frames_[i];
}

Frame& Parser::push(FrameKind kind, Place at) {
  frames_.push_back({.kind = kind, .at = at, .operands = operands_.size(), .operators = operators_.size()});
  expects_operand_ = true;
  return frames_.back();
}

Parser::Step Parser::reduce() {
  const Operator op = operators_.back();
  operators_.pop_back();
  if (op.is_unary && op.op == Op::capture) captures_.pop_back();
  Term right = std::move(operands_.back());
  operands_.pop_back();
  if (op.is_unary) {
    PULPO_TRY(Term value,
              op.op == Op::capture ? lower_capture(op.at, right, op.argument_count) : lower_unary(op.op, op.at, std::move(right)));
    operands_.push_back(std::move(value));
    return {};
  }
  Term left = std::move(operands_.back());
  operands_.pop_back();
  PULPO_TRY(Term value, lower_binary(op.op, op.written, op.at, std::move(left), std::move(right)));
  operands_.push_back(std::move(value));
  return {};
}

Value Parser::take_expression() {
  if (expects_operand_) return unexpected("an expression");
  while (operators_.size() > top().operators) PULPO_CHECK(reduce());
  Term value = std::move(operands_.back());
  operands_.pop_back();
  expects_operand_ = true;
  return value;
}

Parser::Step Parser::operand() {
  const Place at = place(token_.at);
  switch (token_.kind) {
    case Token::end_of_line:
      return {};
    case Token::semicolon:
      if (top().has_statements() && is_fresh() && top().items.empty()) return {};
      return unexpected("an expression");
    case Token::value:
    case Token::alias:
      push_operand(token_.value);
      return {};
    case Token::key:
      return key();
    case Token::identifier:
      return identifier();
    case Token::capture_argument:
      return capture_argument();
    case Token::open_paren:
      push(FrameKind::paren, at);
      return {};
    case Token::open_bracket:
      push(FrameKind::list, at);
      return {};
    case Token::open_brace:
      push(FrameKind::tuple, at);
      return {};
    case Token::open_map:
      push(FrameKind::map, at);
      return {};
    case Token::fn:
      push(FrameKind::function, at);
      return {};
    case Token::text_begin:
      push(FrameKind::text, at).items.push_back(token_.value);
      return {};
    case Token::op:
      if (token_.op->op == Op::add || token_.op->op == Op::subtract) {
        operators_.push_back({token_.op->op == Op::add ? Op::plus : Op::negate, token_.text, at, kUnaryPrecedence, true, true});
        return {};
      }
      return unexpected("an expression");
    case Token::unary: {
      const Op op = token_.text == "!" ? Op::not_truthy : token_.text == "^" ? Op::pin : token_.text == "&" ? Op::capture : Op::not_;
      if (op == Op::capture) captures_.push_back(operators_.size());
      operators_.push_back({op, token_.text, at, op == Op::capture ? kCapturePrecedence : kUnaryPrecedence, true, true});
      return {};
    }
    case Token::arrow:
      return arrow();
    case Token::close_paren:
    case Token::close_bracket:
    case Token::close_brace:
    case Token::code_end:
    case Token::end_:
    case Token::section:
    case Token::end:
      return close();
    default:
      return unexpected("an expression");
  }
}

Parser::Step Parser::key() {
  Frame& frame = top();
  const bool takes_keys = frame.kind == FrameKind::list || frame.kind == FrameKind::tuple || frame.kind == FrameKind::map ||
                          frame.kind == FrameKind::call || frame.kind == FrameKind::no_parens;
  if (!takes_keys || !is_fresh() || frame.is_behind_bar) return unexpected("an expression");
  if (frame.key) return unexpected("a value");
  frame.key = token_.value;
  return {};
}

Parser::Step Parser::capture_argument() {
  const unsigned number = static_cast<unsigned>(std::stoul(std::string(token_.text.substr(1))));
  if (captures_.empty()) return fail(token_.at, fmt::format("{} stands only within a capture: &(&1 + 1)", token_.text));
  Operator& capture = operators_[captures_.back()];
  capture.argument_count = std::max(capture.argument_count, number);
  push_operand(make_node(NodeKind::variable, place(token_.at), {token_.value}));
  return {};
}

bool Parser::begins_argument() const noexcept {
  if (!next_ || !next_->space_before) return false;
  switch (next_->kind) {
    case Token::value:
    case Token::alias:
    case Token::key:
    case Token::identifier:
    case Token::capture_argument:
    case Token::open_paren:
    case Token::open_bracket:
    case Token::open_brace:
    case Token::open_map:
    case Token::fn:
    case Token::text_begin:
      return true;
    case Token::unary:
      return true;
    case Token::op:
      return (next_->op->op == Op::add || next_->op->op == Op::subtract) && !next_->space_after;
    default:
      return false;
  }
}

Parser::Step Parser::open_call(WrittenCall::Callee callee, Place at, Term target, Atom name, FrameKind kind) {
  Frame& frame = push(kind, at);
  frame.call.callee = callee;
  frame.call.at = at;
  frame.call.target = std::move(target);
  frame.call.name = name;
  return {};
}

Parser::Step Parser::identifier() {
  const Place at = place(token_.at);
  const Atom name = token_.value.atom();
  if (token_.paren_follows) {
    PULPO_CHECK(advance());
    return open_call(WrittenCall::Callee::local, at, {}, name, FrameKind::call);
  }
  if (name.text() == "__MODULE__") {
    Term module;
    for (const Frame& frame : frames_) {
      if (frame.kind == FrameKind::block && frame.call.name.text() == "defmodule" && !frame.call.arguments.empty())
        module = frame.call.arguments[0];
    }
    push_operand(std::move(module));
    return {};
  }
  if (peek() == Token::do_ && is_bare_block(name.text())) {
    PULPO_CHECK(open_call(WrittenCall::Callee::local, at, {}, name, FrameKind::block));
    return open_block();
  }
  if (peek() == Token::unary && next_->text == "not" && next_->space_before) {
    // `x not in list`: the operator of two words.
    push_operand(make_node(NodeKind::variable, at, {name}));
    return {};
  }
  if (begins_argument()) return open_call(WrittenCall::Callee::local, at, {}, name, FrameKind::no_parens);
  push_operand(make_node(NodeKind::variable, at, {name}));
  return {};
}

Parser::Step Parser::behind_operand() {
  const Place at = place(token_.at);
  switch (token_.kind) {
    case Token::op:
      return binary();
    case Token::unary:
      if (token_.text == "not" && peek() == Token::op && next_->op->op == Op::in) {
        PULPO_CHECK(advance());
        return push_binary(Op::not_in, "not in", at, token_.op->precedence, false);
      }
      return unexpected("an operator");
    case Token::dot:
      return dot();
    case Token::open_bracket:
      if (token_.space_before) return unexpected("an operator");
      {
        Term target = std::move(operands_.back());
        operands_.pop_back();
        push(FrameKind::access, at).call.target = std::move(target);
      }
      return {};
    case Token::comma:
      return comma();
    case Token::end_of_line:
    case Token::semicolon:
      return line_end();
    case Token::arrow:
      return arrow();
    case Token::do_:
      return do_block();
    case Token::close_paren:
    case Token::close_bracket:
    case Token::close_brace:
    case Token::code_end:
    case Token::end_:
    case Token::section:
    case Token::end:
      return close();
    default:
      return unexpected("an operator, or the end of the expression");
  }
}

Parser::Step Parser::push_binary(Op op, std::string_view written, Place at, std::uint8_t precedence, bool is_right) {
  while (operators_.size() > top().operators) {
    const Operator& before = operators_.back();
    if (before.precedence < precedence || (before.precedence == precedence && is_right)) break;
    PULPO_CHECK(reduce());
  }
  operators_.push_back({op, written, at, precedence, false, is_right});
  expects_operand_ = true;
  return {};
}

Parser::Step Parser::binary() {
  const OpInfo& op = *token_.op;
  Frame& frame = top();
  if (op.op == Op::bar && frame.kind == FrameKind::list && !frame.is_behind_bar && !frame.key) {
    PULPO_CHECK(end_item());
    frame.is_behind_bar = true;
    return {};
  }
  if (op.op == Op::bar && frame.kind == FrameKind::map && frame.items.empty() && !frame.key && !frame.bar) {
    PULPO_TRY(Term updated, take_expression());
    frame.bar = std::move(updated);
    return {};
  }
  if (op.op == Op::assoc && frame.kind == FrameKind::map && !frame.key) {
    PULPO_TRY(Term name, take_expression());
    frame.key = std::move(name);
    return {};
  }
  return push_binary(op.op, op.text, place(token_.at), op.precedence, op.right);
}

Parser::Step Parser::dot() {
  const Place at = place(token_.at);
  PULPO_CHECK(advance());
  Term target = std::move(operands_.back());
  operands_.pop_back();
  if (token_.kind == Token::open_paren) return open_call(WrittenCall::Callee::value, at, std::move(target), {}, FrameKind::call);
  Atom name;
  if (token_.kind == Token::identifier) {
    name = token_.value.atom();
  } else if (token_.kind == Token::value && token_.value.is_binary()) {  // Mod."a name"
    const auto made = Atom::make(token_.value.bytes());
    if (!made) return unexpected("a function's name");
    name = *made;
  } else {
    return unexpected("a function's name, or `(`");
  }
  if (token_.paren_follows) {
    PULPO_CHECK(advance());
    return open_call(WrittenCall::Callee::remote, at, std::move(target), name, FrameKind::call);
  }
  if (begins_argument() && !(peek() == Token::unary && next_->text == "not"))
    return open_call(WrittenCall::Callee::remote, at, std::move(target), name, FrameKind::no_parens);
  push_operand(make_node(NodeKind::dot, at, {target, name}));
  return {};
}

Value parse(std::string_view text) {
  if (text.size() > kTextBytesMax) return limit_failure("a text of more than 1 MiB");
  return Parser(text).program();
}

}  // namespace pulpo::lang
