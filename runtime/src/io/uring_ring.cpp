// SPDX-License-Identifier: Apache-2.0
#include "io/uring_ring.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "base/sanitizers.hpp"

// Newer than Debian 12's headers.
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif
#ifndef FUTEX2_SIZE_U32
#define FUTEX2_SIZE_U32 0x02
#endif
#ifndef FUTEX2_PRIVATE
#define FUTEX2_PRIVATE 128
#endif

namespace pulpo::io {
namespace {

constexpr unsigned kEntries = 256;
// At least 4,096 and 4 x the entries: 64 multishot receives bring that many completions for none submitted.
constexpr unsigned kCompletions = 4096;
// What is tried when the limit on locked memory forbids more (old kernels charge rings to it).
constexpr unsigned kFewEntries = 32;
constexpr unsigned kFewCompletions = 512;

// IORING_OP_FUTEX_WAIT, an enumerator: the preprocessor cannot ask for it.
constexpr int kFutexWait = 51;
// A tie waits while this is the other value, which it never is.
constexpr std::uint32_t kFutex = 1;
constexpr std::uint32_t kOtherValue = 2;

// liburing maps and unmaps by system calls of its own. Where a ring comes to lie at the addresses of one that another thread unmapped, that
// the kernel gave them away only after they were free is told under this key.
char ring_memory;

std::size_t mapping_size(unsigned buffers, unsigned size) noexcept { return std::size_t{buffers} * size + buffers * sizeof(io_uring_buf); }

/// The number in a file of one number, or -1.
int number_in(const char* path) noexcept {
  int number = -1;
  if (std::FILE* file = std::fopen(path, "re")) {
    if (std::fscanf(file, "%d", &number) != 1) number = -1;
    std::fclose(file);
  }
  return number;
}

std::string reason_for(int error) {
  switch (error) {
    case ENOSYS:
      return "this kernel or emulator has no io_uring";
    case EPERM:
    case EACCES:
      switch (number_in("/proc/sys/kernel/io_uring_disabled")) {
        case 1:
          return "kernel.io_uring_disabled = 1 keeps it for the group kernel.io_uring_group; sysctl kernel.io_uring_disabled=0 allows it";
        case 2:
          return "kernel.io_uring_disabled = 2 forbids it; sysctl kernel.io_uring_disabled=0 allows it";
        default:
          return "forbidden, most likely by the container's seccomp profile";
      }
    case ENOMEM:
      return "too little memory may be locked; raise ulimit -l";
    case EINVAL:
      return "this kernel is older than Linux 6.1";
    default:
      return {};
  }
}

}  // namespace

Outcome<std::unique_ptr<UringRing>> UringRing::make(const Options& options) {
  std::unique_ptr<UringRing> ring(new UringRing);
  if (const int error = ring->set_up(options); error < 0) {
    return Fault{.code = Errc::unsupported, .sys = -error, .where = "io_uring_setup", .detail = reason_for(-error)};
  }
  ring->register_buffers();
  ring->find_ties();
  return ring;
}

int UringRing::set_up(const Options& options) noexcept {
  ring_.ring_fd = -1;
  constexpr unsigned kNeeded = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_TASKRUN_FLAG;
  // Best first; each line gives up one thing more. TASKRUN_FLAG stays: without it there is no telling
  // whether a turn has to enter the kernel.
  const unsigned attempts[] = {
      IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
      IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
      IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
      IORING_SETUP_COOP_TASKRUN,
  };
  int error = -EINVAL;
  for (const unsigned flags : attempts) {
    if (!options.defer_taskrun && (flags & IORING_SETUP_DEFER_TASKRUN) != 0) continue;
    for (const bool few : {false, true}) {
      io_uring_params params = {};
      params.flags = kNeeded | flags;
      params.cq_entries = few ? kFewCompletions : kCompletions;
      error = io_uring_queue_init_params(few ? kFewEntries : kEntries, &ring_, &params);
      if (error == 0) {
        kernel_acquire(&ring_memory);
        constexpr unsigned kFeatures = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG;
        if ((params.features & kFeatures) != kFeatures) return -EINVAL;
        if ((params.features & IORING_FEAT_NO_IOWAIT) != 0) enter_flags_ |= IORING_ENTER_NO_IOWAIT;
        return 0;
      }
      ring_ = {};
      ring_.ring_fd = -1;
      if (error != -ENOMEM) break;
    }
    if (error != -EINVAL) break;
  }
  return error;
}

UringRing::~UringRing() {
  kernel_release(&ring_memory);
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
  if (buffers_ != nullptr) ::munmap(buffers_, mapping_size(kBuffers, kBufferSize));
}

void UringRing::register_buffers() noexcept {
  void* mapping = ::mmap(nullptr, mapping_size(kBuffers, kBufferSize), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return;
  auto* offered = reinterpret_cast<io_uring_buf_ring*>(static_cast<char*>(mapping) + std::size_t{kBuffers} * kBufferSize);
  io_uring_buf_reg registration = {};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(offered);
  registration.ring_entries = kBuffers;
  if (::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_PBUF_RING, &registration, 1) != 0) {
    ::munmap(mapping, mapping_size(kBuffers, kBufferSize));
    return;
  }
  buffers_ = static_cast<char*>(mapping);
  offered_ = offered;
  for (unsigned buffer = 0; buffer < kBuffers; ++buffer) offer(buffer);
}

void UringRing::offer(unsigned buffer) noexcept {
  io_uring_buf_ring_add(offered_, buffers_ + std::size_t{buffer} * kBufferSize, kBufferSize, static_cast<unsigned short>(buffer),
                        static_cast<int>(kBuffers - 1), 0);
  io_uring_buf_ring_advance(offered_, 1);
}

ByteView UringRing::received(const io_uring_cqe& completion) const noexcept {
  if ((completion.flags & IORING_CQE_F_BUFFER) == 0 || completion.res <= 0) return {};
  const std::size_t buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
  PULPO_ASSERT(buffer < kBuffers);
  return {buffers_ + buffer * kBufferSize, static_cast<std::size_t>(completion.res)};
}

void UringRing::recycle(const io_uring_cqe& completion) noexcept {
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) offer(completion.flags >> IORING_CQE_BUFFER_SHIFT);
}

