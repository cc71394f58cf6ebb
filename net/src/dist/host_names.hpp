// SPDX-License-Identifier: Apache-2.0
//
// HostNames: which nodes the mapper of a host knows, and on which ports: net_adm:names.
//
// The host's name is looked up, then its mapper is asked, at one address after the other until one answers.
//
//   Ownership  The asker's. Destroying it ends the question; its function is then not called.
//   Threads    The loop's.
//   Suspends   Never: the answer comes as one call, on the loop. The function may destroy the object.
//   Errors     As the host's look-up or the mapper's client had it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/lookup.hpp"
#include "mapper/client.hpp"

namespace pulpo::dist {

class HostNames {
 public:
  using List = std::vector<std::pair<std::string, std::uint16_t>>;
  using Done = std::function<void(Outcome<List>)>;
  HostNames(io::Loop& loop, Random& random, const host::Resolver& resolver, const std::string& host, std::uint16_t mapper_port, Done done);

  /// "name NAME at port PORT" lines; others are passed over.
  [[nodiscard]] static List read(std::string_view lines);

 private:
  void ask_next();
  void answered(Outcome<mapper::TextReply> answer);

  io::Loop& loop_;
  Done done_;
  std::vector<io::Address> addresses_;
  std::size_t next_ = 0;
  std::unique_ptr<host::Lookup> lookup_;
  std::unique_ptr<mapper::Names> names_;
};

}  // namespace pulpo::dist
