// SPDX-License-Identifier: Apache-2.0
#include "wire/atoms.hpp"

#include <fmt/format.h>

#include "pulpo/assert.hpp"

namespace pulpo::wire {

std::uint32_t AtomsOut::define(Atom atom) {
  PULPO_ASSERT(find(atom) == kUndefined);
  if (atom.index() >= index_of_.size()) index_of_.resize(atom.index() + 1, kUndefined);
  const auto index = size();
  index_of_[atom.index()] = index;
  defined_.push_back(atom);
  return index;
}

void AtomsOut::truncate(std::uint32_t size) noexcept {
  while (defined_.size() > size) {
    index_of_[defined_.back().index()] = kUndefined;
    defined_.pop_back();
  }
}

Outcome<void> AtomsIn::define(std::string_view text) {
  constexpr auto kWhere = "wire: define";
  if (atoms_.size() >= Atom::kCountMax) {
    return Fault{.code = Errc::bad_message, .where = kWhere, .detail = fmt::format("more than {} definitions", Atom::kCountMax)};
  }
  if (const auto known = Atom::find(text)) {
    atoms_.push_back(*known);
    return {};
  }
  if (quota_.made >= quota_.limit) {
    return Fault{.code = Errc::bad_message,
                 .where = kWhere,
                 .detail = fmt::format("the peer made {} atoms that were new here, which is its limit", quota_.limit)};
  }
  const auto made = Atom::make(text);
  if (!made) {
    return Fault{.code = Errc::bad_message, .where = kWhere, .detail = "too long, not UTF-8, or this node's atom table is full"};
  }
  ++quota_.made;
  atoms_.push_back(*made);
  return {};
}

}  // namespace pulpo::wire
