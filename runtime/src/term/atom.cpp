// SPDX-License-Identifier: Apache-2.0
//
// The atom table. An entry never moves and never goes away: entries lie in pages that an array of atomic
// pointers names, so text() reads two words and takes no lock. The hash index beside them is the lock's.
#include "pulpo/atom.hpp"

#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "pulpo/assert.hpp"
#include "term/utf8.hpp"

namespace pulpo {
namespace {

struct Entry {
  const char* text;
  std::uint32_t size;  // bytes
  std::uint32_t hash;
};

constexpr std::string_view kKnownTexts[] = {
#define PULPO_X(name, text) text,
    PULPO_KNOWN_ATOMS(PULPO_X)
#undef PULPO_X
};

constexpr std::uint32_t kPageBits = 10;  // 16 KiB of entries a page: a small node has one or two
constexpr std::uint32_t kPageSize = 1u << kPageBits;
constexpr std::size_t kTextBlockSize = 16 * 1024;

std::uint32_t hash_of(std::string_view text) noexcept {
  std::uint32_t hash = 2166136261u;  // FNV-1a: names are short
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash ^ (hash >> 15);
}

class Table {
 public:
  /// `make` false: finds only.
  std::optional<std::uint32_t> look_up(std::string_view text, bool make) noexcept {
    const std::uint32_t hash = hash_of(text);
    const std::lock_guard lock(mutex_);
    if (slots_ == nullptr) preset();
    std::uint32_t* slot = probe(text, hash);
    if (*slot != kFree) return *slot - 1;
    const std::uint32_t index = count_.load(std::memory_order_relaxed);
    if (!make || index == Atom::kCountMax) return std::nullopt;
    return insert(slot, keep(text), static_cast<std::uint32_t>(text.size()), hash);
  }

  [[nodiscard]] std::string_view text(std::uint32_t index) const noexcept {
    if (index < atoms::kKnownCount) return kKnownTexts[index];  // also before preset()
    PULPO_ASSERT(index < Atom::kCountMax);
    const Entry* page = pages_[index >> kPageBits].load(std::memory_order_acquire);
    PULPO_ASSERT(page != nullptr);
    const Entry& entry = page[index & (kPageSize - 1)];
    return {entry.text, entry.size};
  }

  [[nodiscard]] std::uint32_t count() const noexcept {
    const std::uint32_t made = count_.load(std::memory_order_acquire);
    return made == 0 ? static_cast<std::uint32_t>(atoms::kKnownCount) : made;
  }

 private:
  static constexpr std::uint32_t kFree = 0;  // a slot holds an index plus one

  template <class T>
  static T* allocate(std::size_t count) noexcept {
    void* memory = std::calloc(count, sizeof(T));  // NOLINT: never freed, needs no constructor
    PULPO_ASSERT(memory != nullptr);
    return static_cast<T*>(memory);
  }

  void preset() noexcept {
    slot_count_ = 1024;
    slots_ = allocate<std::uint32_t>(slot_count_);
    for (const std::string_view known : kKnownTexts) {
      const std::uint32_t hash = hash_of(known);
      std::uint32_t* slot = probe(known, hash);
      PULPO_ASSERT(*slot == kFree);  // a known atom is listed twice
      insert(slot, known.data(), static_cast<std::uint32_t>(known.size()), hash);
    }
  }

  [[nodiscard]] const Entry& entry(std::uint32_t index) const noexcept {
    return pages_[index >> kPageBits].load(std::memory_order_relaxed)[index & (kPageSize - 1)];
  }

  std::uint32_t* probe(std::string_view text, std::uint32_t hash) noexcept {
    for (std::uint32_t at = hash;; ++at) {
      std::uint32_t* slot = &slots_[at & (slot_count_ - 1)];
      if (*slot == kFree) return slot;
      const Entry& found = entry(*slot - 1);
      if (found.hash == hash && std::string_view(found.text, found.size) == text) return slot;
    }
  }

  std::uint32_t insert(std::uint32_t* slot, const char* text, std::uint32_t size, std::uint32_t hash) noexcept {
    const std::uint32_t index = count_.load(std::memory_order_relaxed);
    auto& page = pages_[index >> kPageBits];
    Entry* entries = page.load(std::memory_order_relaxed);
    if (entries == nullptr) entries = allocate<Entry>(kPageSize);
    entries[index & (kPageSize - 1)] = {text, size, hash};
    page.store(entries, std::memory_order_release);
    *slot = index + 1;
    count_.store(index + 1, std::memory_order_release);
    if (index + 1 > slot_count_ / 2) grow();
    return index;
  }

  void grow() noexcept {
    std::free(slots_);  // NOLINT
    slot_count_ *= 2;
    slots_ = allocate<std::uint32_t>(slot_count_);
    for (std::uint32_t index = 0; index < count_.load(std::memory_order_relaxed); ++index) {
      std::uint32_t at = entry(index).hash;
      while (slots_[at & (slot_count_ - 1)] != kFree) ++at;
      slots_[at & (slot_count_ - 1)] = index + 1;
    }
  }

  const char* keep(std::string_view text) noexcept {
    if (text.size() > text_left_) {
      text_at_ = allocate<char>(kTextBlockSize);
      text_left_ = kTextBlockSize;
    }
    char* at = text_at_;
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    text_at_ += text.size();
    text_left_ -= text.size();
    return at;
  }

  std::mutex mutex_;
  std::uint32_t* slots_ = nullptr;
  std::uint32_t slot_count_ = 0;
  char* text_at_ = nullptr;
  std::size_t text_left_ = 0;
  std::atomic<std::uint32_t> count_{0};
  std::atomic<Entry*> pages_[Atom::kCountMax / kPageSize]{};
};

// Ready before any static constructor runs and never destroyed: atoms are made in both.
constinit Table table;

bool is_atom_text(std::string_view text) noexcept {
  const auto characters = utf8::count(text);
  return characters && *characters <= Atom::kCharactersMax;
}

}  // namespace

Atom::Atom(std::string_view text) {
  const std::optional<Atom> made = make(text);
  PULPO_ASSERT(made.has_value());
  *this = *made;
}

std::optional<Atom> Atom::make(std::string_view text) {
  if (!is_atom_text(text)) return std::nullopt;
  const auto index = table.look_up(text, true);
  return index ? std::optional(from_index(*index)) : std::nullopt;
}

std::optional<Atom> Atom::find(std::string_view text) {
  const auto index = table.look_up(text, false);
  return index ? std::optional(from_index(*index)) : std::nullopt;
}

std::string_view Atom::text() const noexcept { return table.text(index_); }

std::uint32_t Atom::count() noexcept { return table.count(); }

}  // namespace pulpo
