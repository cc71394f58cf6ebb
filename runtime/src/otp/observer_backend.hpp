// SPDX-License-Identifier: Apache-2.0
//
// ObserverBackend: what a node tells somebody who looks at it, as OTP's observer_backend does (OBS-1): `pulpo top` calls these functions
// by rpc, and they pick, count and shorten on the node, so that little crosses the wire however much runs there.
//
//   :observer_backend.sys_info()                          // OBS-6's keys as far as they are true here
//   :observer_backend.processes(order, limit, window)     // %{processes: […], …}: the first by :memory, :reductions, :message_queue_len
//   :observer_backend.process(pid)                        // [{key, text}], nil for one that has ended (OBS-4)
//   :observer_backend.applications()                      // [%{name: …, description: …, version: …, running_ms: …}]
//   :observer_backend.application_tree(name)              // [%{depth: …, pid: …, name: …, …}], from its master down (OBS-5)
//
// Names and other words are texts, not atoms: an observer that looks on for days would fill its table with those of processes that came
// and went.
//
//   Threads    They run inside a process, the one that applies them.
//   Suspends   While other cores, servers and supervisors are asked. One that does not answer in time is told as busy.
//   Bounds     kRankingLimitMax processes, kTreeRowsMax rows of a tree, kListMax of a process' links, kStateBytesMax of its state.
//   Errors     As any function by name: arguments of other types are {:function_clause, …}.
#pragma once

#include <span>
#include <string>

#include "pulpo/function.hpp"
#include "pulpo/process_info.hpp"

namespace pulpo {

[[nodiscard]] std::span<const Function> observer_functions();

namespace observer {

inline constexpr std::size_t kTreeRowsMax = 500;
inline constexpr std::size_t kListMax = 64;
inline constexpr std::size_t kStateBytesMax = 4096;
/// For a supervisor or server to answer an observer: they are asked one after another, and a person looks on.
inline constexpr Duration kAnswerTime = 500ms;

/// The rows of an application's tree, nil when it has none here.
[[nodiscard]] Term application_tree(Atom name);
/// What `info` says of how the process spends its time: "idle", "reply of PingPong on b@h, 4.9 s left".
[[nodiscard]] std::string activity_text(const ProcessInfo& info);
/// Its registered name as a person writes it, or how it began.
[[nodiscard]] std::string label_text(const ProcessInfo& info);
/// process_info() without relations; nothing for one that does not live.
[[nodiscard]] std::optional<ProcessInfo> glance(const Pid& pid);

}  // namespace observer
}  // namespace pulpo
