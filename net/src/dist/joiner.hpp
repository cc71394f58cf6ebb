// SPDX-License-Identifier: Apache-2.0
//
// Joiner: meets the nodes that --join asks for, and meets them again whenever they were lost, for ever.
//
// Each host or node of the list is a target, and so is each node whose beacon was heard. A target is resolved anew at each try (host,
// mapper, port), its nodes are dialled, and what does not succeed is tried again after half a second, doubling up to 30 s, each pause
// drawn between 3/4 and 5/4 of that. Once all of its nodes are connected a target does nothing until one of them is lost.
//
// A beacon proves nothing, so what beacons can make a node do is little: at most kBeaconTargetsMax of them are remembered, their dials are
// 16 at once and then 8 a second, 16 of them under way, and the handshake alone decides. Of two nodes that hear each other the one with the
// greater number dials, and the other only when it was not reached for a while. A node that is connected already is not dialled; where its
// address does not say who it is, its challenge does, and the dial ends there. Other cookies are tried again after five minutes.
//
//   Ownership  The Distribution's. `loop`, `random`, `resolver` and `links` outlive it; dials under way outlive it, and are then not told.
//   Threads    The home core's.
//   Suspends   Never.
//   Errors     None ends it. A target's first failure, and a new kind of one, is a warning in the log.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "discovery/discovery.hpp"
#include "discovery/token_bucket.hpp"
#include "dist/join_spec.hpp"
#include "host/hosts.hpp"
#include "link/ending.hpp"
#include "pulpo/net/node.hpp"

namespace pulpo::dist {

class Joiner {
 public:
  static constexpr std::size_t kBeaconTargetsMax = 256;
  static constexpr std::size_t kBeaconDialsMax = 16;
  static constexpr Duration kFirstPause = 500ms;
  static constexpr Duration kPauseMax = 30s;
  static constexpr Duration kCookiePause = 5min;

  /// What it asks of the Distribution.
  class Links {
   public:
    /// Dials whoever listens at `address`; `target`, unless that is empty. Each dial is answered by one call of up() or ended() with its
    /// `ticket`, on the loop and not inside this call.
    virtual void dial(const io::Address& address, const std::string& target, std::uint64_t ticket) = 0;
    /// True for the own name, too.
    [[nodiscard]] virtual bool is_connected(const std::string& name) const = 0;

   protected:
    ~Links() = default;
  };
  struct Settings {
    std::vector<JoinSpec> specs = {};
    NodeName own = {};
    io::Address listens_at = {};  ///< With the port.
    std::uint16_t mapper_port = 0;
  };

  Joiner(io::Loop& loop, Random& random, const host::Resolver& resolver, Links& links, Settings settings);
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;
  ~Joiner();

  // --- What the Distribution tells ----------------------------------------------------------------------
  /// There is a connection with `name`; `ticket` is 0 unless it is a dial of this object's.
  void up(const std::string& name, std::uint64_t ticket);
  /// A dial ended without one. `name` is who answered, as far as it said so.
  void ended(std::uint64_t ticket, const std::string& name, const links::Ending& ending);
  void down(const std::string& name);

  [[nodiscard]] std::size_t beacon_targets() const noexcept;

 private:
  class Target;
  void heard(const discovery::Discovery& by, const discovery::Heard& heard);
  [[nodiscard]] bool make_room();
  void forget(Target& target);
  [[nodiscard]] bool may_dial_for_beacon();
  /// The address of this very node, as others might be told it.
  [[nodiscard]] bool is_own(const io::Address& address) const;

  io::Loop& loop_;
  Random& random_;
  const std::uint64_t beacon_id_;  ///< One for all labels: a node is one, whoever hears it.
  const host::Resolver& resolver_;
  Links& links_;
  const Settings settings_;
  std::uint64_t last_ticket_ = 0;
  discovery::TokenBucket beacon_dials_{16, 8};
  discovery::TokenBucket cookie_lines_{4, 1};
  std::size_t beacon_dials_under_way_ = 0;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<discovery::Discovery>> discoveries_;
};

}  // namespace pulpo::dist
