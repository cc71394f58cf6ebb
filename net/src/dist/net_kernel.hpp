// SPDX-License-Identifier: Apache-2.0
//
// NetKernel: the process net_kernel of a node with a name: it answers those who ask whether this node is there (NODE-7), and hears from
// peers which other nodes they are connected with (NODE-12).
//
// Its requests are {:is_auth, node} or :is_auth, answered :yes; its cast {:mesh, [node]}. Anything else is refused or dropped.
//
//   Ownership  The Distribution outlives it, and starts another when it is killed.
//   Threads    The home core's.
#pragma once

#include "pulpo/process.hpp"

namespace pulpo::dist {

class Distribution;

class NetKernel final : public Body {
 public:
  static Atom registered_name() { return "net_kernel"_atom; }
  /// What a peer asks.
  static Term is_auth() { return "is_auth"_atom; }
  static Term yes() { return "yes"_atom; }

  explicit NetKernel(Distribution& distribution) noexcept : distribution_(distribution) {}
  ~NetKernel() override;
  bool start() override;
  void handle(const Message& message) override;
  [[nodiscard]] std::string_view what() const noexcept override { return "net_kernel"; }

 private:
  Distribution& distribution_;
};

}  // namespace pulpo::dist
