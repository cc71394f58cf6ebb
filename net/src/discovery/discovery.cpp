// SPDX-License-Identifier: Apache-2.0
#include "discovery/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "pulpo/log.hpp"

namespace pulpo::discovery {
namespace {

/// From one beacon to the next, after a change; the period follows.
constexpr std::array<Duration, 4> kFirstPauses = {100ms, 200ms, 500ms, 1'200ms};
/// An interface that comes up says so several times within some milliseconds.
constexpr Duration kSettleTime = 30ms;
constexpr Duration kAnswerLeast = 20ms;
constexpr Duration kAnswerMost = 120ms;

bool is_link_local(const io::Address& address) noexcept {
  return address.family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address.kernel())->sin6_addr);
}

/// The group of that family, there.
Outcome<io::Address> group_of(const io::Interface& interface, std::uint16_t port) {
  if (interface.address.family() == AF_INET) return io::Address::parse(kGroupV4, port);
  return io::Address::parse(fmt::format("{}%{}", kGroupV6, interface.number), port);
}

}  // namespace

struct Discovery::Watch final : io::Operation {
  Watch(Discovery& discovery_, io::Loop& loop_, io::Handle handle_) noexcept : discovery(&discovery_), loop(loop_), handle(handle_) {}
  void completed(const io::Completion& completion) override {
    if (discovery != nullptr && completion.result != -ECANCELED) discovery->interfaces_changed();
    if (completion.more) return;
    if (discovery != nullptr) {
      discovery->watch_ = nullptr;
      loop.close(handle);
      // More changed than fitted: nothing is lost by beginning anew.
      if (completion.result == -ENOBUFS) discovery->watch();
    }
    delete this;
  }
  Discovery* discovery;
  io::Loop& loop;
  const io::Handle handle;
};

Discovery::Discovery(io::Loop& loop, Random& random, Settings settings, Found found)
    : loop_(loop),
      random_(random),
      settings_(std::move(settings)),
      found_(std::move(found)),
      id_(settings_.id != 0 ? settings_.id : random.u64()) {
  watch();
  loop_.timers().arm(beacon_timer_, loop_.refresh());
}

Discovery::~Discovery() {
  if (watch_ == nullptr) return;
  watch_->discovery = nullptr;
  loop_.close(watch_->handle);
}

// --- Interfaces ------------------------------------------------------------------------------------------------------

void Discovery::watch() {
  const auto handle = loop_.watch_interfaces();
  if (!handle) return log::debug("Changes of the interfaces are seen late: {}", handle.error().text());
  watch_ = new Watch(*this, loop_, *handle);
  loop_.receive(*watch_, *handle);
}

void Discovery::interfaces_changed() {
  if (!look_timer_.is_armed()) loop_.timers().arm(look_timer_, loop_.now() + kSettleTime);
}

void Discovery::look_again() {
  if (!look()) return;
  spoken_ = 0;
  next_beacon();
}

bool Discovery::is_used(const io::Interface& interface) const {
  const io::Address& at = settings_.listens_at;
  const bool everywhere = at.family() == AF_UNSPEC || at.same_host(io::Address::any_v4(0)) || at.same_host(io::Address::any_v6(0));
  if (interface.address.family() == AF_INET6) {
    // Beacons come from link-local addresses only, which every interface with IPv6 has.
    return interface.has_multicast && is_link_local(interface.address) && (at.family() == AF_INET6 || at.family() == AF_UNSPEC) &&
           (everywhere || interface.address.same_host(at));
  }
  if (!interface.is_loopback && !interface.has_multicast && interface.broadcast.family() == AF_UNSPEC) return false;
  return everywhere || interface.address.same_host(at);
}

bool Discovery::look() {
  auto found = loop_.interfaces();
  if (!found) {
    log::debug("No beacons: {}", found.error().text());
    return false;
  }
  std::erase_if(*found, [this](const io::Interface& one) { return !is_used(one); });
  const std::size_t before = senders_.size();
  std::erase_if(senders_, [&](const Sender& sender) { return std::find(found->begin(), found->end(), sender.interface) == found->end(); });
  bool changed = senders_.size() != before;
  for (const io::Interface& one : *found) {
    if (std::any_of(senders_.begin(), senders_.end(), [&](const Sender& sender) { return sender.interface == one; })) continue;
    auto sender = make_sender(one);
    if (!sender) continue;  // an IPv6 address that is being tried for being unique cannot be bound yet: the next look will
    listen_to(*sender);
    senders_.push_back(*std::move(sender));
    changed = true;
  }
  return changed;
}

