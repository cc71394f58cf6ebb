// SPDX-License-Identifier: Apache-2.0
//
// Version numbers do not tell what a kernel can do: distributions port back, containers forbid. So each thing
// is done once, in a ring that is thrown away.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "io/loop.hpp"
#include "io/uring_ring.hpp"

namespace pulpo::io {
namespace {

/// Long enough for a busy board, short enough for a start.
constexpr Duration kPatience = 1s;

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

class Probe {
 public:
  explicit Probe(UringRing& ring) noexcept : ring_(ring) {}

  /// Submits what was prepared and returns the completion of `ticket`; -ETIME as its result when none comes.
  io_uring_cqe wait_for(std::uint64_t ticket) noexcept {
    for (int tries = 0; tries < 8; ++tries) {
      if (!ring_.has_completions() && ring_.enter(true, kPatience) != 0) break;
      while (ring_.has_completions()) {
        const io_uring_cqe completion = ring_.take();
        ring_.recycle(completion);
        if (completion.user_data == ticket) return completion;
      }
    }
    io_uring_cqe none = {};
    none.res = -ETIME;
    return none;
  }

  bool multishot_receive() noexcept {
    int ends[2];
    if (!ring_.has_buffers() || ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
    const Descriptor near{ends[0]}, far{ends[1]};
    io_uring_sqe& entry = ring_.prepare();
    io_uring_prep_recv(&entry, near.fd, nullptr, 0, 0);
    entry.ioprio |= IORING_RECV_MULTISHOT;
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.user_data = 1;
    bool goes_on = true;
    for (int round = 0; round < 2 && goes_on; ++round) {
      if (::write(far.fd, "x", 1) != 1) return false;
      const io_uring_cqe completion = wait_for(1);
      goes_on = completion.res == 1 && (completion.flags & IORING_CQE_F_MORE) != 0;
    }
    if (goes_on) {
      ::shutdown(far.fd, SHUT_WR);
      (void)wait_for(1);
    }
    return goes_on;
  }

  /// Accept is refused at once where it cannot be multishot, and cancelled through its descriptor otherwise.
  void accept_and_cancel(UringProbe& probe) noexcept {
    const Descriptor listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;  // The kernel chooses an abstract name.
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    if (listener.fd < 0 || ::bind(listener.fd, name, sizeof(sa_family_t)) != 0 || ::listen(listener.fd, 1) != 0) return;
    io_uring_sqe& accept = ring_.prepare();
    io_uring_prep_multishot_accept(&accept, listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    accept.user_data = 2;
    (void)ring_.enter(false, Duration::zero());
    probe.multishot_accept = !ring_.has_completions();
    if (!probe.multishot_accept) return;
    io_uring_sqe& cancel = ring_.prepare();
    io_uring_prep_cancel_fd(&cancel, listener.fd, IORING_ASYNC_CANCEL_ALL);
    cancel.user_data = 3;
    probe.cancel_by_handle = wait_for(3).res >= 0;
  }

  bool message_ring() noexcept {
    io_uring_sqe& entry = ring_.prepare();
    io_uring_prep_msg_ring(&entry, ring_.descriptor(), 0, 5, 0);
    entry.user_data = 4;
    return wait_for(5).user_data == 5;
  }

 private:
  UringRing& ring_;
};

}  // namespace

UringProbe probe_uring() {
  UringProbe found;
  auto made = UringRing::make({});
  if (!made) {
    found.missing = made.error().text();
    return found;
  }
  UringRing& ring = **made;
  Probe probe(ring);
  found.defer_taskrun = ring.defers_taskrun();
  found.buffer_ring = ring.has_buffers();
  found.multishot_receive = probe.multishot_receive();
  probe.accept_and_cancel(found);
  found.message_ring = probe.message_ring();
  // The loop cancels one by one and is woken through an eventfd: the last two are for doctor to tell.
  if (!found.buffer_ring) found.missing = "io_uring here refuses a ring of receive buffers (Linux 5.19)";
  if (found.missing.empty() && !found.multishot_accept) found.missing = "io_uring here cannot accept more than once (Linux 5.19)";
  if (found.missing.empty() && !found.multishot_receive) found.missing = "io_uring here cannot receive more than once (Linux 6.0)";
  found.available = found.missing.empty();
  return found;
}

}  // namespace pulpo::io
