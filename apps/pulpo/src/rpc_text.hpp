// SPDX-License-Identifier: Apache-2.0
//
// RpcText: what `pulpo rpc` is to call, as a person types it, and what went wrong, as a person reads it.
//
//   Threads    Any; values.
//   Errors     read_rpc(): wrong usage, naming the part that is none and what to write instead.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pulpo/error.hpp"
#include "pulpo/term.hpp"
#include "pulpo/time.hpp"

namespace pulpo::cli {

struct RpcCall {
  Atom module, function;
  std::vector<Term> arguments;
  /// `Kate.say_name/0`.
  [[nodiscard]] std::string text() const;
};

/// Of the words behind NODE: one, `Kate.greet("alex", 3)` or `Kate.say_name`, or MODULE FUNCTION ARG….
[[nodiscard]] Outcome<RpcCall> read_rpc(std::span<const std::string> words);

/// Why a call has no value, in one line.
[[nodiscard]] std::string rpc_failure_text(const Error& error, const RpcCall& call, std::string_view node, Timeout timeout);

}  // namespace pulpo::cli
