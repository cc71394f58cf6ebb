// SPDX-License-Identifier: Apache-2.0
#include "bench_spawner.hpp"

#include <algorithm>
#include <optional>

#include "pulpo/remote.hpp"

namespace pulpo::cli {
namespace {

/// {:spawn_reply, ref, …} or {:DOWN, ref, …}; nothing when the time is over.
std::optional<Term> receive_about(const Ref& request, TimePoint end) {
  const Term wanted = request;
  return receive_if([&wanted](const Term& each) { return (each.is_tuple(4) || each.is_tuple(5)) && each.elements()[1] == wanted; },
                    std::max(end - precise_now(), Duration::zero()));
}

}  // namespace

Result<Term> spawn_once(Atom node, Duration timeout) {
  const TimePoint end = precise_now() + timeout;
  const Ref request = spawn_request(node, kBenchSpawned, {}, {.monitor = true});
  const auto begun = receive_about(request, end);
  if (!begun) {
    // Either it never begins for us, or its end is not waited for.
    if (!spawn_request_abandon(request)) demonitor(request, {.flush = true});
    return Error(Errc::timeout);
  }
  if (begun->elements()[2].is_atom(atoms::error)) {
    const Term& reason = begun->elements()[3];
    return Error{reason.is_atom(atoms::noconnection) ? Errc::nodedown : Errc::exited, reason, "spawn"};
  }
  const auto down = receive_about(request, end);
  if (!down) {
    demonitor(request, {.flush = true});
    return Error(Errc::timeout);
  }
  const Term& reason = down->elements()[4];
  if (reason.is_atom(atoms::normal)) return reason;
  return Error{reason.is_atom(atoms::noconnection) ? Errc::nodedown : Errc::exited, reason, "spawn"};
}

}  // namespace pulpo::cli
