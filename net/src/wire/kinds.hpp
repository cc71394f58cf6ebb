// SPDX-License-Identifier: Apache-2.0
//
// What each kind of frame must and may carry: one table for both directions.
#pragma once

#include <array>
#include <cstdint>

#include "wire/frame.hpp"

namespace pulpo::wire {

enum Part : std::uint8_t { kFrom = 1, kTo = 2, kName = 4, kRef = 8, kBody = 16, kUnlinkId = 32 };

struct KindRule {
  std::uint8_t required;
  std::uint8_t allowed;   ///< Beyond those.
  bool target;            ///< One of `to` and `to_name` is required as well.
  bool ref_is_receivers;  ///< `ref` was made by the frame's receiver.
};

inline constexpr std::array<KindRule, kFrameKindCount> kKindRules = {{
    {kTo | kRef | kBody, 0, false, true},              // reply
    {kFrom | kRef | kBody, kTo | kName, true, false},  // request
    {kTo | kBody, kFrom, false, false},                // send
    {kName | kBody, kFrom, false, false},              // send_name
    {kRef, kFrom | kTo | kName, false, false},         // cancel
    {kFrom | kTo, 0, false, false},                    // link
    {kFrom | kTo | kUnlinkId, 0, false, false},        // unlink
    {kFrom | kTo | kUnlinkId, 0, false, false},        // unlink_ack
    {kFrom | kTo | kBody, 0, false, false},            // exit
    {kFrom | kTo | kBody, 0, false, false},            // exit2
    {kFrom | kRef, kTo | kName, true, false},          // monitor
    {kRef, kFrom | kTo | kName, false, false},         // demonitor
    {kRef | kBody, kFrom | kTo, false, true},          // down
    {kFrom | kRef | kBody, 0, false, false},           // spawn_request
    {kTo | kRef | kBody, kFrom, false, true},          // spawn_reply
    {kRef | kBody, kFrom, false, true},                // alias
}};

inline constexpr const KindRule& rule_of(FrameKind kind) { return kKindRules[static_cast<std::size_t>(kind)]; }

/// The parts a frame's head has; its body is not looked at.
[[nodiscard]] inline std::uint8_t head_parts(const Frame& frame) noexcept {
  return static_cast<std::uint8_t>((frame.from ? kFrom : 0) | (frame.to ? kTo : 0) | (frame.to_name != Atom{} ? kName : 0) |
                                   (frame.ref ? kRef : 0) | (frame.unlink_id != 0 ? kUnlinkId : 0));
}

/// True when `parts` is what the rule wants.
[[nodiscard]] inline bool fits(const KindRule& rule, std::uint8_t parts) noexcept {
  if ((parts & rule.required) != rule.required) return false;
  if ((parts & ~(rule.required | rule.allowed)) != 0) return false;
  const auto targets = static_cast<std::uint8_t>(parts & (kTo | kName));
  return targets != (kTo | kName) && (!rule.target || targets != 0);
}

/// In words, what is wrong with `parts`: "a request needs from, ref, a body and a target".
[[nodiscard]] const char* rule_text(FrameKind kind) noexcept;

}  // namespace pulpo::wire
