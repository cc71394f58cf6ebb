// SPDX-License-Identifier: Apache-2.0
//
// Registry: the local names of one runtime.
//
// A name is an atom, and atoms are numbered: the table is an array by that number of 64-bit words that hold a pid's id and
// serial. So a look-up on the path of every call by name is two loads, without a lock, from any core.
//
//   Bounds     One word a possible atom (2^20), in pages of 4,096 made when a name in them is first registered.
//   Threads    Any.
//   Cost       find(): two loads. add(), remove(): a compare-and-swap.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "pulpo/atom.hpp"
#include "pulpo/pid.hpp"

namespace pulpo {

class Registry {
 public:
  Registry() noexcept = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;
  ~Registry();

  /// False when the name is taken.
  [[nodiscard]] bool add(Atom name, const Pid& pid);
  /// False when the name is not this process's.
  bool remove(Atom name, const Pid& pid) noexcept;
  [[nodiscard]] std::optional<Pid> find(Atom name) const noexcept;

 private:
  static constexpr std::uint32_t kPageNames = 4096;
  using Page = std::array<std::atomic<std::uint64_t>, kPageNames>;
  [[nodiscard]] std::atomic<std::uint64_t>* word(Atom name) const noexcept;
  std::array<std::atomic<Page*>, Atom::kCountMax / kPageNames> pages_{};
};

}  // namespace pulpo
