// SPDX-License-Identifier: Apache-2.0
//
// Error: what a try_… call returns when there is no value: a code that says what the caller can do
// next, and the reason as the other side gave it.
#pragma once

#include <string>
#include <string_view>

#include "pulpo/result.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

struct Error {
  Errc code = Errc::io;
  Term reason = {};         ///< The exit reason or detail, as the other side gave it.
  std::int32_t sys = 0;     ///< errno when the kernel said no, else 0.
  const char* where = "";   ///< Static text naming the step: "handshake: confirmation".
  std::string detail = {};  ///< For a person.

  Error() = default;
  Error(Errc code_, Term reason_ = {}, const char* where_ = "") : code(code_), reason(std::move(reason_)), where(where_) {}  // NOLINT
  Error(const Fault& fault) : code(fault.code), sys(fault.sys), where(fault.where), detail(fault.detail) {}                  // NOLINT

  [[nodiscard]] std::string text() const;  ///< One line for a person.
};

/// An exit reason in the words of OTP's logger (LOG-6): "no process: …", "time out", ":stopped".
[[nodiscard]] std::string reason_text(const Term& reason);

namespace detail {
/// [{module, name, arguments, [takes: text]}]: a stack trace of one entry, as {:undef, …} and {:function_clause, …} have it. Without
/// `takes` three elements.
[[nodiscard]] Term function_trace(Term module, Term name, Term arguments, std::string_view takes);
}  // namespace detail

}  // namespace pulpo
