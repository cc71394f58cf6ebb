// SPDX-License-Identifier: Apache-2.0
//
// Discovery: tells the nodes of a network that this one is there, and hears of them: beacons by multicast, IPv4's and IPv6's, and by
// broadcast, which home routers and switches pass that lose multicast. On every interface, from the time it has an address.
//
// Five beacons in the first two seconds and after each change of the interfaces, then one every ten seconds. A node that was not known is
// answered at once (within 20 to 120 ms, so that not all speak together): a board that is plugged in knows everybody before its second
// beacon.
//
// The kernel says by netlink when an interface comes or goes: looking every second would cost a board a wake-up a second for ever, and
// still be a second late. Before each beacon it looks as well, for kernels and sandboxes without netlink.
//
//   Order      found() is called for every beacon of others, known or not, of this label.
//   Bounds     kKnownMax nodes are remembered, to tell new ones; new ones count up to 64 at once and 20 a second, others are not heard.
//              At most 5 answers a second.
//   Ownership  The asker's. Destroying it ends all of it. `loop` and `random` outlive it.
//   Threads    The loop's.
//   Suspends   Never. found() is called on the loop, never inside the constructor, and may not destroy the Discovery.
//   Errors     None ends it: a network that is not there may come. What keeps it from hearing anybody is logged once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.hpp"
#include "discovery/beacon.hpp"
#include "discovery/token_bucket.hpp"
#include "io/callback_timer.hpp"
#include "io/datagram_socket.hpp"

namespace pulpo::discovery {

/// Of the range that stays within a site (RFC 2365), and of one link.
inline constexpr std::string_view kGroupV4 = "239.255.112.117";
inline constexpr std::string_view kGroupV6 = "ff02::7075:6c70:6f";
/// Below what kernels take for themselves (32768 up).
inline constexpr std::uint16_t kBeaconPort = 14369;

/// A node that said that it is there.
struct Heard {
  io::Address address;   ///< Where it can be dialled: where the beacon came from, and the port that it names.
  std::uint64_t id = 0;  ///< Of this life of it.
};

struct Settings {
  std::uint16_t node_port = 0;  ///< Where this node listens.
  std::string label = {};       ///< Nodes of other labels are not heard.
  /// Where this node listens; none, or one that means all, is on every interface.
  io::Address listens_at = {};
  std::uint16_t port = kBeaconPort;
  Duration period = 10s;
  std::uint64_t id = 0;  ///< Of this life of the node, the same for all its labels; 0: one is drawn.
};

class Discovery final : private io::DatagramSocket::Owner {
 public:
  static constexpr std::size_t kKnownMax = 256;
  using Found = std::function<void(const Heard&)>;

  Discovery(io::Loop& loop, Random& random, Settings settings, Found found);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;
  ~Discovery();

  /// This life's number, which its beacons carry.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

 private:
  struct Watch;
  /// One interface, and the socket by which beacons leave there.
  struct Sender {
    io::Interface interface;
    std::unique_ptr<io::DatagramSocket> socket;
    std::vector<io::Address> to;
  };

  void received(io::DatagramSocket& socket, ByteView bytes, const io::Address& from) override;
  void watch();
  void interfaces_changed();
  /// Brings senders and memberships in line with the interfaces; true when something changed.
  bool look();
  [[nodiscard]] bool is_used(const io::Interface& interface) const;
  [[nodiscard]] std::optional<Sender> make_sender(const io::Interface& interface);
  void listen_to(const Sender& sender);
  void speak(bool is_answer);
  void next_beacon();
  void look_again();
  void answer();
  /// True when this node was not known.
  [[nodiscard]] bool remember(std::uint64_t id);
  [[nodiscard]] Duration between(Duration least, Duration most);

  io::Loop& loop_;
  Random& random_;
  const Settings settings_;
  const Found found_;
  const std::uint64_t id_;
  std::unique_ptr<io::DatagramSocket> ear_v4_, ear_v6_;
  std::vector<Sender> senders_;
  std::unordered_map<std::uint64_t, TimePoint> known_;  ///< When it was heard last.
  TokenBucket news_{64, 20};
  TokenBucket answers_{5, 5};
  std::size_t spoken_ = 0;  ///< Beacons since the interfaces changed last.
  bool told_deafness_ = false;
  Watch* watch_ = nullptr;  ///< Deletes itself with its last completion.
  io::CallbackTimer<Discovery> beacon_timer_{*this, &Discovery::next_beacon};
  io::CallbackTimer<Discovery> answer_timer_{*this, &Discovery::answer};
  io::CallbackTimer<Discovery> look_timer_{*this, &Discovery::look_again};
};

}  // namespace pulpo::discovery
