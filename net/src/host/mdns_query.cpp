// SPDX-License-Identifier: Apache-2.0
#include "host/mdns_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/dns_query.hpp"

namespace pulpo::host {
namespace {

/// Behind each question.
constexpr std::array<Duration, 3> kPauses = {250ms, 750ms, 1s};
/// IPv6's addresses alone are there: IPv4's may be on their way.
constexpr Duration kGatherTime = 100ms;

bool is_link_local_v6(const io::Address& address) noexcept {
  return address.family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address.kernel())->sin6_addr);
}

}  // namespace

MdnsQuery::MdnsQuery(io::Loop& loop, Random& random, std::string name, std::uint16_t port, Done done, std::uint16_t mdns_port)
    : loop_(loop), random_(random), name_(std::move(name)), port_(port), done_(std::move(done)), mdns_port_(mdns_port) {
  id_ = static_cast<std::uint16_t>(random_.u32());
  loop_.timers().arm(timer_, loop_.refresh());  // not from within the constructor: the answer may destroy us
}

void MdnsQuery::open_ways() {
  auto interfaces = loop_.interfaces();
  if (!interfaces) return;
  for (const io::Interface& one : *interfaces) {
    const bool is_v4 = one.address.family() == AF_INET;
    // A daemon of this very host is reached by any interface; by loopback where there is no other.
    const bool is_used = is_v4 ? one.has_multicast || one.is_loopback : one.has_multicast && is_link_local_v6(one.address);
    if (!is_used || ways_.size() >= kSocketsMax) continue;
    io::Address own = one.address;
    own.set_port(0);
    auto socket = io::DatagramSocket::open(loop_, *this, own);
    const auto group =
        is_v4 ? io::Address::parse("224.0.0.251", mdns_port_) : io::Address::parse(fmt::format("ff02::fb%{}", one.number), mdns_port_);
    // Joining is what makes this the interface by which it multicasts.
    if (!socket || !group || !(*socket)->join(*group, one.address)) continue;
    ways_.push_back({.socket = std::move(*socket), .to = *group, .scope = one.number});
  }
}

void MdnsQuery::expired() {
  if (!found_.empty()) return finish_found();
  if (asked_ == 0) open_ways();
  if (ways_.empty()) return finish(Fault{.code = Errc::timeout, .where = "mDNS", .detail = "mDNS has no network to ask"});
  if (asked_ == kPauses.size())
    return finish(Fault{.code = Errc::timeout, .where = "mDNS", .detail = fmt::format("mDNS: nobody is {}", name_)});
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    const auto question = encode_dns_query(id_, {name_, type});
    if (!question) return finish(question.error());
    for (const Way& way : ways_) way.socket->send(*question, way.to);
  }
  loop_.timers().arm(timer_, loop_.now() + kPauses[asked_++]);
}

void MdnsQuery::received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) {
  // Others than the daemons of this port are no responders (RFC 6762, 6.7); whoever answers has seen the number.
  if (from.port() != mdns_port_) return;
  const auto message = decode_dns_message(bytes);
  if (!message || !message->is_response || message->id != id_) return;
  const auto way = std::find_if(ways_.begin(), ways_.end(), [&](const Way& one) { return one.socket.get() == &socket; });
  if (way == ways_.end()) return;
  for (const io::Address& address : message->addresses_for(name_, port_, way->scope)) {
    const bool is_known = std::any_of(found_.begin(), found_.end(), [&](const io::Address& one) { return one.same_host(address); });
    if (is_known || found_.size() >= kAddressesMax) continue;
    // IPv4's first: they reach whatever the node there listens on.
    found_.insert(address.family() == AF_INET ? found_.begin() : found_.end(), address);
  }
  if (found_.empty()) return;
  if (found_.front().family() == AF_INET) return finish_found();
  loop_.timers().arm(timer_, loop_.now() + kGatherTime);
}

void MdnsQuery::finish_found() { finish(std::move(found_)); }

void MdnsQuery::finish(Outcome<std::vector<io::Address>> outcome) {
  loop_.timers().cancel(timer_);
  ways_.clear();
  const Done done = std::move(done_);  // it may destroy this
  done(std::move(outcome));
}

}  // namespace pulpo::host
