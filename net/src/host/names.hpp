// SPDX-License-Identifier: Apache-2.0
//
// Names: what a host's name is, how two are compared, and how the files that list them are cut into words.
//
//   Threads    Any: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "pulpo/result.hpp"

namespace pulpo::host {

inline constexpr std::size_t kHostNameMax = 253;  ///< DNS (RFC 1035), written with dots.

/// Not empty, not too long, and without blanks or control characters. Which names exist is for others to say.
[[nodiscard]] bool is_host_name(std::string_view text) noexcept;
/// Without case (RFC 4343).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;
/// `name` is `suffix` or ends with it behind a dot.
[[nodiscard]] bool is_within(std::string_view name, std::string_view suffix) noexcept;
/// The next word of `line`, which loses it; empty at its end.
[[nodiscard]] std::string_view take_word(std::string_view& line) noexcept;
/// The next line of `text`, which loses it.
[[nodiscard]] std::string_view take_line(std::string_view& text) noexcept;
/// A small file, whole or its first MiB.
[[nodiscard]] Outcome<std::string> read_file(const std::string& path);

}  // namespace pulpo::host
