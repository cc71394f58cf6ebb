// SPDX-License-Identifier: Apache-2.0
//
// Completion: what the word before a console's cursor may become: modules, functions, variables, nodes and registered names of the node
// on which it is asked.
//
//   Threads    Inside a process.
//   Bounds     kCandidatesMax; more of them help nobody.
//   Cost       A look at every exported function, in the order of their table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/lang.hpp"

namespace pulpo::lang {

inline constexpr std::size_t kCandidatesMax = 200;

struct Completion {
  std::size_t replaced = 0;                  ///< How many bytes at the end of the text each candidate stands for.
  std::vector<std::string> candidates = {};  ///< Sorted, each once.
};
/// `text` is the line up to the cursor.
[[nodiscard]] Completion complete(std::string_view text, const Bindings& bindings);

}  // namespace pulpo::lang
