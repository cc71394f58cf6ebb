// SPDX-License-Identifier: Apache-2.0
//
// Router: what proc asks of the layer that knows other nodes. net/dist implements it.
//
//   Threads    Every call may come from any core, on that core's thread.
//   Suspends   Never; a sender to a full link is suspended by send() itself when route() says so.
#pragma once

#include <optional>

#include "proc/message.hpp"
#include "pulpo/atom.hpp"
#include "pulpo/pid.hpp"

namespace pulpo {

class Core;

class Router {
 public:
  /// The core that takes what is for other nodes, from all cores.
  static constexpr unsigned kHomeCore = 0;

  virtual ~Router() = default;
  /// Takes a signal for another node: `message->to.node` says which; with by_name, `name` says who. Connects first when need be.
  /// What cannot be delivered is answered as OTP does: a request by request_down {nodedown, Node}, a monitor by down noconnection, a
  /// link by exit noconnection; the rest is dropped. False: the link's queue is over its limit, and a sender of
  /// user messages should pause (Core::wait_for_link).
  virtual bool route(Core& core, MessagePtr message) = 0;
  /// The number of the node of this name, whatever its creation; kOwnNode for our own name.
  [[nodiscard]] virtual NodeIndex index_of(Atom node) = 0;
  /// The name behind a number, for errors and for printing.
  [[nodiscard]] virtual Atom name_of(NodeIndex index) const = 0;
  /// A process has held `core` for so long, until `now`, and still does. On the watchdog's thread, some times a second.
  virtual void core_stalls(unsigned core, Duration held, TimePoint now);
};

}  // namespace pulpo
