// SPDX-License-Identifier: Apache-2.0
#include "host/met.hpp"

#include <algorithm>

#include "host/names.hpp"

namespace pulpo::host {

void MetHosts::met(std::string_view host, const io::Address& address) {
  std::erase_if(met_, [&](const Met& one) { return same_name(one.name, host); });
  if (met_.size() >= kMetMax) met_.pop_front();
  met_.push_back({.name = std::string(host), .address = address});
}

Outcome<std::vector<io::Address>> MetHosts::find(std::string_view host, std::uint16_t port) const {
  auto known = resolver_.find(host, port);
  if (known || known.error().code != Errc::not_found) return known;
  const auto found = std::find_if(met_.begin(), met_.end(), [&](const Met& one) { return same_name(one.name, host); });
  if (found != met_.end()) {
    io::Address address = found->address;
    address.set_port(port);
    return std::vector{address};
  }
  Fault fault = std::move(known).error();
  fault.detail += ", among the hosts of nodes met";
  return fault;
}

}  // namespace pulpo::host
