// SPDX-License-Identifier: Apache-2.0
#include "otp/builtin_functions.hpp"

namespace pulpo {

std::vector<Function> builtin_functions() {
  const std::span<const Function> tables[] = {
      io_functions(),          process_functions(),         erlang_functions(),     server_functions(),
      task_functions(),        task_supervisor_functions(), supervisor_functions(), dynamic_supervisor_functions(),
      application_functions(), logger_functions(),          system_functions(),     timer_functions(),
      rpc_functions(),
  };
  std::vector<Function> all;
  for (const auto& table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace pulpo
