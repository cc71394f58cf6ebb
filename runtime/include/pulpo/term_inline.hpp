// SPDX-License-Identifier: Apache-2.0
//
// The hot part of Term: what making, copying, looking at and dropping an inline term costs is decided here, so it
// lies where every caller's compiler sees it. Included by pulpo/term.hpp only.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>

#include "pulpo/assert.hpp"
#include "pulpo/term.hpp"  // IWYU pragma: keep

namespace pulpo {

static_assert(std::endian::native == std::endian::little, "inline binaries lie in the bytes of the two words");

namespace detail {

/// What stands before the content of every boxed term. Immutable but for the count.
struct alignas(8) TermBlock {
  enum class Shape : std::uint8_t { tuple, map, list, latin1_list, wide_list, binary, big_integer, function, object };

  struct Alive {
    std::uint32_t references;
    std::uint32_t weight;  ///< Of this block and all below it, once per reference, in units of 16 bytes; saturates.
  };
  union {
    Alive alive;
    TermBlock* next_dead;  ///< Blocks being freed hang together, so that no stack is needed to free a deep term.
  };
  Shape shape;
  bool shared;          ///< The count is atomic; set before the block is known to a second thread, never unset.
  std::uint16_t extra;  ///< Sign of a big integer, arity of a function.
  std::uint32_t size;   ///< Elements of a tuple, a list (before its tail) or bound arguments; terms of a map; bytes.

