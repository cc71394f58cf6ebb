// SPDX-License-Identifier: Apache-2.0
//
// NodeTable: which node a NodeIndex stands for.
//
// An entry is a name and a creation: one life of a node. Creation 0 stands for "whoever has that name", the target of
// {Name, Node}. Hidden peers (commands, mostly) are entered by the text of their name, so that a health check every ten seconds leaves no
// atom behind, and their entries are used again once they are gone.
//
//   Bounds     kEntriesMax; beyond it find_or_make() finds nothing more to give.
//   Threads    Any; a lock, which the hot path takes only when a name is asked for the first time.
//   Cost       A hash and an uncontended lock.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pulpo/atom.hpp"
#include "pulpo/pid.hpp"
#include "wire/codec.hpp"

namespace pulpo::dist {

class NodeTable final : public wire::NodeNumbers {
 public:
  // Lives of all nodes that this one ever spoke with: 65,536 restarts of peers, at some 120 bytes each.
  static constexpr std::size_t kEntriesMax = 65'536;

  NodeTable();

  /// The entry of `name` in that life; our own name and creation are kOwnNode. Empty when the table is full.
  [[nodiscard]] std::optional<NodeIndex> find_or_make(std::string_view name, std::uint32_t creation);
  /// The entry of `name` in that life, when there is one.
  [[nodiscard]] std::optional<NodeIndex> find(std::string_view name, std::uint32_t creation) const;
  /// The names of all entries, each once for every life.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Entries in use, our own counted.
  [[nodiscard]] std::size_t size() const;
  /// The entry may be used for another node from now on, and its number is nobody's. Without effect the second time.
  void release(NodeIndex node);
  /// What entry 0 stands for.
  void set_own(std::string_view name, std::uint32_t creation);
  [[nodiscard]] std::string name(NodeIndex node) const;
  /// The atom of its name if there is one; `undefined` for a command's node, whose name never becomes one.
  [[nodiscard]] Atom atom(NodeIndex node) const;

  // wire::NodeNumbers
  [[nodiscard]] std::optional<NodeIndex> index_of(Atom name, std::uint32_t creation) override {
    return find_or_make(name.text(), creation);
  }
  [[nodiscard]] Name name_of(NodeIndex node) const override;

 private:
  struct Entry {
    std::string name;
    std::uint32_t creation = 0;
    NodeIndex index = 0;  ///< Slot, and above it how often the slot was used.
  };
  struct Key {
    std::string_view name;
    std::uint32_t creation;
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string_view>{}(key.name) ^ (std::size_t{key.creation} * 0x9e3779b1u);
    }
  };
  [[nodiscard]] const Entry* entry(NodeIndex node) const;

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;  ///< By slot; a deque, since keys point into its names.
  std::unordered_map<Key, NodeIndex, KeyHash> by_name_;
  std::vector<NodeIndex> free_slots_;
};

}  // namespace pulpo::dist
