// SPDX-License-Identifier: Apache-2.0
//
// Registry: who has which name on this host, and how often each name was given out.
//
// The mapper's memory, without a socket: Mapper decides who may register, this room keeps the names, counts creations
// and writes the texts.
//
//   Order      The texts list the most recent registration first (EPMD-9).
//   Bounds     Registered names: as many as the mapper has connections. Remembered ones: kRememberedMax.
//   Ownership  Owns its entries; an Entry* is valid until remove().
//   Threads    One.
//   Cost       find, add, remove: a hash look-up and an allocation. Texts: linear in the names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/random.hpp"
#include "mapper/epmd_codec.hpp"

namespace pulpo::mapper {

class Registry {
 public:
  /// EPMD-7: what the reference daemon remembers of names that are gone.
  static constexpr std::size_t kRememberedMax = 1000;

  struct Entry {
    NodeRecord node;
    std::uint32_t creation = 0;
    int handle = -1;  ///< Of its connection: dump shows it (EPMD-10).
  };

  /// `random` draws the first creation of each name. EPMD-7 takes the wall clock; boards boot in 1970 with the same
  /// clock every time, and a node that came back would look like the one that died.
  explicit Registry(Random& random) noexcept : random_(random) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  [[nodiscard]] Entry* find(std::string_view name) noexcept;
  /// Registers a name that nobody has. A name that was here before gets its last creation + 1 (EPMD-7).
  Entry& add(NodeRecord node, int handle);
  /// Forgets a registration, but not the name's creation, until kRememberedMax others have gone after it.
  void remove(Entry& entry);

  [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }
  [[nodiscard]] std::size_t remembered_size() const noexcept { return gone_.size(); }
  /// The lines of EPMD-9.
  [[nodiscard]] std::string names_text() const;
  /// The records of EPMD-10, each with the zero byte that ends it.
  [[nodiscard]] std::string dump_text() const;

 private:
  using Entries = std::list<Entry>;
  using Index = std::unordered_map<std::string_view, Entries::iterator>;  // keys are the entries' own names
  [[nodiscard]] std::uint32_t first_creation() noexcept;

  Random& random_;
  Entries live_;  ///< Newest first.
  Entries gone_;  ///< Latest to go first.
  Index live_index_;
  Index gone_index_;
};

}  // namespace pulpo::mapper