  [[nodiscard]] Term* terms() noexcept { return reinterpret_cast<Term*>(this + 1); }
  [[nodiscard]] const Term* terms() const noexcept { return reinterpret_cast<const Term*>(this + 1); }
  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* data() const noexcept { return reinterpret_cast<const char*>(this + 1); }
};
static_assert(sizeof(TermBlock) == 16);

inline void retain(TermBlock* block) noexcept {
  if (block->shared) {
    std::atomic_ref(block->alive.references).fetch_add(1, std::memory_order_relaxed);
  } else {
    ++block->alive.references;
  }
}

/// Frees `block`, which nobody refers to any more, and all that nobody refers to then.
void destroy(TermBlock* block) noexcept;

inline void release(TermBlock* block) noexcept {
  const bool last = block->shared ? std::atomic_ref(block->alive.references).fetch_sub(1, std::memory_order_acq_rel) == 1
                                  : --block->alive.references == 0;
  if (last) destroy(block);
}

inline constexpr std::uint64_t kBoxed = std::uint64_t{1} << 63;
inline constexpr unsigned kBinaryInlineMax = 14;

[[nodiscard]] constexpr std::uint64_t term_tag(Term::Type type) noexcept { return static_cast<std::uint64_t>(type) << 56; }

}  // namespace detail

inline Term::Term() noexcept : Term(std::uint64_t{0}, detail::term_tag(Type::atom)) {}
inline Term::Term(Atom atom) noexcept : Term(std::uint64_t{atom.index()}, detail::term_tag(Type::atom)) {}
inline Term::Term(bool value) noexcept : Term(value ? atoms::true_ : atoms::false_) {}
inline Term::Term(Integer, std::int64_t value) noexcept : Term(static_cast<std::uint64_t>(value), detail::term_tag(Type::integer)) {}
inline Term::Term(const Pid& pid) noexcept : Term(pid.id | (std::uint64_t{pid.serial} << 32), pid.node | detail::term_tag(Type::pid)) {}
inline Term Term::empty_list() noexcept { return Term(std::uint64_t{0}, detail::term_tag(Type::nil)); }

inline bool Term::is_inline() const noexcept { return (high_ & detail::kBoxed) == 0; }
inline detail::TermBlock* Term::block() const noexcept {
  auto address = static_cast<std::uintptr_t>(low_);
  // Hides the number from gcc, which after a comparison with an atom's index takes the boxed branch for an access near null (PR 99578).
  asm("" : "+r"(address));
  return reinterpret_cast<detail::TermBlock*>(address);
}

inline Term::Term(const Term& other) noexcept : low_(other.low_), high_(other.high_) {
  if (!is_inline()) detail::retain(block());
}
inline Term::Term(Term&& other) noexcept : low_(other.low_), high_(other.high_) {
  other.low_ = 0;
  other.high_ = detail::term_tag(Type::atom);
}
inline Term& Term::operator=(const Term& other) noexcept {
  if (!other.is_inline()) detail::retain(other.block());  // first: it may lie within what this one holds
  const std::uint64_t low = other.low_;
  const std::uint64_t high = other.high_;
  if (!is_inline()) detail::release(block());
  low_ = low;
  high_ = high;
  return *this;
}
inline Term& Term::operator=(Term&& other) noexcept {
  Term taken(std::move(other));
  std::swap(low_, taken.low_);
  std::swap(high_, taken.high_);
  return *this;
}
inline Term::~Term() {
  if (!is_inline()) detail::release(block());
}

inline Term::Type Term::type() const noexcept { return static_cast<Type>((high_ >> 56) & 0x0f); }
inline bool Term::holds(Type wanted) const noexcept { return type() == wanted; }
inline bool Term::is_atom() const noexcept { return holds(Type::atom); }
inline bool Term::is_atom(Atom wanted) const noexcept { return is_atom() && low_ == wanted.index(); }
inline bool Term::is_integer() const noexcept { return holds(Type::integer); }
inline bool Term::is_tuple() const noexcept { return holds(Type::tuple); }
inline bool Term::is_tuple(std::size_t size) const noexcept { return is_tuple() && block()->size == size; }
inline bool Term::is_list() const noexcept { return holds(Type::list) || holds(Type::nil); }
inline bool Term::is_map() const noexcept { return holds(Type::map); }
inline bool Term::is_binary() const noexcept { return holds(Type::binary); }
inline bool Term::is_pid() const noexcept { return holds(Type::pid); }
inline bool Term::is_ref() const noexcept { return holds(Type::reference); }
inline bool Term::is_object() const noexcept { return holds(Type::object); }

inline Atom Term::atom() const noexcept {
  PULPO_ASSERT(is_atom());
  return Atom::from_index(static_cast<std::uint32_t>(low_));
}
inline std::int64_t Term::integer() const noexcept {
  PULPO_ASSERT(is_integer());
  return static_cast<std::int64_t>(low_);
}
inline double Term::floating() const noexcept {
  PULPO_ASSERT(holds(Type::floating));
  return std::bit_cast<double>(low_);
}
inline Pid Term::pid() const noexcept {
  PULPO_ASSERT(is_pid());
  return {.node = static_cast<NodeIndex>(high_), .id = static_cast<std::uint32_t>(low_), .serial = static_cast<std::uint32_t>(low_ >> 32)};
}
inline Ref Term::ref() const noexcept {
  PULPO_ASSERT(is_ref());
  return {.node = static_cast<NodeIndex>(high_),
          .first = static_cast<std::uint32_t>(high_ >> 32) & 0x3ffff,
          .second = static_cast<std::uint32_t>(low_),
          .third = static_cast<std::uint32_t>(low_ >> 32)};
}
inline ByteView Term::bytes() const& noexcept {
  PULPO_ASSERT(is_binary());
  if (is_inline()) return {reinterpret_cast<const char*>(this), static_cast<std::size_t>((high_ >> 48) & 0xff)};
  return {block()->data(), block()->size};
}
inline std::span<const Term> Term::elements() const noexcept {
  PULPO_ASSERT(is_tuple());
  return {block()->terms(), block()->size};
}
inline std::span<const Term> Term::map_items() const noexcept {
  PULPO_ASSERT(is_map());
  return {block()->terms(), block()->size};
}
inline std::size_t Term::heap_bytes() const noexcept {
  if (is_inline()) return 0;
  constexpr std::uint64_t kUnit = 16;
  return static_cast<std::size_t>(std::min<std::uint64_t>(block()->alive.weight * kUnit, SIZE_MAX / 2));
}

}  // namespace pulpo