io_uring_sqe& UringRing::prepare(unsigned following) noexcept {
  // A full queue is submitted early. The kernel takes entries even when completions overflow, so that it can
  // only fail to make room for want of memory, which passes.
  while (io_uring_sq_space_left(&ring_) <= following) {
    const int error = enter(false, Duration::zero());
    PULPO_ASSERT(error == 0 || error == -EAGAIN || error == -EBUSY || error == -ENOMEM);
  }
  return *io_uring_get_sqe(&ring_);
}

// A request holds its file, and the kernel ends the requests of a process that was killed in a worker, once it is dead; there the last
// release of a file is put off by up to a tick, and what comes before it mostly by another. So the peers of a connection learn of the
// death 4 to 8 ms late (250 Hz), and whoever would listen where it did meets the dead. A request that the kernel tracks it ends while the
// process dies, which then closes its files by itself: one that is about a ring (which would hold itself), one that waits for a futex
// (since Linux 6.16; corrections of older ones may have it), and one that has such a one linked behind it. Hence a wait for a futex there,
// which ends at once should its turn come. A kernel that has the wait and does not track it loses nothing but its time.
void UringRing::tie_to_life(io_uring_sqe& entry, std::uint64_t ticket) noexcept {
  if (!has_ties_) return;
  entry.flags |= IOSQE_IO_LINK;
  prepare_tie(ticket);
}

void UringRing::prepare_tie(std::uint64_t ticket) noexcept {
  io_uring_sqe& tie = prepare();
  io_uring_prep_rw(kFutexWait, &tie, FUTEX2_SIZE_U32 | FUTEX2_PRIVATE, &kFutex, 0, kOtherValue);
  tie.addr3 = FUTEX_BITSET_MATCH_ANY;
  tie.user_data = ticket;
}

// Linux before 6.7 refuses it, and would then refuse what it is linked to.
void UringRing::find_ties() noexcept {
  prepare_tie(0);
  has_ties_ = enter(true, 1s) == 0 && has_completions() && take().res == -EAGAIN;
}

int UringRing::enter(bool wait, Duration timeout) noexcept {
  // As __io_uring_flush_sq() does, which is not exported; the array is filled because older versions fill it there.
  auto& queue = ring_.sq;
  const unsigned mask = *queue.kring_mask;
  if (queue.array != nullptr) {
    for (unsigned at = queue.sqe_head; at != queue.sqe_tail; ++at) queue.array[at & mask] = at & mask;
  }
  queue.sqe_head = queue.sqe_tail;
  __atomic_store_n(queue.ktail, queue.sqe_tail, __ATOMIC_RELEASE);
  const unsigned submitted = queue.sqe_tail - __atomic_load_n(queue.khead, __ATOMIC_ACQUIRE);

  __kernel_timespec span = {.tv_sec = timeout / 1s, .tv_nsec = (timeout % 1s).count()};
  io_uring_getevents_arg argument = {};
  argument.sigmask_sz = _NSIG / 8;
  if (wait && timeout != kForEver) argument.ts = reinterpret_cast<std::uintptr_t>(&span);
  const unsigned flags = enter_flags_ | IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
  enters_.increment();
  const long result = ::syscall(__NR_io_uring_enter, ring_.ring_fd, submitted, wait ? 1U : 0U, flags, &argument, sizeof argument);
  const int error = result >= 0 || errno == ETIME || errno == EINTR ? 0 : errno;
  entered_in_vain_ = must_enter() && !has_completions();
  return -error;
}

io_uring_cqe UringRing::take() noexcept {
  const unsigned head = *ring_.cq.khead;
  const io_uring_cqe completion = ring_.cq.cqes[head & *ring_.cq.kring_mask];
  __atomic_store_n(ring_.cq.khead, head + 1, __ATOMIC_RELEASE);
  return completion;
}

}  // namespace pulpo::io
