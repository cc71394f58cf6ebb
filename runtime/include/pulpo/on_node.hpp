// SPDX-License-Identifier: Apache-2.0
//
// OnNode: which node something happens on, as its name is written: `.node = "kate@localhost"`.
//
//   Threads    Any; a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pulpo/atom.hpp"

namespace pulpo {

/// A node by name, "kate@localhost"; none is this one.
class OnNode {
 public:
  OnNode() = default;
  OnNode(Atom name) noexcept : atom_(name) {}             // NOLINT: reads as the name itself
  OnNode(std::string_view name) : atom_(Atom(name)) {}    // NOLINT
  OnNode(const char* name) : atom_(Atom(name)) {}         // NOLINT
  OnNode(const std::string& name) : atom_(Atom(name)) {}  // NOLINT
  [[nodiscard]] const std::optional<Atom>& atom() const noexcept { return atom_; }

 private:
  std::optional<Atom> atom_;
};

}  // namespace pulpo
