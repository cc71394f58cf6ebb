// SPDX-License-Identifier: Apache-2.0
//
// ResolvConf: what /etc/resolv.conf says: whom to ask for names, and under which names (resolv.conf(5)).
//
//   Ownership  Owns its values.
//   Threads    Any: pure functions.
//   Bounds     3 servers, 6 domains, as the C library has it; lines that are none are passed over.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/address.hpp"

namespace pulpo::host {

struct ResolvConf {
  std::vector<io::Address> servers = {};  ///< Port 53. Empty: nobody to ask.
  std::vector<std::string> domains = {};  ///< To complete names with.
  unsigned dots = 1;                      ///< A name with so many is tried as it is first.

  /// The names to ask for, in order, when somebody means `host`, which has no dot at its end. `is_whole`: it had one.
  [[nodiscard]] std::vector<std::string> candidates(std::string_view host, bool is_whole) const;
};

[[nodiscard]] ResolvConf read_resolv_conf(std::string_view text);

}  // namespace pulpo::host
