// SPDX-License-Identifier: Apache-2.0
//
// Hosts: from a host's name to its addresses, by what this machine itself knows; never by getaddrinfo, which a static
// program cannot carry.
//
// Tried in this order: a numeric address, localhost, the hosts file, this host's own name (loopback, when the file does
// not list it).
//
//   Bounds     The hosts file is read up to 1 MiB; at most 16 addresses a name.
//   Ownership  Results own their values.
//   Threads    Any. A Resolver: those of its node.
//   Suspends   Reads one small local file, at each look-up: it may have changed.
//   Errors     Errc::not_found, with everything that was tried; Errc::bad_argument for what is no host name.
//   Cost       Tens of µs: for names that a person typed, and for dialling a node.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/address.hpp"
#include "pulpo/result.hpp"

namespace pulpo::host {

/// gethostname(2); empty when this host has none.
[[nodiscard]] std::string own_host_name();
/// The part before the first dot: what `--sname` takes.
[[nodiscard]] std::string_view short_name(std::string_view host) noexcept;

struct Settings {
  std::string hosts_file = "/etc/hosts";
  std::string own_name = own_host_name();
};

/// All addresses of `host` with `port`, the one to try first in front; never an empty list.
[[nodiscard]] Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port, const Settings& settings = {});

/// The same as something to hand in, so that a simulated node knows simulated hosts.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// The name of the host that it runs on; empty when it has none.
  [[nodiscard]] virtual std::string own_name() const = 0;
  [[nodiscard]] virtual Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const = 0;
};
/// What this machine knows.
[[nodiscard]] const Resolver& this_machine() noexcept;

/// The addresses that the text of a hosts file gives `host`, in the file's order. Lines that are none are passed over.
[[nodiscard]] std::vector<io::Address> find_in_hosts(std::string_view text, std::string_view host, std::uint16_t port);

}  // namespace pulpo::host
