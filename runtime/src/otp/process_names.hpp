// SPDX-License-Identifier: Apache-2.0
//
// What Process and :erlang have in common: the same deeds under two names, with the values of each.
//
//   Threads    Inside a process.
//   Errors     SIG-21's and the like exit the caller with :badarg, as OTP raises it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "otp/function_arguments.hpp"

namespace pulpo {

/// To a pid, a name, {name, node} or an alias; returns the message.
Term send_to(const Term& to, const Term& message);
/// Who a timer sends to: a pid or a name of this node.
[[nodiscard]] Address receiver_of(const Term& to);
/// exit/2; always true (SIG-8).
Term exit_signal(const Pid& pid, const Term& reason);
/// Exits the caller with badarg for one of another node.
[[nodiscard]] bool is_alive_here(const Pid& pid);
/// The keyword list of OBS-8; nothing when it does not live.
[[nodiscard]] std::optional<Term> info_here(const Pid& pid);
/// {key, value}; nothing when it does not live. A key that is none exits the caller with badarg.
[[nodiscard]] std::optional<Term> info_item(const Pid& pid, Atom key);
/// [{key, value}] of some keys.
[[nodiscard]] std::optional<Term> info_items(const Pid& pid, const std::vector<Atom>& keys);
/// SIG-12: a pid, a name, or {name, node}.
[[nodiscard]] Ref monitor_of(const Term& target);
/// SIG-13.
bool demonitor_with(const Ref& ref, const std::vector<Atom>& options);
/// SIG-21.
Atom register_process(Atom name, const Pid& pid);
Atom unregister_process(Atom name);
[[nodiscard]] std::vector<Atom> registered_names();
/// process_flag/2: the value before.
Term set_flag(Atom flag, const Term& value);
/// group_leader/2, for the calling process alone.
Atom set_leader(const Pid& leader, const Pid& pid);
/// Milliseconds that a timer had still to go, or `otherwise`.
[[nodiscard]] Term time_left(const std::optional<Duration>& left, Atom otherwise);
void sleep_for(Duration duration);

}  // namespace pulpo
