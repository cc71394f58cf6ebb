// SPDX-License-Identifier: Apache-2.0
#include "host/resolv_conf.hpp"

#include <algorithm>
#include <charconv>

#include "host/names.hpp"

namespace pulpo::host {
namespace {

constexpr std::size_t kServersMax = 3;
constexpr std::size_t kDomainsMax = 6;
constexpr unsigned kDotsMax = 15;
constexpr std::uint16_t kDnsPort = 53;

void read_options(std::string_view line, ResolvConf& conf) {
  constexpr std::string_view kDots = "ndots:";
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (!word.starts_with(kDots)) continue;
    const std::string_view digits = word.substr(kDots.size());
    unsigned dots = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), dots);
    if (error == std::errc() && end == digits.data() + digits.size()) conf.dots = std::min(dots, kDotsMax);
  }
}

}  // namespace

ResolvConf read_resolv_conf(std::string_view text) {
  ResolvConf conf;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    const std::string_view keyword = take_word(line);
    if (keyword == "nameserver" && conf.servers.size() < kServersMax) {
      if (auto address = io::Address::parse(take_word(line), kDnsPort)) conf.servers.push_back(*address);
    } else if (keyword == "search" || keyword == "domain") {
      // The last line of either kind counts.
      conf.domains.clear();
      for (std::string_view word = take_word(line); !word.empty() && conf.domains.size() < kDomainsMax; word = take_word(line)) {
        if (word.ends_with('.')) word.remove_suffix(1);
        if (is_host_name(word)) conf.domains.emplace_back(word);
      }
    } else if (keyword == "options") {
      read_options(line, conf);
    }
  }
  return conf;
}

std::vector<std::string> ResolvConf::candidates(std::string_view host, bool is_whole) const {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (is_host_name(name)) names.push_back(std::move(name));
  };
  const bool as_it_is_first = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.')) >= dots;
  if (is_whole || as_it_is_first) add(std::string(host));
  if (is_whole) return names;
  for (const std::string& domain : domains) add(std::string(host) + "." + domain);
  if (!as_it_is_first) add(std::string(host));
  return names;
}

}  // namespace pulpo::host
