// SPDX-License-Identifier: Apache-2.0
//
// ByText: atoms in the order of their texts, which is the same on every node and in every run; that of their numbers is not.
#pragma once

#include "pulpo/atom.hpp"

namespace pulpo::cluster {

struct ByText {
  bool operator()(Atom left, Atom right) const noexcept { return left.text() < right.text(); }
};

}  // namespace pulpo::cluster
