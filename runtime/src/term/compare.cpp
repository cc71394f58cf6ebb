// SPDX-License-Identifier: Apache-2.0
//
// Erlang's order of terms, walked with a stack of its own. Types first; then numbers by value, atoms by
// text, tuples and maps by size before content, lists as chains of pairs, binaries byte by byte.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>

#include "pulpo/term.hpp"
#include "term/block.hpp"
#include "term/small_stack.hpp"

namespace pulpo {
namespace {

using detail::Shape;
using detail::TermBlock;
using Type = Term::Type;

template <class T>
int sign_of(const T& left, const T& right) noexcept {
  return left < right ? -1 : right < left ? 1 : 0;
}

/// Terms to compare side by side, `stride` apart; or, with left null, the verdict when all before were equal.
struct Step {
  const Term* left;
  const Term* right;
  std::uint32_t count;
  std::uint8_t stride;
  bool exact;
  std::int8_t verdict;
};
using Steps = detail::SmallStack<Step, 16>;

int rank_of(Type type, bool exact) noexcept {
  if (type == Type::big_integer || (type == Type::floating && !exact)) type = Type::integer;
  return static_cast<int>(type);
}

int compare_magnitudes(ByteView left, ByteView right) noexcept {
  if (left.size() != right.size()) return sign_of(left.size(), right.size());
  for (std::size_t i = left.size(); i-- > 0;) {
    if (left[i] != right[i]) return sign_of(static_cast<unsigned char>(left[i]), static_cast<unsigned char>(right[i]));
  }
  return 0;
}

int compare_big(const Term& left, const Term& right) noexcept {
  const auto a = left.big_integer_parts();
  const auto b = right.big_integer_parts();
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int order = compare_magnitudes(a.magnitude, b.magnitude);
  return a.negative ? -order : order;
}

int compare_integer_double(std::int64_t left, double right) noexcept {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (right >= kTwo63) return -1;
  if (right < -kTwo63) return 1;
  const double whole = std::trunc(right);  // fits 64 bits, and no digit is lost on the way
  if (const int order = sign_of(left, static_cast<std::int64_t>(whole)); order != 0) return order;
  return sign_of(whole, right);
}

int compare_big_double(const Term& left, double right) noexcept {
  const auto big = left.big_integer_parts();
  constexpr double kTwo63 = 9223372036854775808.0;
  const bool negative = right < 0;
  if (std::abs(right) < kTwo63 || negative != big.negative) return big.negative ? -1 : 1;
  // Beyond 2^53 a double is a whole number: 53 bits, shifted. Written out it is a magnitude like the other.
  const auto bits = std::bit_cast<std::uint64_t>(right);
  const unsigned shift = static_cast<unsigned>((bits >> 52) & 0x7ff) - 1075;
  const std::uint64_t mantissa = (bits & 0xfffffffffffff) | (std::uint64_t{1} << 52);
  char bytes[136] = {};  // 2^1024 at most, and the spill of the last word
  for (unsigned bit = 0; bit < 53; ++bit) {
    if (((mantissa >> bit) & 1) == 0) continue;
    const unsigned at = bit + shift;
    bytes[at / 8] = static_cast<char>(static_cast<unsigned char>(bytes[at / 8]) | (1u << (at % 8)));
  }
  ByteView magnitude(bytes, sizeof bytes);
  while (!magnitude.empty() && magnitude.back() == 0) magnitude.remove_suffix(1);
  const int order = compare_magnitudes(big.magnitude, magnitude);
  return negative ? -order : order;
}

/// Of two numbers; in the exact order both are integers or both are floats.
int compare_numbers(const Term& left, const Term& right) noexcept {
  const Type a = left.type();
  const Type b = right.type();
  if (a == Type::floating && b == Type::floating) return sign_of(left.floating(), right.floating());
  if (a == Type::floating) return -compare_numbers(right, left);
  if (b == Type::floating) {
    return a == Type::integer ? compare_integer_double(left.integer(), right.floating()) : compare_big_double(left, right.floating());
  }
  if (a == Type::integer && b == Type::integer) return sign_of(left.integer(), right.integer());
  if (a == Type::big_integer && b == Type::big_integer) return compare_big(left, right);
  if (a == Type::big_integer) return left.big_integer_parts().negative ? -1 : 1;
  return right.big_integer_parts().negative ? 1 : -1;
}

int compare_bytes(ByteView left, ByteView right) noexcept {
  const int order = left.compare(right);  // char_traits<char> compares as unsigned
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

int compare_pids(const Pid& left, const Pid& right) noexcept {
  if (left.serial != right.serial) return sign_of(left.serial, right.serial);
  if (left.id != right.id) return sign_of(left.id, right.id);
  return sign_of(left.node, right.node);
}

int compare_refs(const Ref& left, const Ref& right) noexcept {
  if (left.node != right.node) return sign_of(left.node, right.node);
  if (left.third != right.third) return sign_of(left.third, right.third);
  if (left.second != right.second) return sign_of(left.second, right.second);
  return sign_of(left.first, right.first);
}

/// The order of what is left when one list ends, with `tail`, where the other goes on.
int ended_list_order(const Term& tail, bool exact) noexcept { return rank_of(tail.type(), exact) < rank_of(Type::list, exact) ? -1 : 1; }

/// Lists of which one at least is compact: its elements are integers, so nothing has to be put off.
int compare_compact_lists(const Term& left, const Term& right, bool exact) noexcept {
  const std::size_t common = std::min(left.list_size(), right.list_size());
  for (std::size_t i = 0; i < common; ++i) {
    const Term a = left.list_at(i);
    const Term b = right.list_at(i);
    if (TermAccess::same_bits(a, b)) continue;
    const int types = sign_of(rank_of(a.type(), exact), rank_of(b.type(), exact));
    const int order = types != 0 ? types : compare_numbers(a, b);
    if (order != 0) return order;
  }
  if (left.list_size() < right.list_size()) return ended_list_order(left.list_tail(), exact);
  if (left.list_size() > right.list_size()) return -ended_list_order(right.list_tail(), exact);
  return sign_of(rank_of(left.list_tail().type(), exact), rank_of(right.list_tail().type(), exact));
}

int open_lists(const Term& left, const Term& right, bool exact, Steps& steps) noexcept {
  const TermBlock& a = *TermAccess::block(left);
  const TermBlock& b = *TermAccess::block(right);
  if (a.shape != Shape::list || b.shape != Shape::list) return compare_compact_lists(left, right, exact);
  const std::uint32_t common = std::min(a.size, b.size);
  if (a.size == b.size) {
    steps.push({a.terms(), b.terms(), common + 1, 1, exact, 0});  // the tails lie behind the elements
    return 0;
  }
  const int verdict = a.size < b.size ? ended_list_order(a.terms()[a.size], exact) : -ended_list_order(b.terms()[b.size], exact);
  steps.push({nullptr, nullptr, 0, 0, exact, static_cast<std::int8_t>(verdict)});
  steps.push({a.terms(), b.terms(), common, 1, exact, 0});
  return 0;
}

/// Of two terms whose bits differ. What lies inside them is put on `steps`.
int compare_heads(const Term& left, const Term& right, bool exact, Steps& steps) noexcept {
  if (const int types = sign_of(rank_of(left.type(), exact), rank_of(right.type(), exact)); types != 0) return types;
  switch (left.type()) {
    case Type::floating:
      if (exact) {
        if (const int order = sign_of(left.floating(), right.floating()); order != 0) return order;
        return std::signbit(left.floating()) ? -1 : 1;  // 0.0 and -0.0: bits that differ
      }
      return compare_numbers(left, right);
    case Type::integer:
    case Type::big_integer:
      return compare_numbers(left, right);
    case Type::atom:
      return compare_bytes(left.atom().text(), right.atom().text());
    case Type::reference:
      return compare_refs(left.ref(), right.ref());
    case Type::pid:
      return compare_pids(left.pid(), right.pid());
    case Type::binary:
      return compare_bytes(left.bytes(), right.bytes());
    case Type::list:
      return open_lists(left, right, exact, steps);
    case Type::object: {
      const void* const a = detail::object_box(*TermAccess::block(left)).object.get();
      const void* const b = detail::object_box(*TermAccess::block(right)).object.get();
      return a == b ? 0 : std::less<>()(a, b) ? -1 : 1;
    }
    case Type::tuple:
    case Type::map:
    case Type::function:
      break;
    case Type::nil:
    case Type::port:
      return 0;
  }
  const TermBlock& a = *TermAccess::block(left);
  const TermBlock& b = *TermAccess::block(right);
  if (left.type() == Type::function) {
    const Term::Function f = left.function_parts();
    const Term::Function g = right.function_parts();
    if (f.module != g.module) return compare_bytes(f.module.text(), g.module.text());
    if (f.name != g.name) return compare_bytes(f.name.text(), g.name.text());
    if (f.arity != g.arity) return sign_of(f.arity, g.arity);
  }
  if (a.size != b.size) return sign_of(a.size, b.size);
  if (left.type() == Type::map) {
    // All keys come before all values (Erlang's order of maps), and keys are compared exactly.
    steps.push({a.terms() + 1, b.terms() + 1, a.size / 2, 2, exact, 0});
    steps.push({a.terms(), b.terms(), a.size / 2, 2, true, 0});
  } else {
    steps.push({a.terms(), b.terms(), detail::term_count(a), 1, exact, 0});
  }
  return 0;
}

int compare_terms(const Term& left, const Term& right, bool exact) noexcept {
  Steps steps;
  steps.push({&left, &right, 1, 1, exact, 0});
  while (!steps.empty()) {
    Step& step = steps.top();
    if (step.left == nullptr) return step.verdict;
    if (step.count == 0) {
      steps.pop();
      continue;
    }
    const Term& a = *step.left;
    const Term& b = *step.right;
    const bool step_exact = step.exact;
    step.left += step.stride;
    step.right += step.stride;
    if (--step.count == 0) steps.pop();  // before its last pair is opened: a chain then needs no stack
    if (TermAccess::same_bits(a, b)) continue;
    if (const int order = compare_heads(a, b, step_exact, steps); order != 0) return order;
  }
  return 0;
}

}  // namespace

std::weak_ordering Term::compare(const Term& left, const Term& right) noexcept { return compare_terms(left, right, false) <=> 0; }

std::strong_ordering Term::compare_exactly(const Term& left, const Term& right) noexcept { return compare_terms(left, right, true) <=> 0; }

}  // namespace pulpo
