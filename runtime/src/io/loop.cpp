// SPDX-License-Identifier: Apache-2.0
#include "io/loop.hpp"

#include "io/epoll_loop.hpp"
#include "io/uring_loop.hpp"

namespace pulpo::io {

Outcome<std::unique_ptr<Loop>> make_loop(LoopKind kind, std::string* why) {
  if (why != nullptr) why->clear();
  if (kind == LoopKind::epoll) return EpollLoop::make();

  const UringProbe probe = probe_uring();
  std::string missing = probe.missing;
  if (probe.available) {
    // Without DEFER_TASKRUN io_uring interrupts its owner, and epoll is the quieter of the two.
    if (kind == LoopKind::uring || probe.defer_taskrun) {
      auto loop = UringLoop::make({});
      if (loop || kind == LoopKind::uring) return loop;
      missing = loop.error().text();
    } else {
      missing = "io_uring here lacks DEFER_TASKRUN (Linux 6.1)";
    }
  }
  if (kind == LoopKind::uring) return Fault{.code = Errc::unsupported, .where = "uring loop", .detail = missing};
  if (why != nullptr) *why = missing;
  return EpollLoop::make();
}

}  // namespace pulpo::io
