// SPDX-License-Identifier: Apache-2.0
#include "mapper_query.hpp"

#include <optional>

namespace pulpo::cli {

Outcome<mapper::TextReply> ask_names(std::uint16_t port, Timeout timeout) {
  PULPO_TRY(const auto loop, io::make_loop(io::LoopKind::automatic));
  std::optional<Outcome<mapper::TextReply>> reply;
  {
    mapper::Names names(*loop, io::Address::loopback_v4(port), timeout,
                        [&](Outcome<mapper::TextReply> answer) { reply = std::move(answer); });
    while (!reply) loop->turn(io::Loop::Wait::yes);
  }
  while (loop->pending() > 0) loop->turn(io::Loop::Wait::yes);
  // A mapper begins with its own port; anything else that has the port says something else first.
  if (*reply && (*reply)->port != port) return Fault{.code = Errc::bad_message, .where = "names", .detail = "its answer is not a mapper's"};
  return std::move(*reply);
}

}  // namespace pulpo::cli
