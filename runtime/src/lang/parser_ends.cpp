// SPDX-License-Identifier: Apache-2.0
//
// Where expressions, statements, clauses and frames of the parser end.
#include <fmt/format.h>

#include "lang/parser_state.hpp"

namespace pulpo::lang {

Parser::Step Parser::end_item() {
  PULPO_TRY(Term value, take_expression());
  Frame& frame = top();
  if (frame.is_behind_bar && frame.kind == FrameKind::list) {
    if (frame.bar) return unexpected("`]`");
    frame.bar = std::move(value);
  } else if (frame.key) {
    auto& into = frame.kind == FrameKind::map ? frame.items : frame.keywords;
    into.push_back(*std::move(frame.key));
    into.push_back(std::move(value));
    frame.key.reset();
  } else if (frame.kind == FrameKind::map) {
    return fail(token_.at, "a map's value is missing: write %{key => value}, or %{name: value}");
  } else if (!frame.keywords.empty()) {
    return fail(token_.at, "behind `key: value` only more of them may follow");
  } else {
    frame.items.push_back(std::move(value));
  }
  return {};
}

Parser::Step Parser::end_no_parens() {
  PULPO_CHECK(end_item());
  PULPO_TRY(Term value, lower_call(written_call(top())));
  deliver(std::move(value));
  return {};
}

WrittenCall Parser::written_call(Frame& frame) {
  WrittenCall call = std::move(frame.call);
  if (call.arguments.empty() && call.keywords.empty()) {  // those of a block have been put there
    call.arguments = std::move(frame.items);
    call.keywords = std::move(frame.keywords);
  }
  return call;
}

Parser::Step Parser::end_statement() {
  Frame& frame = top();
  if (is_fresh() && frame.items.empty()) return {};
  PULPO_CHECK(end_item());
  if (frame.items.size() > 1) return fail(token_.at, "a comma separates no expressions here; write `;` or a new line");
  frame.statements.push_back(std::move(frame.items[0]));
  frame.items.clear();
  return {};
}

void Parser::end_clause() {
  Frame& frame = top();
  if (!frame.heads) return;
  frame.clauses.push_back(
      make_node(NodeKind::clause, frame.clause_at, {*frame.heads, frame.guard, block_of(frame.clause_at, frame.statements)}));
  frame.heads.reset();
  frame.statements.clear();
}

Value Parser::end_section() {
  PULPO_CHECK(end_statement());
  end_clause();
  Frame& frame = top();
  Term content = frame.clauses.empty() ? block_of(frame.at, frame.statements) : make_node(NodeKind::clauses, frame.at, {}, frame.clauses);
  frame.clauses.clear();
  frame.statements.clear();
  return content;
}

Parser::Step Parser::arrow() {
  while (top().kind == FrameKind::no_parens) PULPO_CHECK(end_no_parens());
  Frame& frame = top();
  if (frame.kind != FrameKind::function && frame.kind != FrameKind::block) return unexpected("an expression");
  if (!is_fresh()) {
    PULPO_CHECK(end_item());
  } else if (!frame.items.empty() || frame.kind == FrameKind::block) {
    return unexpected("a pattern");
  }
  if (!frame.heads && !frame.statements.empty()) return fail(token_.at, "found `->` behind expressions that belong to no clause");
  end_clause();
  frame.guard = true;
  std::vector<Term> patterns = std::move(frame.items);
  frame.items.clear();
  if (!patterns.empty()) {
    if (const Term last = patterns.back(); Node(last).is(NodeKind::when)) {
      patterns.back() = Node(last).part(0);
      frame.guard = Node(last).part(1);
    }
    if (const Term whole = patterns.back(); patterns.size() == 1 && Node(whole).is(NodeKind::heads)) {
      const auto parts = Node(whole).parts();
      patterns.assign(parts.begin(), parts.end());
    }
  }
  frame.heads = make_node(NodeKind::heads, place(token_.at), {}, patterns);
  frame.clause_at = place(token_.at);
  expects_operand_ = true;
  return {};
}

Parser::Step Parser::comma() {
  Frame& frame = top();
  if (frame.kind == FrameKind::text || frame.kind == FrameKind::program || frame.kind == FrameKind::code || frame.is_behind_bar)
    return unexpected("the end of the expression");
  return end_item();
}

Parser::Step Parser::line_end() {
  while (top().kind == FrameKind::no_parens) PULPO_CHECK(end_no_parens());
  if (top().has_statements()) {
    // The heads of a clause may go on behind a comma, but not behind a line's end.
    return end_statement();
  }
  if (token_.kind == Token::semicolon) return unexpected("the end of the expression");
  return {};
}

Parser::Step Parser::do_block() {
  if (top().kind != FrameKind::no_parens) return unexpected("an operator, or the end of the expression");
  while (frames_[frames_.size() - 2].kind == FrameKind::no_parens) PULPO_CHECK(end_no_parens());
  PULPO_CHECK(end_item());
  return open_block_here();
}

Parser::Step Parser::open_block() {
  PULPO_CHECK(advance());
  return open_block_here();
}

Parser::Step Parser::open_block_here() {
  Frame& frame = top();
  frame.kind = FrameKind::block;
  frame.at = frame.call.at;
  frame.call.arguments = std::move(frame.items);
  frame.call.keywords = std::move(frame.keywords);
  frame.items.clear();
  frame.keywords.clear();
  frame.section = Atom("do");
  expects_operand_ = true;
  return {};
}

Parser::Step Parser::close() {
  while (top().kind == FrameKind::no_parens) PULPO_CHECK(end_no_parens());
  Frame& frame = top();
  const auto fits = [&] {
    switch (token_.kind) {
      case Token::close_paren:
        return frame.kind == FrameKind::paren || frame.kind == FrameKind::call;
      case Token::close_bracket:
        return frame.kind == FrameKind::list || frame.kind == FrameKind::access;
      case Token::close_brace:
        return frame.kind == FrameKind::tuple || frame.kind == FrameKind::map;
      case Token::code_end:
        return frame.kind == FrameKind::code;
      case Token::end_:
        return frame.kind == FrameKind::function || frame.kind == FrameKind::block;
      case Token::section:
        return frame.kind == FrameKind::block;
      default:
        return frame.kind == FrameKind::program;
    }
  };
  if (!fits()) return unexpected(expects_operand_ ? "an expression" : "an operator, or the end of the expression");
  const bool is_fresh_item = is_fresh() && !frame.key;
  if (!is_fresh_item && expects_operand_) return unexpected("an expression");
  switch (frame.kind) {
    case FrameKind::program: {
      PULPO_CHECK(end_statement());
      result_ = block_of(frame.at, frame.statements);
      return {};
    }
    case FrameKind::paren:
      return close_paren();
    case FrameKind::call:
      if (!is_fresh_item) PULPO_CHECK(end_item());
      return close_call();
    case FrameKind::function: {
      if (!frame.heads) return unexpected("`->` and the function's body");
      PULPO_TRY(const Term content, end_section());
      const auto clauses = Node(content).parts();
      for (const Term& each : clauses) {
        if (Node(Node(each).part(0)).parts().size() != Node(Node(clauses[0]).part(0)).parts().size())
          return syntax_at(place_of(each, frame.at), "the clauses of a function must have the same number of parameters");
      }
      deliver(make_node(NodeKind::function, frame.at, {free_names(clauses)}, clauses));
      return {};
    }
    case FrameKind::block:
      return close_section();
    case FrameKind::code: {
      PULPO_CHECK(end_statement());
      Term content = block_of(frame.at, frame.statements);
      frames_.pop_back();
      top().items.push_back(std::move(content));
      expects_operand_ = true;
      return {};
    }
    default:
      if (!is_fresh_item) PULPO_CHECK(end_item());
      return close_brackets();
  }
}

Parser::Step Parser::close_paren() {
  Frame& frame = top();
  if (frame.statements.empty() && (is_fresh() || !frame.items.empty())) {  // `()` and `(a, b)`: the heads of a function
    if (!is_fresh()) PULPO_CHECK(end_item());
    deliver(make_node(NodeKind::heads, frame.at, {}, frame.items));
    return {};
  }
  PULPO_CHECK(end_statement());
  Term content = block_of(frame.at, frame.statements);
  deliver(std::move(content));
  return {};
}

Parser::Step Parser::close_call() {
  // `if(x) do`, but in `def f(x) do` the block is def's.
  if (peek() == Token::do_ && frames_[frames_.size() - 2].kind != FrameKind::no_parens) return open_block();
  PULPO_TRY(Term value, lower_call(written_call(top())));
  deliver(std::move(value));
  return {};
}

Parser::Step Parser::close_section() {
  const bool is_last = token_.kind == Token::end_;
  const Atom next = is_last ? Atom() : token_.value.atom();
  PULPO_TRY(Term content, end_section());
  Frame& frame = top();
  frame.call.sections.emplace_back(frame.section, std::move(content));
  if (!is_last) {
    frame.section = next;
    expects_operand_ = true;
    return {};
  }
  PULPO_TRY(Term value, lower_call(std::move(frame.call)));
  deliver(std::move(value));
  return {};
}

Parser::Step Parser::close_brackets() {
  Frame& frame = top();
  Term value;
  switch (frame.kind) {
    case FrameKind::list:
      if (frame.is_behind_bar && !frame.bar) return unexpected("the tail of the list");
      for (std::size_t i = 0; i + 1 < frame.keywords.size(); i += 2)
        frame.items.push_back(make_node(NodeKind::tuple, frame.at, {frame.keywords[i], frame.keywords[i + 1]}));
      value = frame.items.empty() ? Term::empty_list()
                                  : make_node(NodeKind::list, frame.at, {frame.bar.value_or(Term::empty_list())}, frame.items);
      break;
    case FrameKind::tuple:
      if (!frame.keywords.empty()) frame.items.push_back(keyword_list(frame.at, frame.keywords));
      value = make_node(NodeKind::tuple, frame.at, {}, frame.items);
      break;
    case FrameKind::map:
      value = frame.bar ? make_node(NodeKind::update, frame.at, {*frame.bar}, frame.items)
                        : make_node(NodeKind::map, frame.at, {}, frame.items);
      break;
    default:  // access
      if (frame.items.size() != 1) return unexpected("one key");
      value = make_node(NodeKind::access, frame.at, {frame.call.target, frame.items[0]});
      break;
  }
  deliver(std::move(value));
  return {};
}

Parser::Step Parser::text_part() {
  switch (token_.kind) {
    case Token::code_begin:
      push(FrameKind::code, place(token_.at));
      return {};
    case Token::text_piece:
      if (!token_.value.bytes().empty()) top().items.push_back(token_.value);
      return {};
    case Token::text_end: {
      if (peek() == Token::key) return unexpected("an expression");
      Term value = make_node(NodeKind::text, top().at, {}, top().items);
      deliver(std::move(value));
      return {};
    }
    default:
      return unexpected("`\"`");
  }
}

}  // namespace pulpo::lang
