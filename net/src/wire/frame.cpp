// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include <array>

#include "wire/kinds.hpp"

namespace pulpo::wire {
namespace {

constexpr std::array<const char*, kFrameKindCount> kNames = {"reply",  "request",       "send",        "send_name", "cancel",  "link",
                                                             "unlink", "unlink_ack",    "exit",        "exit2",     "monitor", "demonitor",
                                                             "down",   "spawn_request", "spawn_reply", "alias"};

constexpr std::array<const char*, kFrameKindCount> kRules = {
    "a reply carries to, ref and a body",
    "a request carries from, ref, a body, and either to or to_name",
    "a send carries to and a body",
    "a send_name carries to_name and a body",
    "a cancel carries ref and at most one of to and to_name",
    "a link carries from and to",
    "an unlink carries from, to and unlink_id",
    "an unlink_ack carries from, to and unlink_id",
    "an exit carries from, to and a body",
    "an exit2 carries from, to and a body",
    "a monitor carries from, ref, and either to or to_name",
    "a demonitor carries ref and at most one of to and to_name",
    "a down carries ref and a body",
    "a spawn_request carries from, ref and a body",
    "a spawn_reply carries to, ref and a body",
    "an alias carries ref and a body",
};

bool is_within(const Term& number, std::int64_t most) noexcept {
  return number.is_integer() && number.integer() >= 0 && number.integer() <= most;
}

}  // namespace

const char* to_string(FrameKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }
const char* body_fault(const Frame& frame) noexcept {
  if (frame.kind == FrameKind::spawn_reply) {
    if (!frame.from || is_within(frame.body, kSpawnLink | kSpawnMonitor)) return nullptr;
    return "a spawn_reply of a process has its links and monitors as a body";
  }
  if (frame.kind != FrameKind::spawn_request) return nullptr;
  constexpr const char* kShape = "the body of a spawn_request is {options, leader or nil, module, name, arguments}";
  if (!frame.body.is_tuple(5)) return kShape;
  const auto parts = frame.body.elements();
  if (!is_within(parts[0], kSpawnLink | kSpawnMonitor | kSpawnReply | kSpawnReplyOnError)) return kShape;
  if (!parts[1].is_pid() && !parts[1].is_atom(atoms::nil)) return kShape;
  if (!parts[2].is_atom() || !parts[3].is_atom() || !parts[4].is_proper_list()) return kShape;
  return parts[4].list_size() <= kSpawnArgumentsMax ? nullptr : "a function takes 255 arguments at most";
}
const char* rule_text(FrameKind kind) noexcept { return kRules[static_cast<std::size_t>(kind)]; }

}  // namespace pulpo::wire
