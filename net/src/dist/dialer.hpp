// SPDX-License-Identifier: Apache-2.0
//
// Dialer: from a node's name to the address where it listens.
//
// The host's name is looked up, then the mapper of that host is asked where the node is, and whether it speaks our
// protocol at all: a node of Erlang is not dialled.
//
//   Ownership  The asker's. Destroying it ends the search; its function is then not called.
//   Threads    The loop's.
//   Suspends   Never: the answer comes as one call, on the loop. The function may destroy the dialer.
//   Errors     nodedown or not_found, with the one cause as text for a person; unsupported for a node of Erlang.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/lookup.hpp"
#include "mapper/client.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::dist {

class Dialer {
 public:
  using Done = std::function<void(Outcome<io::Address>)>;
  Dialer(io::Loop& loop, Random& random, const host::Resolver& resolver, const NodeName& target, std::uint16_t mapper_port, Done done);

 private:
  void host_found(Outcome<std::vector<io::Address>> found);
  void ask_next_mapper();
  void answered(Outcome<mapper::NodeRecord> answer);

  io::Loop& loop_;
  NodeName target_;
  Done done_;
  std::vector<io::Address> addresses_;  ///< Of the host, the next to ask in front.
  std::size_t next_address_ = 0;
  std::unique_ptr<host::Lookup> host_lookup_;
  std::unique_ptr<mapper::Lookup> lookup_;
};

}  // namespace pulpo::dist
