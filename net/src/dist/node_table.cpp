// SPDX-License-Identifier: Apache-2.0
#include "dist/node_table.hpp"

namespace pulpo::dist {

NodeTable::NodeTable() {
  entries_.push_back({std::string(atoms::nonode_nohost.text()), 0, kOwnNode});
  by_name_.emplace(Key{entries_[0].name, 0}, kOwnNode);
}

std::optional<NodeIndex> NodeTable::find_or_make(std::string_view name, std::uint32_t creation) {
  const std::lock_guard lock(mutex_);
  if (name == entries_[0].name && (creation == 0 || creation == entries_[0].creation)) return kOwnNode;
  if (const auto found = by_name_.find(Key{name, creation}); found != by_name_.end()) return found->second;
  NodeIndex slot;
  if (!free_slots_.empty()) {
    slot = free_slots_.back();
    free_slots_.pop_back();
  } else {
    if (entries_.size() == kEntriesMax) return std::nullopt;
    slot = static_cast<NodeIndex>(entries_.size());
    entries_.push_back({{}, 0, slot});
  }
  Entry& fresh = entries_[slot];
  fresh.name = name;
  fresh.creation = creation;
  by_name_.emplace(Key{fresh.name, creation}, fresh.index);
  return fresh.index;
}

std::optional<NodeIndex> NodeTable::find(std::string_view name, std::uint32_t creation) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(Key{name, creation});
  return found != by_name_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<std::string> NodeTable::names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  all.reserve(by_name_.size());
  for (const auto& [key, index] : by_name_) all.emplace_back(key.name);
  return all;
}

std::size_t NodeTable::size() const {
  const std::lock_guard lock(mutex_);
  return by_name_.size();
}

void NodeTable::release(NodeIndex node) {
  const std::lock_guard lock(mutex_);
  const NodeIndex slot = node & kNodeSlotMask;
  if (slot == kOwnNode || slot >= entries_.size() || entries_[slot].index != node) return;
  by_name_.erase(Key{entries_[slot].name, entries_[slot].creation});
  entries_[slot].index += kNodeSlotMask + 1;
  free_slots_.push_back(slot);
}

void NodeTable::set_own(std::string_view name, std::uint32_t creation) {
  const std::lock_guard lock(mutex_);
  by_name_.erase(Key{entries_[0].name, entries_[0].creation});
  entries_[0].name = name;
  entries_[0].creation = creation;
  by_name_.emplace(Key{entries_[0].name, creation}, kOwnNode);
}

const NodeTable::Entry* NodeTable::entry(NodeIndex node) const {
  const NodeIndex slot = node & kNodeSlotMask;
  if (slot >= entries_.size() || entries_[slot].index != node) return nullptr;
  return &entries_[slot];
}

std::string NodeTable::name(NodeIndex node) const {
  const std::lock_guard lock(mutex_);
  const Entry* const found = entry(node);
  return found != nullptr ? found->name : std::string();
}

Atom NodeTable::atom(NodeIndex node) const { return Atom::find(name(node)).value_or(atoms::undefined); }

wire::NodeNumbers::Name NodeTable::name_of(NodeIndex node) const {
  const std::lock_guard lock(mutex_);
  const Entry* const found = entry(node);
  if (found == nullptr) return {atoms::undefined, 0};
  // A process of a command that is handed on to a third node: only now does its node's name become an atom.
  return {Atom::make(found->name).value_or(atoms::undefined), found->creation};
}

}  // namespace pulpo::dist
