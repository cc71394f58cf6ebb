// SPDX-License-Identifier: Apache-2.0
//
// GlobalNames: the name space `:global` of a node of a cluster. Look-ups read the table; what changes it goes to global_name_server.
#pragma once

#include <memory>
#include <utility>

#include "cluster/global_table.hpp"
#include "pulpo/name_space.hpp"
#include "pulpo/net/global.hpp"

namespace pulpo::cluster {

class GlobalNames final : public NameSpace {
 public:
  explicit GlobalNames(std::shared_ptr<GlobalTable> table) : table_(std::move(table)) {}
  [[nodiscard]] bool register_name(const Term& name, const Pid& pid) override;
  void unregister_name(const Term& name, const Pid& pid) override;
  [[nodiscard]] std::optional<Pid> whereis_name(const Term& name) override;
  [[nodiscard]] bool enter(const Term& name, const Pid& pid, NameConflict method, bool forced);
  [[nodiscard]] GlobalTable& table() noexcept { return *table_; }
  /// Of the running process' node; exits it with {:noproc, :global} when that has no cluster.
  [[nodiscard]] static std::shared_ptr<GlobalNames> of_this_node();

 private:
  const std::shared_ptr<GlobalTable> table_;
};

}  // namespace pulpo::cluster
