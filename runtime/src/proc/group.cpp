// SPDX-License-Identifier: Apache-2.0
#include "proc/group.hpp"

#include "proc/core.hpp"

namespace pulpo {

Result<std::vector<Pid>> group_of(const Pid& leader) {
  Core& core = Core::here();
  std::vector<Pid> group;
  for (unsigned index = 0; index < core.runtime().core_count(); ++index) {
    PULPO_TRY(const Term found, core.ask(index, [leader](Core& its) { return its.group_of(leader); }));
    for (std::size_t i = 0; i < found.list_size(); ++i) group.push_back(found.list_at(i).pid());
  }
  return group;
}

}  // namespace pulpo
