// SPDX-License-Identifier: Apache-2.0
//
// Which applications of this node are distributed: known to whoever registers a global name, without asking anybody.
#pragma once

#include <optional>

#include "pulpo/atom.hpp"

namespace pulpo::cluster {

/// The distributed application that the running process belongs to.
[[nodiscard]] std::optional<Atom> distributed_application_of_caller();

}  // namespace pulpo::cluster
