// SPDX-License-Identifier: Apache-2.0
//
// Where a mapper listens, what the environment says of it, and whom it takes for local (EPMD-1, EPMD-3).
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "mapper/connection.hpp"
#include "pulpo/log.hpp"

namespace pulpo::mapper {
namespace {

/// Hundreds of nodes may start at once; the kernel cuts this to net.core.somaxconn (4096 since Linux 5.4).
constexpr int kBacklog = 4096;

/// With port 0 the first listener chooses, and another program may hold that port of the other family.
constexpr int kFreePortTries = 8;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read at start
  return value == nullptr ? std::string_view{} : value;
}

bool is_absent(int error) noexcept { return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT; }

bool is_any(const io::Address& address) noexcept {
  return address.same_host(address.family() == AF_INET ? io::Address::any_v4(0) : io::Address::any_v6(0));
}

io::Address loopback_v6() { return *io::Address::parse("::1", 0); }

}  // namespace

Outcome<std::vector<io::Address>> parse_addresses(std::string_view text) {
  std::vector<io::Address> addresses;
  constexpr std::string_view kBetween = ", \t";
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos; at = text.find_first_not_of(kBetween, at)) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    PULPO_TRY(const io::Address address, io::Address::parse(text.substr(at, end - at), 0));
    addresses.push_back(address);
    at = end;
  }
  if (addresses.size() > kAddressesMax) {
    return Fault{.code = Errc::bad_argument,
                 .where = "mapper: addresses",
                 .detail = fmt::format("{} addresses, and the limit is {}", addresses.size(), kAddressesMax)};
  }
  return addresses;
}

Outcome<std::uint16_t> port_from_environment() {
  const std::string_view text = environment("ERL_EPMD_PORT");
  if (text.empty()) return kDefaultPort;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return Fault{.code = Errc::bad_argument,
                 .where = "ERL_EPMD_PORT",
                 .detail = fmt::format("\"{}\" is not a port; 1 to 65535 are", printable(text))};
  }
  return port;
}

Outcome<Options> options_from_environment() {
  Options options;
  PULPO_TRY(options.port, port_from_environment());
  PULPO_TRY(options.addresses, parse_addresses(environment("ERL_EPMD_ADDRESS")));
  options.relaxed_command_check = std::getenv("ERL_EPMD_RELAXED_COMMAND_CHECK") != nullptr;  // NOLINT(concurrency-mt-unsafe)
  return options;
}

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;  // what every system grants
  // "Unlimited" is the kernel's fs.nr_open, 2^20 by default.
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 1u << 20));
}

std::size_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));  // refused: the old limit stands, and is returned
  }
  return descriptor_limit();
}

bool is_local_peer(const io::Address& peer, const io::Address& own) noexcept { return peer.is_loopback() || peer.same_host(own); }

Outcome<void> Mapper::listen_everywhere() {
  if (options_.addresses.size() > kAddressesMax) {
    return Fault{
        .code = Errc::bad_argument, .where = "mapper", .detail = fmt::format("more than {} addresses to listen on", kAddressesMax)};
  }
  // "Everywhere" goes first: what it covers need not be listened on again.
  std::stable_partition(options_.addresses.begin(), options_.addresses.end(), is_any);
  const std::uint16_t wanted_port = options_.port;
  for (int tries = 1;; ++tries) {
    options_.port = wanted_port;
    auto listening = [this]() -> Outcome<void> {
      if (options_.addresses.empty()) {
        PULPO_CHECK(listen_on(io::Address::any_v4(0), true));
        PULPO_CHECK(listen_on(io::Address::any_v6(0), true));
      } else {
        for (const io::Address& address : options_.addresses) PULPO_CHECK(listen_on(address, false));
        // Loopback is always added: the nodes of this host register there (EPMD-1).
        PULPO_CHECK(listen_on(io::Address::loopback_v4(0), true));
        PULPO_CHECK(listen_on(loopback_v6(), true));
      }
      if (listeners_.empty()) return Fault{.code = Errc::io, .where = "mapper: listen", .detail = "this host has neither IPv4 nor IPv6"};
      return {};
    }();
    const bool is_taken = !listening.has_value() && listening.error().code == Errc::already_exists;
    if (!is_taken || wanted_port != 0 || tries == kFreePortTries) return listening;
    close_listeners();
  }
}

/// Listens on `address` at our port. An optional one may be absent from this host.
Outcome<void> Mapper::listen_on(io::Address address, bool is_optional) {
  address.set_port(options_.port);
  for (const Listener* listener : listeners_) {
    if (listener->covers(address)) return {};  // listed twice, or part of "everywhere"
  }
  auto handle = loop_.listen(address, {.backlog = kBacklog, .v6_only = true});
  if (!handle.has_value()) {
    const Fault& fault = handle.error();
    if (is_optional && is_absent(fault.sys)) return {};
    if (fault.sys == EADDRINUSE) {
      return Fault{.code = Errc::already_exists,
                   .sys = EADDRINUSE,
                   .where = "mapper: listen",
                   .detail = fmt::format("{} is in use, most likely by another mapper", address.text())};
    }
    return Fault{.code = fault.code, .sys = fault.sys, .where = "mapper: listen", .detail = address.text()};
  }
  if (options_.port == 0) {
    auto chosen = loop_.local_address(*handle);
    if (!chosen.has_value()) {
      loop_.close(*handle);
      return chosen.error();
    }
    options_.port = chosen->port();
  }
  listeners_.push_back(new Listener(*this, *handle, address));
  listeners_.back()->start();
  return {};
}

Outcome<void> Mapper::adopt_listeners() {
  bool nodes_can_register = false;
  for (const int descriptor : options_.listeners) {
    PULPO_TRY(const io::Handle handle, loop_.adopt(descriptor));
    auto address = loop_.local_address(handle);
    if (!address.has_value() || (address->family() != AF_INET && address->family() != AF_INET6)) {
      loop_.close(handle);
      return Fault{
          .code = Errc::bad_argument, .where = "mapper: listen", .detail = fmt::format("socket {} is not a TCP socket", descriptor)};
    }
    if (listeners_.empty()) options_.port = address->port();
    if (address->port() != options_.port) {
      log::warning("mapper: {} has another port than the first socket: clients are told {}", address->text(), options_.port);
    }
    nodes_can_register = nodes_can_register || is_any(*address) || address->is_loopback();
    listeners_.push_back(new Listener(*this, handle, *address));
    listeners_.back()->start();
  }
  if (!nodes_can_register) log::warning("mapper: none of its sockets listens on loopback, where the nodes of this host register");
  return {};
}

void Mapper::close_listeners() noexcept {
  for (Listener* listener : listeners_) listener->let_go();
  listeners_.clear();
}

}  // namespace pulpo::mapper
