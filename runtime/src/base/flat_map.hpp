// SPDX-License-Identifier: Apache-2.0
//
// FlatMap: a map of small plain values in one block of memory, empty in one pointer.
//
// Made for the relations of processes: nearly all have one link or none, a few (a supervisor of a million) have very many. Up
// to kLinearMax entries are a plain array, searched from its start; beyond, a hash table with linear probing in the same kind of block.
//
//   Order      Iteration: as inserted while small, by hash when large; the same for the same history, so that a simulation replays.
//   Ownership  Owns its block. References and iterators die with the next insertion or removal.
//   Threads    One.
//   Bounds     None of its own. A block grows by doubling, does not shrink, and goes with the last entry.
//   Cost       find: a few compares, or one probe or two. One entry: 8 bytes and the entry, in one allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace pulpo {

template <class K, class V>
class FlatMap {
  static_assert(std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V>, "entries are moved as bytes");

 public:
  struct Entry {
    K first;
    V second;
  };

  FlatMap() noexcept = default;
  FlatMap(const FlatMap&) = delete;
  FlatMap& operator=(const FlatMap&) = delete;
  ~FlatMap() { std::free(block_); }

  void swap(FlatMap& other) noexcept { std::swap(block_, other.block_); }

  [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->count; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// Null when there is none.
  [[nodiscard]] V* find(const K& key) noexcept {
    if (block_ == nullptr) return nullptr;
    const std::uint32_t at = place(*block_, key);
    return at != kNowhere && is_used(*block_, at) ? &entries(*block_)[at].second : nullptr;
  }

  /// The entry of `key`, made with `value` when there was none; and whether it was made. Throws std::bad_alloc.
  std::pair<V*, bool> try_emplace(const K& key, const V& value) {
    if (V* const found = find(key)) return {found, false};
    make_room();
    Block& block = *block_;
    const std::uint32_t at = is_linear(block) ? block.count : place(block, key);
    new (&entries(block)[at]) Entry{key, value};
    if (!is_linear(block)) used(block)[at] = true;
    ++block.count;
    return {&entries(block)[at].second, true};
  }

  /// False when there was none.
  bool erase(const K& key) noexcept {
    if (block_ == nullptr) return false;
    const std::uint32_t at = place(*block_, key);
    if (at == kNowhere || !is_used(*block_, at)) return false;
    remove(*block_, at);
    return true;
  }

  /// Calls visit(key, value) for each; `visit` must not change the map.
  template <class F>
  void for_each(F&& visit) const {
    if (block_ == nullptr) return;
    for (std::uint32_t at = 0, end = is_linear(*block_) ? block_->count : block_->capacity; at < end; ++at) {
      if (is_used(*block_, at)) visit(std::as_const(entries(*block_)[at].first), std::as_const(entries(*block_)[at].second));
    }
  }

  template <class F>
  void erase_if(F&& unwanted) {
    std::vector<K> keys;
    for_each([&](const K& key, const V& value) {
      if (unwanted(key, value)) keys.push_back(key);
    });
    for (const K& key : keys) erase(key);
  }

 private:
  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
  // A cache line or two of entries: below that a search is quicker than a hash.
  static constexpr std::uint32_t kLinearMax = 8;

  struct Block {
    std::uint32_t count;
    std::uint32_t capacity;  ///< A power of two.
  };
  static constexpr std::size_t kEntriesAt = (sizeof(Block) + alignof(Entry) - 1) / alignof(Entry) * alignof(Entry);

  [[nodiscard]] static bool is_linear(const Block& block) noexcept { return block.capacity <= kLinearMax; }
  [[nodiscard]] static Entry* entries(Block& block) noexcept {
    return reinterpret_cast<Entry*>(reinterpret_cast<char*>(&block) + kEntriesAt);
  }
  /// Which places are taken; only a hash table has these, behind its entries.
  [[nodiscard]] static bool* used(Block& block) noexcept { return reinterpret_cast<bool*>(entries(block) + block.capacity); }
  [[nodiscard]] static bool is_used(Block& block, std::uint32_t at) noexcept {
    return is_linear(block) ? at < block.count : used(block)[at];
  }

  [[nodiscard]] static std::uint32_t home(const Block& block, const K& key) noexcept {
    // Fibonacci hashing: what std::hash gives may differ in its upper bits only.
    return static_cast<std::uint32_t>(std::uint64_t{std::hash<K>{}(key)} * 0x9e3779b97f4a7c15u >> 32) & (block.capacity - 1);
  }

  /// Where `key` is, or would go: the first free place of its run in a table, kNowhere in an array.
  [[nodiscard]] static std::uint32_t place(Block& block, const K& key) noexcept {
    if (is_linear(block)) {
      for (std::uint32_t at = 0; at < block.count; ++at) {
        if (entries(block)[at].first == key) return at;
      }
      return kNowhere;
    }
    std::uint32_t at = home(block, key);
    while (used(block)[at] && !(entries(block)[at].first == key)) at = (at + 1) & (block.capacity - 1);
    return at;
  }

  [[nodiscard]] static Block* make_block(std::uint32_t capacity) {
    const std::size_t flags = capacity <= kLinearMax ? 0 : capacity;
    auto* const block = static_cast<Block*>(std::malloc(kEntriesAt + capacity * sizeof(Entry) + flags));
    if (block == nullptr) throw std::bad_alloc();
    *block = {.count = 0, .capacity = capacity};
    if (flags != 0) std::uninitialized_fill_n(used(*block), capacity, false);
    return block;
  }

  void make_room() {
    if (block_ == nullptr) {
      block_ = make_block(1);
      return;
    }
    // A table is kept three quarters full at most: longer runs would cost more than the memory.
    const std::uint32_t limit = is_linear(*block_) ? block_->capacity : block_->capacity / 4 * 3;
    if (block_->count < limit) return;
    move_to(make_block(block_->capacity * 2));
  }

  void move_to(Block* wider) noexcept {
    for_each([&](const K& key, const V& value) {
      const std::uint32_t at = is_linear(*wider) ? wider->count : place(*wider, key);
      new (&entries(*wider)[at]) Entry{key, value};
      if (!is_linear(*wider)) used(*wider)[at] = true;
      ++wider->count;
    });
    std::free(std::exchange(block_, wider));
  }

  void remove(Block& block, std::uint32_t at) noexcept {
    if (--block.count == 0) {
      std::free(std::exchange(block_, nullptr));
      return;
    }
    if (is_linear(block)) {
      for (; at < block.count; ++at) entries(block)[at] = entries(block)[at + 1];
      return;
    }
    // What follows in the run moves up, so that no search stops at the gap.
    const std::uint32_t mask = block.capacity - 1;
    for (std::uint32_t next = (at + 1) & mask; used(block)[next]; next = (next + 1) & mask) {
      const std::uint32_t wanted = home(block, entries(block)[next].first);
      if (((next - wanted) & mask) < ((next - at) & mask)) continue;
      entries(block)[at] = entries(block)[next];
      at = next;
    }
    used(block)[at] = false;
  }

  Block* block_ = nullptr;
};

}  // namespace pulpo
