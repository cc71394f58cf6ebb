// SPDX-License-Identifier: Apache-2.0
//
// Pid and Ref: the names of processes and of occasions (calls, monitors), as terms carry them.
//
// Both hold the number of an entry in their runtime's node table (which knows the node's name and creation)
// instead of the name itself; 0 is this node. A pid names its core and slot directly: delivery needs no look-up. Both
// map one to one onto Erlang's.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace pulpo {

/// Number of a (name, creation) pair in one runtime's node table. 0: the runtime's own node.
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kOwnNode = 0;
/// The lower bits of a NodeIndex are a slot of the node table; the rest tells its uses apart, since the slots of commands, which come
/// and go for years, are used again.
inline constexpr NodeIndex kNodeSlotMask = (1u << 20) - 1;

struct Pid {
  static constexpr unsigned kSlotBits = 26;
  NodeIndex node = kOwnNode;
  std::uint32_t id = 0;      ///< Core (6 bits), then slot (26 bits), on a pulpo node.
  std::uint32_t serial = 0;  ///< Generation of the slot; 0 in no living process, so that Pid{} is nobody.

  [[nodiscard]] constexpr unsigned core() const noexcept { return id >> kSlotBits; }
  [[nodiscard]] constexpr std::uint32_t slot() const noexcept { return id & ((1u << kSlotBits) - 1); }
  [[nodiscard]] constexpr bool is_local() const noexcept { return node == kOwnNode; }
  explicit constexpr operator bool() const noexcept { return serial != 0 || id != 0; }
  friend constexpr bool operator==(const Pid&, const Pid&) noexcept = default;
};

struct Ref {
  NodeIndex node = kOwnNode;
  std::uint32_t first = 0;  ///< Below 2^18.
  std::uint32_t second = 0;
  std::uint32_t third = 0;
  explicit constexpr operator bool() const noexcept { return (first | second | third) != 0; }
  /// What tells the references of one core apart; never 0 in one that was made.
  [[nodiscard]] constexpr std::uint64_t number() const noexcept { return std::uint64_t{second} << 32 | third; }
  friend constexpr bool operator==(const Ref&, const Ref&) noexcept = default;
};

}  // namespace pulpo

template <>
struct std::hash<pulpo::Pid> {
  std::size_t operator()(const pulpo::Pid& pid) const noexcept {
    return (static_cast<std::size_t>(pid.id) * 0x9e3779b1u) ^ (static_cast<std::size_t>(pid.serial) << 7) ^ pid.node;
  }
};
template <>
struct std::hash<pulpo::Ref> {
  std::size_t operator()(const pulpo::Ref& ref) const noexcept {
    return (static_cast<std::size_t>(ref.third) * 0x9e3779b1u) ^ (static_cast<std::size_t>(ref.second) << 9) ^ ref.first ^
           (static_cast<std::size_t>(ref.node) << 20);
  }
};
