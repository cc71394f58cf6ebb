// SPDX-License-Identifier: Apache-2.0
//
// Hosts: from a host's name to its addresses, by what this machine itself knows; never by getaddrinfo, which a static
// program cannot carry. Who asks the network as well is a Lookup.
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

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/mdns_query.hpp"
#include "host/resolv_conf.hpp"
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

/// Whom a Lookup asks.
struct Network {
  ResolvConf conf = {};
  std::string conf_file = "/etc/resolv.conf";  ///< Where it stands, for messages.
  std::uint16_t mdns_port = kMdnsPort;         ///< 0: nobody is asked by mDNS.
};

/// What a node knows of hosts, as something to hand in, so that a simulated node knows simulated hosts.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// The name of the host that it runs on; empty when it has none.
  [[nodiscard]] virtual std::string own_name() const = 0;
  /// Without asking anybody; not_found says what was tried.
  [[nodiscard]] virtual Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const = 0;
  /// Whom to ask for what find() does not know; nobody, in a simulation.
  [[nodiscard]] virtual std::optional<Network> network() const { return std::nullopt; }
};
/// What this machine knows, and /etc/resolv.conf as it is at each look-up.
[[nodiscard]] const Resolver& this_machine() noexcept;

/// The addresses that the text of a hosts file gives `host`, in the file's order. Lines that are none are passed over.
[[nodiscard]] std::vector<io::Address> find_in_hosts(std::string_view text, std::string_view host, std::uint16_t port);

}  // namespace pulpo::host
