// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.hpp"

#include <array>

#include "wire/kinds.hpp"

namespace pulpo::wire {
namespace {

constexpr std::array<const char*, kFrameKindCount> kNames = {"reply",      "request", "send",  "send_name", "cancel",    "link", "unlink",
                                                             "unlink_ack", "exit",    "exit2", "monitor",   "demonitor", "down"};

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
};

}  // namespace

const char* to_string(FrameKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }
const char* rule_text(FrameKind kind) noexcept { return kRules[static_cast<std::size_t>(kind)]; }

}  // namespace pulpo::wire
