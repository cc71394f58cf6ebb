// SPDX-License-Identifier: Apache-2.0
//
// Remote spawn: what one node tells another when it wants a process there, and who makes that process (SIG-18, SIG-19).
//
// What the process runs is told by name, and functions are known to the layer above: it hands proc the maker of such bodies. A request for
// this very node takes the same way, without the wire.
//
//   Order      Link and monitor are set before the process runs (SIG-11), and the reply leaves before anything else of it.
//   Ownership  The body of the request goes to the process as it is: nothing in it is copied.
//   Threads    Core::take_spawn_request(): any core; the process begins on the least loaded one. The maker: the core of the process.
//   Bounds     RuntimeOptions::processes_max, as for any process.
//   Errors     In the reply: system_limit; notsup where nobody makes bodies. The spawner's: noconnection.
//   Cost       One process and its body; no server is asked.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "pulpo/process.hpp"
#include "pulpo/term.hpp"

namespace pulpo {

/// {options, leader, module, name, arguments}, as net/pulpo.proto has it; its shape has been looked at where it came in.
struct SpawnRequest {
  static constexpr int kLink = 1;
  static constexpr int kMonitor = 2;
  static constexpr int kReply = 4;         ///< spawn_reply in any case.
  static constexpr int kReplyOnError = 8;  ///< spawn_reply when it does not begin.

  [[nodiscard]] static Term make(int options, const Pid& leader, Atom module, Atom name, Term arguments) {
    return Term::tuple({options, leader ? Term(leader) : Term(), module, name, std::move(arguments)});
  }
  explicit SpawnRequest(const Term& body) noexcept : parts_(body.elements()) {}
  [[nodiscard]] bool wants(int option) const noexcept { return (parts_[0].integer() & option) != 0; }
  /// kLink and kMonitor as far as they are wanted.
  [[nodiscard]] int relations() const noexcept { return static_cast<int>(parts_[0].integer()) & (kLink | kMonitor); }
  [[nodiscard]] Pid leader() const noexcept { return parts_[1].is_pid() ? parts_[1].pid() : Pid{}; }
  [[nodiscard]] Atom module() const noexcept { return parts_[2].atom(); }
  [[nodiscard]] Atom name() const noexcept { return parts_[3].atom(); }
  [[nodiscard]] const Term& arguments() const noexcept { return parts_[4]; }

 private:
  std::span<const Term> parts_;  ///< Of the body, which outlives this.
};

/// Makes the body of a process that calls the function which `request` names.
using MakeCallBody = std::unique_ptr<Body> (*)(Term request);

// --- Inside a process: what pulpo/remote.hpp and pulpo/rpc.hpp are made of ------------------------------------------------

/// Asks `node` for a process and suspends until it has begun, linked and monitored as wanted; a monitor has the reference that is returned.
/// Errors: nodedown (noconnection); busy (system_limit); bad_argument, with why these arguments cannot leave the node; unsupported
/// (notsup); killed.
[[nodiscard]] Result<Spawned> spawn_there(Atom node, Term request);
/// Asks and goes on: {:spawn_reply, ref, :ok, pid} comes if `tells`, or {:spawn_reply, ref, :error, reason}. Of kReply requests.
[[nodiscard]] Ref ask_to_spawn(Atom node, Term request, bool tells);
/// Asks for a process that nothing is heard of but its end: {:DOWN, ref, …}, or {:spawn_reply, ref, :error, reason}.
void ask_for_end(Atom node, Term request, const Ref& ref);
/// No answer of ask_to_spawn() is wanted any more. False when it had come.
bool abandon_spawn(const Ref& ref);
/// No message of ask_for_end() comes any more; one that waits is taken out.
void forget_end(const Ref& ref);
/// Asks for a process and suspends until it has ended: its reason. Errors: timeout, and it runs on; those of spawn_there().
[[nodiscard]] Result<Term> await_end_there(Atom node, Term request, const Ref& ref, Timeout timeout);

/// The calling process ends with `reason` once its body returns. Like exit(), without the price of an exception.
void end_with(const Term& reason);
/// Says that the calling process has failed by `report`, a text without its first line: here, and on the node of its group leader (LOG-7).
void report_failure(std::string_view report);

}  // namespace pulpo