std::optional<Discovery::Sender> Discovery::make_sender(const io::Interface& interface) {
  Sender sender{.interface = interface, .socket = nullptr, .to = {}};
  io::Address own = interface.address;
  own.set_port(0);
  const bool is_v4 = own.family() == AF_INET;
  auto socket = io::DatagramSocket::open(loop_, *this, own, {.broadcast = is_v4});
  if (!socket) {
    log::debug("No beacons from {}: {}", own.ip_text(), socket.error().text());
    return std::nullopt;
  }
  sender.socket = std::move(*socket);
  const auto group = group_of(interface, settings_.port);
  // Joining is what makes this the interface by which it multicasts.
  if (interface.has_multicast && group && sender.socket->join(*group, interface.address)) sender.to.push_back(*group);
  io::Address broadcast = interface.broadcast;
  if (is_v4 && interface.is_loopback) broadcast = io::Address::parse("127.255.255.255", 0).value();
  broadcast.set_port(settings_.port);
  if (broadcast.family() != AF_UNSPEC) sender.to.push_back(broadcast);
  return sender;
}

/// Makes sure that what others send there is heard.
void Discovery::listen_to(const Sender& sender) {
  const bool is_v4 = sender.interface.address.family() == AF_INET;
  auto& ear = is_v4 ? ear_v4_ : ear_v6_;
  if (ear == nullptr) {
    auto opened = io::DatagramSocket::open(loop_, *this, is_v4 ? io::Address::any_v4(settings_.port) : io::Address::any_v6(settings_.port),
                                           {.reuse_address = true, .v6_only = true});
    if (!opened) {
      if (!std::exchange(told_deafness_, true)) log::warning("** Beacons of other nodes are not heard: {} **", opened.error().text());
      return;
    }
    ear = std::move(*opened);
  }
  if (!sender.interface.has_multicast) return;
  const auto group = group_of(sender.interface, settings_.port);
  if (!group) return;
  const auto joined = ear->join(*group, sender.interface.address);
  if (joined || joined.error().sys == EADDRINUSE) return;  // an interface that comes again may still be joined
  log::debug("Multicast at {} is not heard: {}", sender.interface.name, joined.error().text());
}

// --- Speaking ----------------------------------------------------------------------------------------------------------

Duration Discovery::between(Duration least, Duration most) {
  return least + Duration(static_cast<std::int64_t>(random_.u32() % static_cast<std::uint32_t>((most - least).count() / 1000)) * 1000);
}

void Discovery::next_beacon() {
  look();
  speak(false);
  const Duration pause =
      spoken_ < kFirstPauses.size() ? kFirstPauses[spoken_] : between(settings_.period * 4 / 5, settings_.period * 6 / 5);
  ++spoken_;
  loop_.timers().arm(beacon_timer_, loop_.now() + pause);
}

void Discovery::answer() { speak(true); }

void Discovery::speak(bool is_answer) {
  const std::string bytes = encode_beacon({.is_answer = is_answer, .port = settings_.node_port, .id = id_, .label = settings_.label});
  for (const Sender& sender : senders_) {
    for (const io::Address& to : sender.to) sender.socket->send(bytes, to);
  }
}

// --- Hearing -----------------------------------------------------------------------------------------------------------

bool Discovery::remember(std::uint64_t id) {
  const auto [at, is_new] = known_.insert_or_assign(id, loop_.now());
  if (known_.size() <= kKnownMax) return is_new;
  const auto oldest = std::min_element(known_.begin(), known_.end(), [&](const auto& one, const auto& other) {
    return one.second < other.second || (one.second == other.second && one.first != id && other.first == id);
  });
  known_.erase(oldest);
  return is_new;
}

void Discovery::received(io::DatagramSocket&, ByteView bytes, const io::Address& from) {
  const auto beacon = decode_beacon(bytes);
  if (!beacon || beacon->version != kBeaconVersion || beacon->id == id_ || beacon->label != settings_.label) return;
  if (!known_.contains(beacon->id) && !news_.take(loop_.now())) return;
  if (remember(beacon->id) && !beacon->is_answer && !answer_timer_.is_armed() && answers_.take(loop_.now())) {
    loop_.timers().arm(answer_timer_, loop_.now() + between(kAnswerLeast, kAnswerMost));
  }
  Heard heard{.address = from, .id = beacon->id};
  heard.address.set_port(beacon->port);
  found_(heard);
}

}  // namespace pulpo::discovery
