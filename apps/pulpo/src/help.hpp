// SPDX-License-Identifier: Apache-2.0
//
// Help: the texts of `pulpo --help` and `pulpo VERB --help`, made from the table of verbs.
//
//   Bounds     No line is wider than 80 columns, whatever the table says (a test holds it to that).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arguments.hpp"

namespace pulpo::cli {

/// All verbs, one line each.
[[nodiscard]] std::string program_help(std::span<const Verb> verbs, std::string_view program);
/// One verb: usage, what it does, its options, examples.
[[nodiscard]] std::string verb_help(const Verb& verb, std::string_view program);
/// Breaks `text` into lines of at most 80 columns, each after the first indented by `indent`; `column` is where the first begins.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t column, std::size_t indent);

}  // namespace pulpo::cli
