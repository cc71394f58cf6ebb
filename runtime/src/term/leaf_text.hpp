// SPDX-License-Identifier: Apache-2.0
//
// How each language writes what holds no other term: atoms, strings and the like. The printer walks and calls these.
//
//   Threads    Any. No state.
#pragma once

#include <string>
#include <string_view>

#include "pulpo/term.hpp"

namespace pulpo::detail {

void append_elixir_atom(std::string& out, Atom atom);
/// `ping: `, an atom as a key of a keyword list or a map.
void append_elixir_key(std::string& out, Atom atom);
/// Whether Elixir writes the atom as a key: every atom but an alias.
[[nodiscard]] bool is_elixir_key(const Term& term) noexcept;
void append_elixir_binary(std::string& out, ByteView bytes);
/// `Module.name` of `&Module.name/1`, quoted where it must be.
void append_elixir_function(std::string& out, Atom module, Atom name);

void append_erlang_atom(std::string& out, Atom atom);
void append_erlang_binary(std::string& out, ByteView bytes);

/// 'abc' or "abc" if `list` is proper and all of it is what the language prints so; false, and nothing appended, if not.
[[nodiscard]] bool append_elixir_charlist(std::string& out, const Term& list);
[[nodiscard]] bool append_erlang_charlist(std::string& out, const Term& list);

}  // namespace pulpo::detail
