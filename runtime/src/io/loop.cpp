// SPDX-License-Identifier: Apache-2.0
#include "io/loop.hpp"

#include "io/epoll_loop.hpp"

namespace pulpo::io {

Outcome<std::unique_ptr<Loop>> make_loop(LoopKind kind, std::string* why) {
  if (kind == LoopKind::uring) {
    return Fault{.code = Errc::unsupported, .where = "uring loop", .detail = "not part of this build"};
  }
  if (kind == LoopKind::automatic && why != nullptr) *why = "this build has no uring loop";
  return EpollLoop::make();
}

UringProbe probe_uring() { return {.available = false, .missing = "this build has no uring loop"}; }

}  // namespace pulpo::io
