// SPDX-License-Identifier: Apache-2.0
#include "host/hosts.hpp"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <cstring>

#include "host/dns_query.hpp"
#include "host/names.hpp"

namespace pulpo::host {
namespace {

bool is_localhost(std::string_view host) noexcept {
  return is_within(host, "localhost");  // RFC 6761: all of it is loopback
}

std::vector<io::Address> loopback(std::uint16_t port) {
  std::vector<io::Address> addresses = {io::Address::loopback_v4(port)};
  if (auto v6 = io::Address::parse("::1", port); v6.has_value()) addresses.push_back(*v6);
  return addresses;
}

}  // namespace

std::string own_host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

const Resolver& this_machine() noexcept {
  class ThisMachine final : public Resolver {
   public:
    std::string own_name() const override { return own_host_name(); }
    Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port) const override { return host::find(host, port); }
    std::optional<Network> network() const override {
      Network network;
      if (auto text = read_file(network.conf_file)) network.conf = read_resolv_conf(*text);
      return network;
    }
  };
  static const ThisMachine machine;
  return machine;
}

std::string_view short_name(std::string_view host) noexcept { return host.substr(0, host.find('.')); }

std::vector<io::Address> find_in_hosts(std::string_view text, std::string_view host, std::uint16_t port) {
  std::vector<io::Address> addresses;
  while (!text.empty() && addresses.size() < kAddressesMax) {
    std::string_view line = take_line(text);
    line = line.substr(0, line.find('#'));
    const std::string_view ip = take_word(line);
    for (std::string_view name = take_word(line); !name.empty(); name = take_word(line)) {
      if (!same_name(name, host)) continue;
      if (auto address = io::Address::parse(ip, port); address.has_value()) addresses.push_back(*address);
      break;
    }
  }
  return addresses;
}

Outcome<std::vector<io::Address>> find(std::string_view host, std::uint16_t port, const Settings& settings) {
  if (host.ends_with('.')) host.remove_suffix(1);  // "board.lan." is "board.lan", fully qualified
  if (!is_host_name(host)) {
    return Fault{.code = Errc::bad_argument, .where = "host", .detail = "this is no host name: it is empty, too long, or holds blanks"};
  }
  if (auto numeric = io::Address::parse(host, port); numeric.has_value()) return std::vector{*numeric};
  if (is_localhost(host)) return loopback(port);

  auto text = read_file(settings.hosts_file);
  if (text.has_value()) {
    auto listed = find_in_hosts(*text, host, port);
    if (!listed.empty()) return listed;
  }
  if (!settings.own_name.empty() && (same_name(host, settings.own_name) || same_name(host, short_name(settings.own_name))))
    return loopback(port);

  return Fault{.code = Errc::not_found,
               .where = "host",
               .detail = fmt::format(
                   "\"{}\" is unknown; tried: as an address, as localhost, {}{}, as this host's own name ({})", host, settings.hosts_file,
                   text.has_value() ? "" : fmt::format(" ({})", std::strerror(text.error().sys)),  // NOLINT(concurrency-mt-unsafe)
                   settings.own_name.empty() ? "it has none" : settings.own_name)};
}

}  // namespace pulpo::host
