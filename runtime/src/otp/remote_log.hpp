// SPDX-License-Identifier: Apache-2.0
//
// RemoteLog: the process `logger`, which writes what processes of other nodes that print here report of their end (LOG-7).
//
//   Bounds     Those of the log: a line is cut, and one kind of them is written so often and no more (pulpo/log.hpp).
//   Errors     What is no report is dropped.
#pragma once

#include <string>

#include "pulpo/gen_server.hpp"

namespace pulpo {

class RemoteLog {
 public:
  [[nodiscard]] static Atom registered_name() { return "logger"_atom; }
  /// {:log, :error, report, %{pid: pid, registered_name: name}}, of Core::report_failure() there.
  void handle_info(const Term& message);
};

}  // namespace pulpo
