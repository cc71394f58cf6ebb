// SPDX-License-Identifier: Apache-2.0
//
// Blocks: whether a text that cannot be read has ended where its blocks have.
//
//   Threads    Any; no state.
#pragma once

#include <string_view>

namespace pulpo::lang {

/// Whether more blocks begin (`do`, `fn`) than end, looked at word by word: the text need not be of this language.
[[nodiscard]] bool has_open_block(std::string_view text);

}  // namespace pulpo::lang
