// SPDX-License-Identifier: Apache-2.0
#include "host/hosts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pulpo::host {
namespace {

constexpr std::size_t kHostsFileMax = 1024 * 1024;  // ad-blocking hosts files are several 100 KiB
constexpr std::size_t kAddressesMax = 16;           // more would only make a failing dial longer
constexpr std::size_t kHostNameMax = 253;           // DNS (RFC 1035), written with dots
constexpr std::string_view kBlank = " \t\r";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Host names are compared without case (RFC 4343).
bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_localhost(std::string_view host) noexcept {
  constexpr std::string_view kSuffix = ".localhost";  // RFC 6761: all of it is loopback
  return same_name(host, "localhost") || (host.size() > kSuffix.size() && same_name(host.substr(host.size() - kSuffix.size()), kSuffix));
}

std::vector<io::Address> loopback(std::uint16_t port) {
  std::vector<io::Address> addresses = {io::Address::loopback_v4(port)};
  if (auto v6 = io::Address::parse("::1", port); v6.has_value()) addresses.push_back(*v6);
  return addresses;
}

Outcome<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Fault{.code = Errc::io, .sys = errno, .where = "open", .detail = path};
  std::string text;
  char part[16 * 1024];
  ssize_t size = 0;
  while (text.size() < kHostsFileMax && (size = ::read(file, part, sizeof part)) > 0) text.append(part, static_cast<std::size_t>(size));
  const int error = size < 0 ? errno : 0;
  ::close(file);
  if (error != 0) return Fault{.code = Errc::io, .sys = error, .where = "read", .detail = path};
  return text;
}

/// The next word of `line`, which loses it; empty at its end.
std::string_view take_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
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
  };
  static const ThisMachine machine;
  return machine;
}

std::string_view short_name(std::string_view host) noexcept { return host.substr(0, host.find('.')); }

std::vector<io::Address> find_in_hosts(std::string_view text, std::string_view host, std::uint16_t port) {
  std::vector<io::Address> addresses;
  while (!text.empty() && addresses.size() < kAddressesMax) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
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
  const bool is_printable = std::all_of(host.begin(), host.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
  if (host.empty() || host.size() > kHostNameMax || !is_printable) {
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
