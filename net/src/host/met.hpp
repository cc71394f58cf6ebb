// SPDX-License-Identifier: Apache-2.0
//
// MetHosts: the hosts of nodes that this node has been connected with, who have proven the cookie: what a resolver does not know is
// looked for among them. So a board that was found by its beacon stays reachable by its name, without DNS.
//
//   Ownership  The resolver outlives it.
//   Threads    Those of its node.
//   Bounds     kMetMax hosts; the one met longest ago is forgotten first.
#pragma once

#include <deque>
#include <string>

#include "host/hosts.hpp"

namespace pulpo::host {

class MetHosts final : public Resolver {
 public:
  static constexpr std::size_t kMetMax = 256;
  explicit MetHosts(const Resolver& resolver) noexcept : resolver_(resolver) {}

  /// A node on the host of that name is, or was just now, at `address`.
  void met(std::string_view host, const io::Address& address);

  std::string own_name() const override { return resolver_.own_name(); }
  Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const override;
  std::optional<Network> network() const override { return resolver_.network(); }

 private:
  struct Met {
    std::string name;
    io::Address address;
  };
  const Resolver& resolver_;
  std::deque<Met> met_;  ///< The latest at the end.
};

}  // namespace pulpo::host
