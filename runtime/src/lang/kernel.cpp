// SPDX-License-Identifier: Apache-2.0
#include "lang/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "lang/modules.hpp"
#include "lang/operators.hpp"
#include "otp/chardata.hpp"
#include "term/utf8.hpp"

namespace pulpo::lang {
namespace {

using Type = Term::Type;
using Arguments = std::span<const Term>;

std::string_view type_name(const Term& value) {
  switch (value.type()) {
    case Type::tuple:
      return "Tuple";
    case Type::map:
      return "Map";
    case Type::pid:
      return "PID";
    case Type::reference:
      return "Reference";
    case Type::function:
      return "Function";
    default:
      return "List";
  }
}

bool is_number(const Term& term) { return term.is_integer() || term.type() == Type::floating || term.type() == Type::big_integer; }
bool is_any_integer(const Term& term) { return term.is_integer() || term.type() == Type::big_integer; }
bool is_function(const Term& term) { return term.type() == Type::function; }

Value divide_integers(Arguments a, std::string_view name) {
  if (!a[0].is_integer() || !a[1].is_integer() || a[1].integer() == 0 || (a[0].integer() == INT64_MIN && a[1].integer() == -1))
    return arithmetic_failure(fmt::format("{}({}, {})", name, shown(a[0]), shown(a[1])));
  return Term(name == "div" ? a[0].integer() / a[1].integer() : a[0].integer() % a[1].integer());
}

Value absolute(Arguments a) {
  if (!is_number(a[0])) return arithmetic_failure(fmt::format("abs({})", shown(a[0])));
  return Term::compare(a[0], Term(0)) < 0 ? calculate(Op::negate, a[0]) : Value(a[0]);
}

Value whole(const Term& value, double (*round)(double)) {
  if (is_any_integer(value)) return value;
  if (value.type() != Type::floating) return argument_failure();
  const double rounded = round(value.floating());
  if (rounded < -9.2e18 || rounded > 9.2e18) return raised("ArithmeticError", "integers are of 64 bits here", "badarith"_atom);
  return Term(static_cast<std::int64_t>(rounded));
}

Value element(Arguments a) {
  if (!a[0].is_tuple() || !a[1].is_integer() || a[1].integer() < 0 || a[1].integer() >= static_cast<std::int64_t>(a[0].elements().size()))
    return argument_failure();
  return a[0].elements()[static_cast<std::size_t>(a[1].integer())];
}

Value put_element(Arguments a) {
  PULPO_CHECK(element(a));
  std::vector<Term> all(a[0].elements().begin(), a[0].elements().end());
  all[static_cast<std::size_t>(a[1].integer())] = a[2];
  return bounded(Term::tuple(std::span<const Term>(all)));
}

Value tail(Arguments a) {
  if (!a[0].is_list() || a[0].list_size() == 0) return argument_failure();
  std::vector<Term> rest;
  for (std::size_t i = 1; i < a[0].list_size(); ++i) rest.push_back(a[0].list_at(i));
  return Term::list(rest, a[0].list_tail());
}

Value size_if(bool fits, std::size_t size) {
  if (!fits) return argument_failure();
  return Term(static_cast<std::int64_t>(size));
}

bool is_function_of(const Term& term, const Term& arity) {
  if (!is_function(term) || !arity.is_integer()) return false;
  const auto parts = term.function_parts();
  return static_cast<std::int64_t>(parts.arity) - static_cast<std::int64_t>(parts.bound.size()) == arity.integer();
}

#define PULPO_TEST(test) [](Arguments a) -> Value { return Term(test); }

// In the order of their names.
constexpr KernelFunction kFunctions[] = {
    {"abs", 1, true, absolute},
    {"byte_size", 1, true, [](Arguments a) { return size_if(a[0].is_binary(), a[0].is_binary() ? a[0].bytes().size() : 0); }},
    {"ceil", 1, true, [](Arguments a) { return whole(a[0], [](double value) { return std::ceil(value); }); }},
    {"div", 2, true, [](Arguments a) { return divide_integers(a, "div"); }},
    {"elem", 2, true, element},
    {"floor", 1, true, [](Arguments a) { return whole(a[0], [](double value) { return std::floor(value); }); }},
    {"hd", 1, true,
     [](Arguments a) -> Value {
       if (!a[0].is_list() || a[0].list_size() == 0) return argument_failure();
       return a[0].list_at(0);
     }},
    {"inspect", 1, false, [](Arguments a) -> Value { return Term::binary(inspect(a[0])); }},
    {"is_atom", 1, true, PULPO_TEST(a[0].is_atom())},
    {"is_binary", 1, true, PULPO_TEST(a[0].is_binary())},
    {"is_boolean", 1, true, PULPO_TEST(a[0].is_atom(atoms::true_) || a[0].is_atom(atoms::false_))},
    {"is_float", 1, true, PULPO_TEST(a[0].type() == Type::floating)},
    {"is_function", 1, true, PULPO_TEST(is_function(a[0]))},
    {"is_function", 2, true, PULPO_TEST(is_function_of(a[0], a[1]))},
    {"is_integer", 1, true, PULPO_TEST(is_any_integer(a[0]))},
    {"is_list", 1, true, PULPO_TEST(a[0].is_list())},
    {"is_map", 1, true, PULPO_TEST(a[0].is_map())},
    {"is_map_key", 2, true,
     [](Arguments a) -> Value {
       if (!a[0].is_map()) return clause_failure("BadMapError", "expected a map, got: ", "badmap"_atom, a[0]);
       return Term(a[0].map_find(a[1]) != nullptr);
     }},
    {"is_nil", 1, true, PULPO_TEST(a[0].is_atom(atoms::nil))},
    {"is_number", 1, true, PULPO_TEST(is_number(a[0]))},
    {"is_pid", 1, true, PULPO_TEST(a[0].is_pid())},
    {"is_reference", 1, true, PULPO_TEST(a[0].is_ref())},
    {"is_tuple", 1, true, PULPO_TEST(a[0].is_tuple())},
    {"length", 1, true, [](Arguments a) { return size_if(a[0].is_proper_list(), a[0].is_list() ? a[0].list_size() : 0); }},
    {"map_size", 1, true,
     [](Arguments a) -> Value {
       if (!a[0].is_map()) return clause_failure("BadMapError", "expected a map, got: ", "badmap"_atom, a[0]);
       return Term(static_cast<std::int64_t>(a[0].map_size()));
     }},
    {"max", 2, false, [](Arguments a) -> Value { return Term::compare(a[0], a[1]) < 0 ? a[1] : a[0]; }},
    {"min", 2, false, [](Arguments a) -> Value { return Term::compare(a[0], a[1]) > 0 ? a[1] : a[0]; }},
    {"put_elem", 3, false, put_element},
    {"rem", 2, true, [](Arguments a) { return divide_integers(a, "rem"); }},
    {"round", 1, true, [](Arguments a) { return whole(a[0], [](double value) { return std::round(value); }); }},
    {"tl", 1, true, tail},
    {"to_charlist", 1, false,
     [](Arguments a) -> Value {
       PULPO_TRY(const Term text, to_string(a[0]));
       if (!utf8::count(text.bytes())) return argument_failure();
       return Term::charlist(text.bytes());
     }},
    {"to_string", 1, false, [](Arguments a) { return to_string(a[0]); }},
    {"trunc", 1, true, [](Arguments a) { return whole(a[0], [](double value) { return std::trunc(value); }); }},
    {"tuple_size", 1, true, [](Arguments a) { return size_if(a[0].is_tuple(), a[0].is_tuple() ? a[0].elements().size() : 0); }},
};

#undef PULPO_TEST

/// Those that do something: the machine knows them.
struct Name {
  std::string_view name;
  std::uint8_t arity;
};
constexpr Name kEffects[] = {
    {"apply", 2}, {"apply", 3}, {"exit", 1},       {"flush", 0},      {"make_ref", 0},      {"node", 0},
    {"node", 1},  {"raise", 1}, {"raise", 2},      {"self", 0},       {"send", 2},          {"spawn", 1},
    {"spawn", 3}, {"throw", 1}, {"spawn_link", 1}, {"spawn_link", 3}, {"spawn_monitor", 1}, {"spawn_monitor", 3},
};

}  // namespace

const KernelFunction* find_kernel_function(Atom name, std::size_t arity) noexcept {
  const std::string_view text = name.text();
  const auto* each = std::lower_bound(std::begin(kFunctions), std::end(kFunctions), text,
                                      [](const KernelFunction& function, std::string_view wanted) { return function.name < wanted; });
  for (; each != std::end(kFunctions) && each->name == text; ++each) {
    if (each->arity == arity) return each;
  }
  return nullptr;
}

bool is_kernel_function(Atom name, std::size_t arity) noexcept {
  if (find_kernel_function(name, arity) != nullptr) return true;
  return std::any_of(std::begin(kEffects), std::end(kEffects),
                     [&](const Name& each) { return each.name == name.text() && each.arity == arity; });
}

std::size_t kernel_function_count() {
  std::set<std::string_view> names;
  for (const KernelFunction& each : kFunctions) names.insert(each.name);
  for (const Name& each : kEffects) names.insert(each.name);
  return names.size();
}

Value to_string(const Term& value) {
  switch (value.type()) {
    case Type::binary:
      return value;
    case Type::atom:
      return value.is_atom(atoms::nil) ? Term::binary("") : Term::binary(value.atom().text());
    case Type::integer:
    case Type::big_integer:
    case Type::floating:
      return Term::binary(value.text());
    case Type::nil:
      return Term::binary("");
    case Type::list: {
      std::string text;
      if (append_chardata(value, Encoding::unicode, text)) return Term::binary(text);
      return argument_failure("cannot convert the given list to a string: " + shown(value));
    }
    default:
      break;
  }
  return raised("Protocol.UndefinedError",
                fmt::format("protocol String.Chars not implemented for {} of type {}", shown(value), type_name(value)),
                Term::tuple({"protocol_undefined"_atom, value}));
}

}  // namespace pulpo::lang
