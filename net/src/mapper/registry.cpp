// SPDX-License-Identifier: Apache-2.0
#include "mapper/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pulpo::mapper {

Registry::Entry* Registry::find(std::string_view name) noexcept {
  const auto found = live_index_.find(name);
  return found == live_index_.end() ? nullptr : &*found->second;
}

std::uint32_t Registry::first_creation() noexcept {
  std::uint32_t drawn = random_.u32();
  while (drawn < kSmallestCreation) drawn = random_.u32();
  return drawn;
}

Registry::Entry& Registry::add(NodeRecord node, int handle) {
  PULPO_ASSERT(find(node.name) == nullptr);
  std::uint32_t creation = 0;
  if (const auto known = gone_index_.find(node.name); known != gone_index_.end()) {
    creation = std::max(known->second->creation + 1, kSmallestCreation);  // 2^32 wraps to 4
    const auto position = known->second;
    gone_index_.erase(known);
    gone_.erase(position);
  } else {
    creation = first_creation();
  }
  live_.push_front({.node = std::move(node), .creation = creation, .handle = handle});
  live_index_.emplace(live_.front().node.name, live_.begin());
  return live_.front();
}

void Registry::remove(Entry& entry) {
  const auto found = live_index_.find(entry.node.name);
  PULPO_ASSERT(found != live_index_.end() && &*found->second == &entry);
  const auto position = found->second;
  live_index_.erase(found);
  gone_.splice(gone_.begin(), live_, position);
  gone_index_.emplace(gone_.front().node.name, gone_.begin());
  if (gone_.size() > kRememberedMax) {
    gone_index_.erase(gone_.back().node.name);
    gone_.pop_back();
  }
}

std::string Registry::names_text() const {
  std::string text;
  for (const Entry& entry : live_) {
    fmt::format_to(std::back_inserter(text), "name {} at port {}\n", entry.node.name, entry.node.port);
  }
  return text;
}

std::string Registry::dump_text() const {
  std::string text;
  for (const Entry& entry : live_) {
    fmt::format_to(std::back_inserter(text), "active name     <{}> at port {}, fd = {}\n", entry.node.name, entry.node.port, entry.handle);
    text += '\0';
  }
  for (const Entry& entry : gone_) {
    fmt::format_to(std::back_inserter(text), "old/unused name <{}>, port = {}, fd = {} \n", entry.node.name, entry.node.port, entry.handle);
    text += '\0';
  }
  return text;
}

}  // namespace pulpo::mapper
