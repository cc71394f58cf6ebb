// SPDX-License-Identifier: Apache-2.0
//
// System messages: what OTP itself asks of any server, before the author's clauses see it.
//
// They travel as requests: a server that ends answers all of them. `:"$started"` is the starter's question, which
// waits in the mailbox until init has returned.
#pragma once

#include "pulpo/term.hpp"

namespace pulpo::system {

[[nodiscard]] inline Atom started() { return "$started"_atom; }
[[nodiscard]] inline Atom ignore() { return "ignore"_atom; }
[[nodiscard]] inline Atom tag() { return "$system"_atom; }
[[nodiscard]] inline Atom get_state_word() { return "get_state"_atom; }
[[nodiscard]] inline Atom terminate_word() { return "terminate"_atom; }

[[nodiscard]] inline bool is_system(const Term& request) noexcept {
  if (request.is_atom()) return request.atom() == started();
  if (!request.is_tuple()) return false;
  const auto words = request.elements();
  return words.size() >= 2 && words[0].is_atom(tag());
}

[[nodiscard]] inline Term get_state() { return Term::tuple({tag(), get_state_word()}); }
[[nodiscard]] inline Term terminate(const Term& reason) { return Term::tuple({tag(), terminate_word(), reason}); }

}  // namespace pulpo::system
