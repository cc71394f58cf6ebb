// SPDX-License-Identifier: Apache-2.0
//
// TopReport: one sample of `pulpo top` for a person who reads it later (--once), and for a program (--json).
//
//   Threads    Any; values.
#pragma once

#include <string>

#include "top_model.hpp"

namespace pulpo::cli::top {

/// All there is, in lines of at most `width` cells.
[[nodiscard]] std::string report_text(const Sample& sample, std::size_t width);
/// One object; kReportKeys says what is in it.
[[nodiscard]] std::string report_json(const Sample& sample);

/// For the help.
inline constexpr std::string_view kReportKeys =
    "--json prints {node, nodes, processes, applications, connections}. nodes: [{name, up, cause (when it is not up), version, machine, "
    "architecture, loop, word_bytes, uptime_ms, cores, processors, cpu_percent, memory, processes, processes_max, atoms, atoms_max, "
    "run_queue, run_delay_max_us, stalls, messages, messages_per_second}]. The rest is the chosen node's. processes: {sort, count, "
    "reductions_per_second, messages_waiting, list: [{pid, name, registered, memory, reductions, reductions_per_second, mailbox, "
    "activity}]}. applications: [{name, version, description, running_ms, tree: [{depth, pid, name, kind, children}]}]. connections: "
    "[{node, hidden, address, sealed, up_ms, bytes_in, bytes_out, messages_in, messages_out, records_in, records_out, queue_bytes, "
    "queue_limit}]. Bytes are bytes; what is not known is null.";

}  // namespace pulpo::cli::top
