// SPDX-License-Identifier: Apache-2.0
//
// NameSpaces: the name spaces of one node, by module; `:global` is there from the start.
//
//   Ownership  Part of the runtime's extension; a name space lives as long as somebody uses it.
//   Threads    Any core.
//   Suspends   Never.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "pulpo/name_space.hpp"

namespace pulpo {

/// The names of `:global` while there is no cluster: those of this node's servers.
class NodeNames final : public NameSpace {
 public:
  [[nodiscard]] bool register_name(const Term& name, const Pid& pid) override;
  void unregister_name(const Term& name, const Pid& pid) override;
  [[nodiscard]] std::optional<Pid> whereis_name(const Term& name) override;

 private:
  struct Before {
    bool operator()(const Term& left, const Term& right) const noexcept { return Term::compare_exactly(left, right) < 0; }
  };
  std::shared_mutex mutex_;
  std::map<Term, Pid, Before> names_;
};

class NameSpaces {
 public:
  NameSpaces();
  void set(Atom module, std::shared_ptr<NameSpace> space);
  [[nodiscard]] std::shared_ptr<NameSpace> find(Atom module) const;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::pair<Atom, std::shared_ptr<NameSpace>>> spaces_;  ///< A handful.
};

}  // namespace pulpo
