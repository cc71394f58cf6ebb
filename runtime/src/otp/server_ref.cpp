// SPDX-License-Identifier: Apache-2.0
#include "pulpo/server_ref.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

namespace pulpo::detail {
namespace {

/// Atoms of names that stand in the program's text, by the address of the text. Part of the atom table in all but
/// place: it only grows, and holds nothing that the table does not. A program says few such names; the 129th and later
/// are looked up by their text each time.
struct Entry {
  std::atomic<const char*> text{nullptr};
  std::atomic<std::uint32_t> atom{0};
};
constexpr std::size_t kEntries = 128;
std::array<Entry, kEntries> entries;
std::mutex entries_mutex;

std::size_t first_slot(const char* text) noexcept {
  return static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(text) * 0x9e3779b1u) >> 7) % kEntries;
}

}  // namespace

Atom name_or_exit(std::string_view text) {
  if (const auto atom = atom_of_name(text)) return *atom;
  exit(Term::tuple({atoms::badarg, text}));
}

Atom literal_name(const char* text) {
  constexpr std::size_t kProbes = 8;
  const std::size_t first = first_slot(text);
  for (std::size_t i = 0; i < kProbes; ++i) {
    const Entry& entry = entries[(first + i) % kEntries];
    const char* const found = entry.text.load(std::memory_order_acquire);
    if (found == text) return Atom::from_index(entry.atom.load(std::memory_order_relaxed));
    if (found == nullptr) break;
  }
  const Atom atom = name_or_exit(text);
  const std::lock_guard lock(entries_mutex);
  for (std::size_t i = 0; i < kProbes; ++i) {
    Entry& entry = entries[(first + i) % kEntries];
    const char* const found = entry.text.load(std::memory_order_relaxed);
    if (found == text) break;
    if (found != nullptr) continue;
    entry.atom.store(atom.index(), std::memory_order_relaxed);
    entry.text.store(text, std::memory_order_release);
    break;
  }
  return atom;
}

}  // namespace pulpo::detail

namespace pulpo {

Term Name::term() const {
  if (atom_) return *atom_;
  return via_ ? via_->term() : Term();
}

std::optional<Pid> Name::whereis() const {
  if (atom_) return pulpo::whereis(*atom_);
  return via_ ? via_->whereis() : std::nullopt;
}

}  // namespace pulpo
