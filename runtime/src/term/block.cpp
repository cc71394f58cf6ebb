// SPDX-License-Identifier: Apache-2.0
#include "term/block.hpp"

#include <atomic>
#include <cstdlib>

#include "pulpo/assert.hpp"
#include "term/small_stack.hpp"

namespace pulpo {
namespace {

std::atomic<detail::LargeBlockTaker> large_block_taker{nullptr};

}  // namespace

namespace detail {

void take_large_blocks(LargeBlockTaker taker) noexcept { large_block_taker.store(taker, std::memory_order_relaxed); }

void* allocate_block(std::size_t bytes) noexcept {
  void* memory = std::malloc(bytes);  // NOLINT: a block is raw memory
  PULPO_ASSERT(memory != nullptr);
  return memory;
}

void free_block(void* memory, std::size_t bytes) noexcept {
  if (bytes >= kLargeBlock) [[unlikely]] {
    const LargeBlockTaker taker = large_block_taker.load(std::memory_order_relaxed);
    if (taker != nullptr && taker(memory, bytes)) return;
  }
  std::free(memory);  // NOLINT
}

void* resize_block(void* memory, std::size_t bytes) noexcept {
  void* const moved = std::realloc(memory, bytes);  // NOLINT: as above
  PULPO_ASSERT(moved != nullptr);
  return moved;
}

TermBlock* make_block(Shape shape, std::size_t size, std::size_t payload, std::uint16_t extra) noexcept {
  return init_block(allocate_block(sizeof(TermBlock) + payload), shape, size, payload, extra);
}

TermBlock* init_block(void* memory, Shape shape, std::size_t size, std::size_t payload, std::uint16_t extra) noexcept {
  PULPO_ASSERT(size < UINT32_MAX);
  const std::size_t bytes = sizeof(TermBlock) + payload;
  auto* block = static_cast<TermBlock*>(memory);
  block->alive = {1, static_cast<std::uint32_t>((bytes + 15) / 16)};
  block->shape = shape;
  block->shared = false;
  block->extra = extra;
  block->size = static_cast<std::uint32_t>(size);
  return block;
}

void destroy(TermBlock* block) noexcept {
  block->next_dead = nullptr;
  TermBlock* dead = block;
  while (dead != nullptr) {
    TermBlock* const current = dead;
    dead = current->next_dead;
    const std::uint32_t count = term_count(*current);
    for (std::uint32_t i = 0; i < count; ++i) {
      TermBlock* const part = TermAccess::block(current->terms()[i]);
      if (part == nullptr) continue;
      const bool last = part->shared ? std::atomic_ref(part->alive.references).fetch_sub(1, std::memory_order_acq_rel) == 1
                                     : --part->alive.references == 0;
      if (!last) continue;
      part->next_dead = dead;
      dead = part;
    }
    if (current->shape == Shape::object) object_box(*current).~ObjectBox();
    free_block(current, block_bytes(*current));
  }
}

}  // namespace detail

void Term::share() const noexcept {
  detail::TermBlock* const top = TermAccess::block(*this);
  // What a shared block holds is shared already: it was when the block became so, and blocks do not change.
  if (top == nullptr || top->shared) return;
  detail::SmallStack<detail::TermBlock*, 64> open;
  top->shared = true;
  open.push(top);
  while (!open.empty()) {
    const detail::TermBlock* const current = open.top();
    open.pop();
    const std::uint32_t count = detail::term_count(*current);
    for (std::uint32_t i = 0; i < count; ++i) {
      detail::TermBlock* const part = TermAccess::block(current->terms()[i]);
      if (part == nullptr || part->shared) continue;
      part->shared = true;
      open.push(part);
    }
  }
}

}  // namespace pulpo
