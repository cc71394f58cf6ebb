// SPDX-License-Identifier: Apache-2.0
//
// Node names as text: checked and printed before (and without) becoming atoms, since peers that are not yet
// authenticated must not make any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pulpo::links {

/// An atom has at most 255 characters, and a node's name is one.
inline constexpr std::size_t kNodeNameBytesMax = 255;

/// NODE-1, NODE-34: `head@host`, exactly one `@`, head of [0-9A-Za-z_-]+, host of printable ASCII without spaces.
[[nodiscard]] bool is_node_name(std::string_view name) noexcept;
/// As Elixir prints the atom: `:a@altair`, `:"a@127.0.0.1"`. For names that passed is_node_name().
[[nodiscard]] std::string node_name_text(std::string_view name);

}  // namespace pulpo::links
