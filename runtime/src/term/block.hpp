// SPDX-License-Identifier: Apache-2.0
//
// Blocks: the memory behind boxed terms, and the one key to Term's inside that this folder uses.
//
//   Ownership  A new block has one reference, which TermAccess::adopt() hands to the term.
//   Threads    allocate_block()/free_block(): any. A pool per core may stand behind them one day; so free_block() is
//              told the size and may be called on another thread than the one that allocated.
//   Errors     Out of memory stops the node: terms are made in places that cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "pulpo/term.hpp"

namespace pulpo {

namespace detail {

using Shape = TermBlock::Shape;

/// What lies in the block of an object.
struct ObjectBox {
  std::shared_ptr<void> object;
  const ObjectType* type;
};
[[nodiscard]] inline const ObjectBox& object_box(const TermBlock& block) noexcept {
  return *std::launder(reinterpret_cast<const ObjectBox*>(block.data()));
}

/// Uninitialised memory for a block of `bytes` in all.
[[nodiscard]] void* allocate_block(std::size_t bytes) noexcept;
void free_block(void* memory, std::size_t bytes) noexcept;
/// Blocks from this size on are offered to what take_large_blocks() named: to free one may take milliseconds.
inline constexpr std::size_t kLargeBlock = 4 << 20;
/// Takes over memory of malloc(), to free it later; false when it cannot on this thread.
using LargeBlockTaker = bool (*)(void* memory, std::size_t bytes) noexcept;
/// For the whole program: who schedules says it, and says the same each time.
void take_large_blocks(LargeBlockTaker taker) noexcept;
/// The same memory with room for `bytes`, moved when it must be; null is a block of none.
[[nodiscard]] void* resize_block(void* memory, std::size_t bytes) noexcept;
/// Fills in the header of a block that lies in `memory`, as make_block() does.
[[nodiscard]] TermBlock* init_block(void* memory, Shape shape, std::size_t size, std::size_t payload, std::uint16_t extra) noexcept;

/// A block with its header filled in, and room for `payload` bytes. `size` as TermBlock says; below 2^32 (PULPO_ASSERT).
[[nodiscard]] TermBlock* make_block(Shape shape, std::size_t size, std::size_t payload, std::uint16_t extra = 0) noexcept;

/// How many terms lie in a block: elements and tail, keys and values, module and name and bound arguments.
[[nodiscard]] inline std::uint32_t term_count(const TermBlock& block) noexcept {
  switch (block.shape) {
    case Shape::tuple:
    case Shape::map:
      return block.size;
    case Shape::list:
      return block.size + 1;
    case Shape::function:
      return block.size + 2;
    case Shape::latin1_list:
    case Shape::wide_list:
    case Shape::binary:
    case Shape::big_integer:
    case Shape::object:
      break;
  }
  return 0;
}

/// Bytes of the block, header included.
[[nodiscard]] inline std::size_t block_bytes(const TermBlock& block) noexcept {
  std::size_t payload = block.size;
  if (block.shape == Shape::wide_list) {
    payload = std::size_t{block.size} * sizeof(char32_t);
  } else if (const std::uint32_t terms = term_count(block); terms > 0) {
    payload = std::size_t{terms} * sizeof(Term);
  } else if (block.shape == Shape::tuple || block.shape == Shape::map) {
    payload = 0;
  }
  return sizeof(TermBlock) + payload;
}

}  // namespace detail

struct TermAccess {
  /// The term of a new block; takes over its reference.
  [[nodiscard]] static Term adopt(Term::Type type, detail::TermBlock* block) noexcept {
    return Term(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(block)), detail::kBoxed | detail::term_tag(type));
  }
  [[nodiscard]] static detail::TermBlock* block(const Term& term) noexcept { return term.is_inline() ? nullptr : term.block(); }
  [[nodiscard]] static Term from_words(std::uint64_t low, std::uint64_t high) noexcept { return Term(low, high); }
  [[nodiscard]] static bool same_bits(const Term& left, const Term& right) noexcept {
    return left.low_ == right.low_ && left.high_ == right.high_;
  }
  /// Puts a copy of `from` into uninitialised `to`, one of `block`'s terms, and adds what it weighs.
  static void place(detail::TermBlock& block, Term* to, const Term& from) noexcept {
    new (to) Term(from);
    add_weight(block, from);
  }
  static void place(detail::TermBlock& block, Term* to, Term&& from) noexcept {
    add_weight(block, from);
    new (to) Term(std::move(from));
  }

 private:
  static void add_weight(detail::TermBlock& block, const Term& part) noexcept {
    if (part.is_inline()) return;
    const std::uint32_t sum = block.alive.weight + part.block()->alive.weight;
    block.alive.weight = sum < block.alive.weight ? UINT32_MAX : sum;
  }
};

}  // namespace pulpo
