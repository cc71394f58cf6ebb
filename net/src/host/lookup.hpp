// SPDX-License-Identifier: Apache-2.0
//
// Lookup: from a host's name to its addresses, asking the network where this machine does not know it.
//
// In this order: what the resolver knows itself (numeric, localhost, files); DNS, with the domains that complete a name; and for a
// name in `.local` mDNS, at the same time as DNS, since it is nearly always mDNS that knows it.
//
//   Ownership  The asker's. Destroying it ends the search; its function is then not called. `loop`, `random` and `resolver` outlive it.
//   Threads    The loop's.
//   Suspends   Never, but for the reading of small files: the answer comes as one call, on the loop, not inside the constructor. The
//              function may destroy the object.
//   Errors     not_found, with everything that was tried and what each said; bad_argument for what is no host name.
//   Bounds     kLookupTime in all.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/dns_query.hpp"
#include "host/hosts.hpp"
#include "host/mdns_query.hpp"

namespace pulpo::host {

inline constexpr Duration kLookupTime = 5s;

class Lookup {
 public:
  /// All addresses, with the port, the one to try first in front; never an empty list.
  using Done = std::function<void(Outcome<std::vector<io::Address>>)>;
  Lookup(io::Loop& loop, Random& random, const Resolver& resolver, std::string host, std::uint16_t port, Done done);
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  void begin();
  void ask_dns();
  void dns_answered(Outcome<std::vector<io::Address>> outcome);
  void mdns_answered(Outcome<std::vector<io::Address>> outcome);
  void fail_if_over();
  void too_late();
  void finish(Outcome<std::vector<io::Address>> outcome);

  io::Loop& loop_;
  Random& random_;
  const Resolver& resolver_;
  std::string host_;
  const std::uint16_t port_;
  Done done_;
  Network network_;
  std::vector<std::string> candidates_;  ///< For DNS, the next one at the end.
  std::string tried_;
  std::unique_ptr<DnsQuery> dns_;
  std::unique_ptr<MdnsQuery> mdns_;
  io::CallbackTimer<Lookup> start_{*this, &Lookup::begin};
  io::CallbackTimer<Lookup> deadline_{*this, &Lookup::too_late};
};

}  // namespace pulpo::host
