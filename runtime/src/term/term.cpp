// SPDX-License-Identifier: Apache-2.0
#include "pulpo/term.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pulpo/assert.hpp"
#include "term/block.hpp"
#include "term/utf8.hpp"

namespace pulpo {

using detail::make_block;
using detail::Shape;
using detail::TermBlock;

namespace {

constexpr std::uint32_t kRefFirstMax = (1u << 18) - 1;

/// Element `index` of a charlist's block.
std::int64_t code_at(const TermBlock& block, std::size_t index) noexcept {
  if (block.shape == Shape::latin1_list) return static_cast<unsigned char>(block.data()[index]);
  return load_unaligned<std::uint32_t>(block.data() + index * sizeof(std::uint32_t));
}

}  // namespace

Term::Term(double value) : Term(std::bit_cast<std::uint64_t>(value), detail::term_tag(Type::floating)) {
  PULPO_ASSERT(std::isfinite(value));
}

Term::Term(const Ref& ref) noexcept
    : Term(ref.second | (std::uint64_t{ref.third} << 32), ref.node | (std::uint64_t{ref.first} << 32) | detail::term_tag(Type::reference)) {
  PULPO_ASSERT(ref.first <= kRefFirstMax);
}

Term Term::binary(ByteView bytes) {
  if (bytes.size() <= detail::kBinaryInlineMax) {
    std::uint64_t words[2] = {0, 0};
    if (!bytes.empty()) std::memcpy(words, bytes.data(), bytes.size());
    return Term(words[0], words[1] | (static_cast<std::uint64_t>(bytes.size()) << 48) | detail::term_tag(Type::binary));
  }
  TermBlock* block = make_block(Shape::binary, bytes.size(), bytes.size());
  std::memcpy(block->data(), bytes.data(), bytes.size());
  return TermAccess::adopt(Type::binary, block);
}

Term Term::tuple(std::span<const Term> elements) {
  TermBlock* block = make_block(Shape::tuple, elements.size(), elements.size_bytes());
  Term* at = block->terms();
  for (const Term& element : elements) TermAccess::place(*block, at++, element);
  return TermAccess::adopt(Type::tuple, block);
}

Term Term::list(std::span<const Term> elements, const Term& tail) {
  if (elements.empty()) return tail;
  const bool joins = tail.type() == Type::list;
  const std::size_t more = joins ? tail.list_size() : 0;
  const std::size_t size = elements.size() + more;
  TermBlock* block = make_block(Shape::list, size, (size + 1) * sizeof(Term));
  Term* at = block->terms();
  for (const Term& element : elements) TermAccess::place(*block, at++, element);
  for (std::size_t i = 0; i < more; ++i) TermAccess::place(*block, at++, tail.list_at(i));
  TermAccess::place(*block, at, joins ? tail.list_tail() : tail);
  return TermAccess::adopt(Type::list, block);
}

Term Term::charlist(std::string_view utf8) {
  if (utf8.empty()) return empty_list();
  std::size_t count = 0;
  bool wide = false;
  for (std::string_view rest = utf8; !rest.empty(); ++count) {
    const char32_t point = utf8::take(rest);
    PULPO_ASSERT(point != utf8::kInvalid);
    wide = wide || point > 0xff;
  }
  const std::size_t width = wide ? sizeof(std::uint32_t) : 1;
  TermBlock* block = make_block(wide ? Shape::wide_list : Shape::latin1_list, count, count * width);
  char* at = block->data();
  for (std::string_view rest = utf8; !rest.empty(); at += width) {
    const std::uint32_t point = utf8::take(rest);
    std::memcpy(at, &point, width);
  }
  return TermAccess::adopt(Type::list, block);
}

Term Term::map(std::vector<std::pair<Term, Term>> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return compare_exactly(a.first, b.first) < 0; });
  // Of equal keys the last one given stays: each pair that has its like behind it goes.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i].first == pairs[i + 1].first) continue;
    if (kept != i) pairs[kept] = std::move(pairs[i]);
    ++kept;
  }
  TermBlock* block = make_block(Shape::map, kept * 2, kept * 2 * sizeof(Term));
  Term* at = block->terms();
  for (std::size_t i = 0; i < kept; ++i) {
    TermAccess::place(*block, at++, std::move(pairs[i].first));
    TermAccess::place(*block, at++, std::move(pairs[i].second));
  }
  return TermAccess::adopt(Type::map, block);
}

