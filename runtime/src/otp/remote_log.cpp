// SPDX-License-Identifier: Apache-2.0
#include "otp/remote_log.hpp"

#include "proc/router.hpp"
#include "pulpo/log.hpp"
#include "pulpo/runtime.hpp"

namespace pulpo {

void RemoteLog::handle_info(const Term& message) {
  if (!message.is_tuple(4)) return;
  const auto parts = message.elements();
  if (!parts[0].is_atom("log"_atom) || !parts[1].is_atom(atoms::error) || !parts[2].is_binary() || !parts[3].is_map()) return;
  const Term* const pid = parts[3].map_find("pid"_atom);
  const Term* const name = parts[3].map_find("registered_name"_atom);
  const Router* const router = runtime().router();
  if (pid == nullptr || !pid->is_pid() || pid->pid().is_local() || router == nullptr) return;
  std::string who = pid->text();
  if (name != nullptr && name->is_atom() && !name->is_atom(atoms::nil)) who += " (" + name->text() + ")";
  log::error("Process {} on node {} raised an exception\n{}", who, Term(router->name_of(pid->pid().node)).text(), parts[2].bytes());
}

}  // namespace pulpo
