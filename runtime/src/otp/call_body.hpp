// SPDX-License-Identifier: Apache-2.0
//
// CallBody: the process that another node asked for: it calls one function by name.
//
// `:erpc.execute_call` of [ref, module, name, arguments] is carried out here: its value, or how it failed, is the exit reason
// (RPC-1), and no exception has to be thrown for that.
//
//   Ownership  Holds the request as it came.
//   Errors     A function that nobody exports, or arguments that it does not take, are a crash that is reported (SIG-19); those of an rpc
//              are the caller's to report.
#pragma once

#include <memory>

#include "pulpo/process.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

/// The name that an rpc asks for.
[[nodiscard]] Atom erpc_module();
[[nodiscard]] Atom execute_call_name();

/// `:erpc.execute_call`: {ref, :return, value}, {ref, :exit, reason} or {ref, :error, reason, stack}.
[[nodiscard]] Term execute_call(const Ref& ref, Atom module, Atom name, const Term& arguments);

/// For Runtime::set_call_bodies(); `request` is a SpawnRequest.
[[nodiscard]] std::unique_ptr<Body> make_call_body(Term request);

}  // namespace pulpo
