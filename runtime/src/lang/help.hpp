// SPDX-License-Identifier: Apache-2.0
//
// Help: `h`, `h Module` and `h Module.function` at the console: what this node's functions say of themselves.
//
//   Threads    help(): inside a process. kernel_names(): any.
//   Errors     What is not known, with the names that come nearest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pulpo::lang {

struct Help {
  bool found = false;
  std::string text = {};
};
/// Nothing when `text` is no request for help.
[[nodiscard]] std::optional<Help> help(std::string_view text);

/// The functions that need no module's name, each once.
[[nodiscard]] std::vector<std::string_view> kernel_names();

}  // namespace pulpo::lang
