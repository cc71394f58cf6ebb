// SPDX-License-Identifier: Apache-2.0
//
// Joiner::Target: one entry of the list, or one node whose beacon was heard; its tries one after the other.
//
//   Ownership  The Joiner's.
//   Threads    The home core's.
//   Bounds     A host's mapper names kMembersMax nodes that are dialled; the others are passed over.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dist/joiner.hpp"
#include "host/lookup.hpp"
#include "io/callback_timer.hpp"
#include "mapper/client.hpp"

namespace pulpo::dist {

class Joiner::Target {
 public:
  static constexpr std::size_t kMembersMax = 64;
  static constexpr std::size_t kBeaconAddressesMax = 4;

  Target(Joiner& joiner, JoinSpec spec);
  /// Of a beacon; dials after `pause`.
  Target(Joiner& joiner, const discovery::Heard& heard, Duration pause);
  ~Target();

  [[nodiscard]] bool is_of_beacon() const noexcept { return of_beacon_; }
  [[nodiscard]] std::uint64_t beacon_id() const noexcept { return beacon_id_; }
  [[nodiscard]] TimePoint heard_at() const noexcept { return heard_at_; }
  /// A node was reached by it that has proven the cookie.
  [[nodiscard]] bool was_met() const noexcept { return was_met_; }
  [[nodiscard]] bool is_trying() const noexcept { return pending_ != 0 || host_lookup_ || names_ || port_lookup_; }
  [[nodiscard]] bool has_address(const io::Address& address) const;
  [[nodiscard]] bool has_member(const std::string& name) const;
  /// All of its nodes are connected.
  [[nodiscard]] bool is_settled() const;

  /// Its beacon was heard again, or one of another life at the same address.
  void heard(const discovery::Heard& heard);
  /// True when it was a dial of this target.
  bool up(const std::string& name, std::uint64_t ticket);
  /// True when it was a dial of this target.
  bool ended(std::uint64_t ticket, const std::string& name, const links::Ending& ending);
  void down(const std::string& name);

 private:
  struct Member {
    std::vector<io::Address> addresses;  ///< The next to dial in front.
    std::string target;                  ///< Who must answer there; empty: whoever does.
    std::string name;                    ///< Who did.
    std::uint64_t ticket = 0;            ///< Of the dial under way.
  };

  void try_now();
  void try_in(Duration pause);
  void host_found(Outcome<std::vector<io::Address>> found);
  void ask_mapper();
  void names_told(Outcome<mapper::TextReply> reply);
  void ask_next_port();
  void port_told(Outcome<mapper::NodeRecord> record);
  void mapper_failed(const Fault& fault);
  void dial_members();
  void dial(Member& member);
  void dial_over(Member& member);
  void failed(const std::string& why);
  void finish_try();
  void give_up_dials();
  [[nodiscard]] std::string text() const;

  Joiner& joiner_;
  JoinSpec spec_;
  bool of_beacon_ = false;
  std::uint64_t beacon_id_ = 0;
  TimePoint heard_at_{};
  TimePoint tried_at_{};
  TimePoint due_{};                         ///< Of the next try, when the timer is armed.
  std::optional<TimePoint> new_life_at_{};  ///< When a beacon of another life was believed last.
  bool was_met_ = false;
  bool cookie_differs_ = false;
  Duration pause_ = kFirstPause;
  std::string told_;  ///< The failure that is in the log already.
  std::vector<Member> members_;
  std::vector<Member> known_;  ///< Those of the last try, while a host's are looked for anew.
  std::size_t pending_ = 0;    ///< Dials under way.
  std::unique_ptr<host::Lookup> host_lookup_;
  std::vector<io::Address> addresses_;  ///< Of the host's mapper, the next to ask in front.
  std::unique_ptr<mapper::Names> names_;
  std::vector<std::string> heads_;  ///< Names whose ports are to be asked for.
  std::unique_ptr<mapper::Lookup> port_lookup_;
  io::CallbackTimer<Target> timer_{*this, &Target::try_now};
};

}  // namespace pulpo::dist