Term Term::big_integer(bool negative, ByteView magnitude) {
  while (!magnitude.empty() && magnitude.back() == 0) magnitude.remove_suffix(1);
  if (magnitude.size() <= 8) {
    std::uint64_t value = 0;
    if (!magnitude.empty()) std::memcpy(&value, magnitude.data(), magnitude.size());
    constexpr std::uint64_t kTop = std::uint64_t{1} << 63;
    if (value < kTop || (negative && value == kTop)) return Term(Integer{}, static_cast<std::int64_t>(negative ? 0 - value : value));
  }
  TermBlock* block = make_block(Shape::big_integer, magnitude.size(), magnitude.size(), negative ? 1 : 0);
  std::memcpy(block->data(), magnitude.data(), magnitude.size());
  return TermAccess::adopt(Type::big_integer, block);
}

Term Term::function(Atom module, Atom name, std::uint8_t arity, std::span<const Term> bound) {
  PULPO_ASSERT(bound.size() <= arity);
  TermBlock* block = make_block(Shape::function, bound.size(), (bound.size() + 2) * sizeof(Term), arity);
  Term* at = block->terms();
  TermAccess::place(*block, at++, Term(module));
  TermAccess::place(*block, at++, Term(name));
  for (const Term& argument : bound) TermAccess::place(*block, at++, argument);
  return TermAccess::adopt(Type::function, block);
}

Term Term::make_object(std::shared_ptr<void> object, const detail::ObjectType& type) {
  PULPO_ASSERT(object != nullptr);
  TermBlock* block = make_block(Shape::object, sizeof(detail::ObjectBox), sizeof(detail::ObjectBox));
  new (block->data()) detail::ObjectBox{std::move(object), &type};
  return TermAccess::adopt(Type::object, block);
}

std::shared_ptr<void> Term::object_of(const detail::ObjectType& type) const noexcept {
  if (!is_object()) return nullptr;
  const detail::ObjectBox& box = detail::object_box(*block());
  return box.type == &type ? box.object : nullptr;
}

std::string_view Term::object_type() const noexcept {
  PULPO_ASSERT(is_object());
  return detail::object_box(*block()).type->name;
}

bool Term::is_proper_list() const noexcept {
  if (holds(Type::nil)) return true;
  return holds(Type::list) && (block()->shape != Shape::list || block()->terms()[block()->size].holds(Type::nil));
}

std::size_t Term::list_size() const noexcept {
  PULPO_ASSERT(is_list());
  return holds(Type::nil) ? 0 : block()->size;
}

Term Term::list_at(std::size_t index) const {
  PULPO_ASSERT(index < list_size());
  if (block()->shape == Shape::list) return block()->terms()[index];
  return Term(code_at(*block(), index));
}

Term Term::list_tail() const noexcept {
  PULPO_ASSERT(is_list());
  if (holds(Type::nil) || block()->shape != Shape::list) return empty_list();
  return block()->terms()[block()->size];
}

std::optional<std::string> Term::charlist_text() const {
  if (!is_proper_list()) return std::nullopt;
  std::string text;
  const std::size_t size = list_size();
  text.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    std::int64_t code = 0;
    if (block()->shape == Shape::list) {
      const Term& element = block()->terms()[i];
      if (!element.is_integer()) return std::nullopt;
      code = element.integer();
    } else {
      code = code_at(*block(), i);
    }
    if (code < 0 || code > 0x10ffff || !utf8::is_scalar(static_cast<char32_t>(code))) return std::nullopt;
    utf8::append(text, static_cast<char32_t>(code));
  }
  return text;
}

std::optional<std::string> Term::as_text() const {
  if (is_binary()) return std::string(bytes());
  if (is_list()) return charlist_text();
  return std::nullopt;
}

const Term* Term::map_find(const Term& key) const noexcept {
  const std::span<const Term> items = map_items();
  std::size_t low = 0;
  std::size_t high = items.size() / 2;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::strong_ordering order = compare_exactly(items[middle * 2], key);
    if (order == 0) return &items[middle * 2 + 1];
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return nullptr;
}

Term::BigInteger Term::big_integer_parts() const noexcept {
  PULPO_ASSERT(holds(Type::big_integer));
  return {.negative = block()->extra != 0, .magnitude = {block()->data(), block()->size}};
}

Term::Function Term::function_parts() const noexcept {
  PULPO_ASSERT(holds(Type::function));
  const Term* terms = block()->terms();
  return {.module = terms[0].atom(),
          .name = terms[1].atom(),
          .arity = static_cast<std::uint8_t>(block()->extra),
          .bound = {terms + 2, block()->size}};
}

}  // namespace pulpo
