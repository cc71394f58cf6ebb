// SPDX-License-Identifier: Apache-2.0
#include "lang/operators.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

namespace pulpo::lang {
namespace {

// Longer ones first where one begins another. `unsupported` are Elixir's that this language has not.
constexpr OpInfo kBinary[] = {
    {"===", Op::exactly_equal, 140, false},
    {"!==", Op::not_exactly_equal, 140, false},
    {"&&&", Op::unsupported, 130, false},
    {"|||", Op::unsupported, 120, false},
    {"<<<", Op::unsupported, 160, false},
    {">>>", Op::unsupported, 160, false},
    {"+++", Op::unsupported, 200, true},
    {"---", Op::unsupported, 200, true},
    {"^^^", Op::unsupported, 180, false},
    {"..", Op::unsupported, 200, true},
    {"==", Op::equal, 140, false},
    {"!=", Op::not_equal, 140, false},
    {"=~", Op::unsupported, 140, false},
    {"=>", Op::assoc, 80, true},
    {"<=", Op::less_equal, 150, false},
    {">=", Op::greater_equal, 150, false},
    {"<>", Op::concat_binary, 200, true},
    {"<-", Op::unsupported, 40, false},
    {"++", Op::concat_list, 200, true},
    {"--", Op::subtract_list, 200, true},
    {"**", Op::unsupported, 230, false},
    {"&&", Op::and_truthy, 130, false},
    {"||", Op::or_truthy, 120, false},
    {"|>", Op::pipe, 160, false},
    {"::", Op::unsupported, 60, true},
    {"\\\\", Op::unsupported, 40, false},
    {"+", Op::add, 210, false},
    {"-", Op::subtract, 210, false},
    {"*", Op::multiply, 220, false},
    {"/", Op::divide, 220, false},
    {"=", Op::match, 100, true},
    {"<", Op::less, 150, false},
    {">", Op::greater, 150, false},
    {"|", Op::bar, 70, true},
};
constexpr OpInfo kWords[] = {
    {"and", Op::and_, 130, false},
    {"or", Op::or_, 120, false},
    {"in", Op::in, 170, false},
    {"when", Op::when, 50, true},
};

using Type = Term::Type;

bool is_number(const Term& term) { return term.is_integer() || term.type() == Type::floating || term.type() == Type::big_integer; }
bool is_big(const Term& term) { return term.type() == Type::big_integer; }
double as_double(const Term& term) { return term.is_integer() ? static_cast<double>(term.integer()) : term.floating(); }

Failure bad_arithmetic(Op op, const Term& left, const Term& right) {
  return arithmetic_failure(fmt::format("{} {} {}", shown(left), text_of(op), shown(right)));
}

Failure too_large_integer(Op op) {
  return raised("ArithmeticError", fmt::format("integers are of 64 bits here, and the result of {} is larger", text_of(op)),
                "badarith"_atom);
}

Value float_of(Op op, const Term& left, const Term& right, double value) {
  if (!std::isfinite(value)) return bad_arithmetic(op, left, right);
  return Term(value);
}

Value arithmetic(Op op, const Term& left, const Term& right) {
  if (!is_number(left) || !is_number(right)) return bad_arithmetic(op, left, right);
  if (is_big(left) || is_big(right)) return too_large_integer(op);
  if (op == Op::divide) {
    if (as_double(right) == 0) return bad_arithmetic(op, left, right);
    return float_of(op, left, right, as_double(left) / as_double(right));
  }
  if (left.is_integer() && right.is_integer()) {
    std::int64_t value = 0;
    const std::int64_t a = left.integer();
    const std::int64_t b = right.integer();
    const bool overflows = op == Op::add        ? __builtin_add_overflow(a, b, &value)
                           : op == Op::subtract ? __builtin_sub_overflow(a, b, &value)
                                                : __builtin_mul_overflow(a, b, &value);
    if (overflows) return too_large_integer(op);
    return Term(value);
  }
  const double a = as_double(left);
  const double b = as_double(right);
  return float_of(op, left, right, op == Op::add ? a + b : op == Op::subtract ? a - b : a * b);
}

std::vector<Term> elements_of(const Term& list) {
  std::vector<Term> elements;
  elements.reserve(list.list_size());
  for (std::size_t i = 0; i < list.list_size(); ++i) elements.push_back(list.list_at(i));
  return elements;
}

Value append_list(const Term& left, const Term& right) {
  if (!left.is_proper_list()) return argument_failure();
  if (left.list_size() == 0) return right;
  return bounded(Term::list(elements_of(left), right));
}

/// Each element of `right` takes its first equal one off `left`.
Value subtract_list(const Term& left, const Term& right) {
  if (!left.is_proper_list() || !right.is_proper_list()) return argument_failure();
  if (left.list_size() * right.list_size() > 100'000'000) return limit_failure("-- of lists of this size takes too long");
  std::vector<Term> elements = elements_of(left);
  for (std::size_t i = 0; i < right.list_size(); ++i) {
    const Term gone = right.list_at(i);
    for (auto each = elements.begin(); each != elements.end(); ++each) {
      if (*each == gone) {
        elements.erase(each);
        break;
      }
    }
  }
  return Term::list(elements);
}

Value is_in(const Term& left, const Term& right) {
  if (!right.is_proper_list())
    return raised("ArgumentError", "invalid right argument for operator \"in\", it expects a list, got: " + shown(right), atoms::badarg);
  for (std::size_t i = 0; i < right.list_size(); ++i) {
    if (right.list_at(i) == left) return Term(true);
  }
  return Term(false);
}

Value append_binary(const Term& left, const Term& right) {
  for (const Term& side : {left, right}) {
    if (!side.is_binary()) return argument_failure("expected binary argument in <> operator but got: " + shown(side));
  }
  std::string bytes(left.bytes());
  bytes += right.bytes();
  if (bytes.size() > kValueBytesMax) return limit_failure("a string larger than 64 MiB");
  return Term::binary(bytes);
}

}  // namespace

const OpInfo* binary_operator(std::string_view text) noexcept {
  for (const OpInfo& each : kBinary) {
    if (text.substr(0, each.text.size()) == each.text) return &each;
  }
  for (const OpInfo& each : kWords) {
    if (text == each.text) return &each;
  }
  return nullptr;
}

std::string_view text_of(Op op) noexcept {
  for (const OpInfo& each : kBinary) {
    if (each.op == op) return each.text;
  }
  for (const OpInfo& each : kWords) {
    if (each.op == op) return each.text;
  }
  switch (op) {
    case Op::not_in:
      return "not in";
    case Op::not_:
      return "not";
    case Op::not_truthy:
      return "!";
    case Op::negate:
      return "-";
    case Op::plus:
      return "+";
    case Op::pin:
      return "^";
    case Op::capture:
      return "&";
    default:
      return "?";
  }
}

Value bounded(Term value) {
  if (value.heap_bytes() > kValueBytesMax) return limit_failure("a value larger than 64 MiB");
  return value;
}

Value calculate(Op op, const Term& left, const Term& right) {
  switch (op) {
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
      return arithmetic(op, left, right);
    case Op::concat_binary:
      return append_binary(left, right);
    case Op::concat_list:
      return append_list(left, right);
    case Op::subtract_list:
      return subtract_list(left, right);
    case Op::equal:
      return Term(Term::compare(left, right) == 0);
    case Op::not_equal:
      return Term(Term::compare(left, right) != 0);
    case Op::exactly_equal:
      return Term(left == right);
    case Op::not_exactly_equal:
      return Term(!(left == right));
    case Op::less:
      return Term(Term::compare(left, right) < 0);
    case Op::greater:
      return Term(Term::compare(left, right) > 0);
    case Op::less_equal:
      return Term(Term::compare(left, right) <= 0);
    case Op::greater_equal:
      return Term(Term::compare(left, right) >= 0);
    case Op::in:
      return is_in(left, right);
    case Op::not_in: {
      PULPO_TRY(const Term found, is_in(left, right));
      return Term(!found.is_atom(atoms::true_));
    }
    default:
      return argument_failure("no such operator");
  }
}

Value calculate(Op op, const Term& operand) {
  switch (op) {
    case Op::not_:
      if (operand.is_atom(atoms::true_)) return Term(false);
      if (operand.is_atom(atoms::false_)) return Term(true);
      return argument_failure("argument error: not " + shown(operand));
    case Op::not_truthy:
      return Term(!is_truthy(operand));
    case Op::negate:
    case Op::plus:
      if (!is_number(operand)) return arithmetic_failure(fmt::format("{}({})", text_of(op), shown(operand)));
      if (op == Op::plus) return operand;
      if (operand.type() == Type::floating) return Term(-operand.floating());
      if (is_big(operand)) return too_large_integer(op);
      return calculate(Op::subtract, Term(0), operand);
    default:
      return argument_failure("no such operator");
  }
}

}  // namespace pulpo::lang
