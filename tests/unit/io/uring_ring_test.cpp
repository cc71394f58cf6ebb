// SPDX-License-Identifier: Apache-2.0
#include "io/uring_ring.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "io/loop.hpp"
#include "unit/io/loop_fixture.hpp"

namespace pulpo::io {
namespace {

using testing_support::make;
using testing_support::Recorder;
using testing_support::Variant;

/// The flags that the kernel shares with the owner of a ring, where somebody else may set one as the kernel does.
class SharedFlags {
 public:
  explicit SharedFlags(int ring) {
    io_uring other = {};
    io_uring_params params = {};
    if (io_uring_queue_init_params(1, &other, &params) != 0) return;
    io_uring_queue_exit(&other);
    memory_ = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    if (memory_ != MAP_FAILED) flags_ = reinterpret_cast<unsigned*>(static_cast<char*>(memory_) + params.sq_off.flags);
  }
  ~SharedFlags() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kPage);
  }
  SharedFlags(const SharedFlags&) = delete;
  SharedFlags& operator=(const SharedFlags&) = delete;
  [[nodiscard]] bool are_here() const { return flags_ != nullptr; }
  void set(unsigned flag) { __atomic_fetch_or(flags_, flag, __ATOMIC_SEQ_CST); }

 private:
  static constexpr std::size_t kPage = 4096;
  void* memory_ = MAP_FAILED;
  unsigned* flags_ = nullptr;
};

TEST(UringRing, AFlagThatStaysAfterALookKeepsNobodyAwake) {
  // A core that believed it turned for ever: it neither slept nor sent others' empty blocks home.
  if (!probe_uring().available) GTEST_SKIP() << probe_uring().missing;
  const auto ring = UringRing::make({});
  ASSERT_TRUE(ring);
  SharedFlags flags((*ring)->descriptor());
  ASSERT_TRUE(flags.are_here());
  EXPECT_FALSE((*ring)->is_worth_entering());
  flags.set(IORING_SQ_TASKRUN);
  EXPECT_TRUE((*ring)->is_worth_entering());
  ASSERT_EQ((*ring)->enter(false, Duration::zero()), 0);
  EXPECT_FALSE((*ring)->is_worth_entering()) << "there was nothing";
  // What comes later is found by a sleep.
  io_uring_prep_nop(&(*ring)->prepare());
  ASSERT_EQ((*ring)->enter(true, UringRing::kForEver), 0);
  EXPECT_TRUE((*ring)->has_completions());
}

/// Accepts, and receives and sends more than its peer takes, until it is killed.
[[noreturn]] void serve(Variant variant, int listener) {
  auto made = make(variant);
  if (!made) ::_exit(1);
  Loop& loop = **made;
  testing_support::current_loop = &loop;
  const std::string more(std::size_t{4} << 20, '!');
  Recorder accept, receive, send;
  accept.then = [&](const Completion& accepted) {
    loop.receive(receive, accepted.result);
    loop.send(send, accepted.result, more);
  };
  loop.accept(accept, loop.adopt(listener).value());
  for (;;) loop.turn(Loop::Wait::yes);
}

class KilledProcess : public testing::TestWithParam<Variant> {
 protected:
  /// Since Linux 6.16 a tie holds. Corrections of older ones may have it too, which their version does not tell.
  static bool kernel_ties() {
    utsname about = {};
    int major = 0, minor = 0;
    if (::uname(&about) != 0 || std::sscanf(about.release, "%d.%d", &major, &minor) != 2) return false;
    return major > 6 || (major == 6 && minor >= 16);
  }
};

TEST_P(KilledProcess, TakesItsSocketsAlong) {
  // Goal:   the peers of a killed node learn of it at once, and another may listen where it did.
  // Method: sockets whose ends are not told by packets, but while they are closed: once the process has been waited for, a connection is at
  //         its end and a listener's name is free, without any time in between.
  if (!probe_uring().available) GTEST_SKIP() << probe_uring().missing;
  if (!kernel_ties()) GTEST_SKIP() << "this kernel closes a killed process's sockets after its death";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  socklen_t size = sizeof(sa_family_t);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&name), size), 0);  // The kernel chooses an abstract name.
  size = sizeof name;
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);

  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) serve(GetParam(), listener);
  ::close(listener);
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(connection, reinterpret_cast<const sockaddr*>(&name), size), 0);
  // Where the ring sends, all is before the kernel by now.
  std::string some(64 * 1024, '\0');
  ASSERT_GT(::recv(connection, some.data(), some.size(), 0), 0);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ssize_t got = 0;
  do {
    got = ::recv(connection, some.data(), some.size(), MSG_DONTWAIT);
  } while (got > 0);
  EXPECT_EQ(got, 0) << "the connection outlived its process";
  const int next = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(next, reinterpret_cast<const sockaddr*>(&name), size), 0) << "the listener outlived its process";
  ::close(next);
  ::close(connection);
}

INSTANTIATE_TEST_SUITE_P(EveryRing, KilledProcess,
                         testing::Values(Variant::uring, Variant::uring_without_defer, Variant::uring_sending_in_the_ring),
                         [](const auto& info) {
                           return info.param == Variant::uring                 ? "Uring"
                                  : info.param == Variant::uring_without_defer ? "UringWithoutDefer"
                                                                               : "UringSendingInTheRing";
                         });

TEST(UringRing, ATieGoesWhenItsEntryIsOverAndBearsItsTicket) {
  if (!probe_uring().available) GTEST_SKIP() << probe_uring().missing;
  const auto made = UringRing::make({});
  ASSERT_TRUE(made);
  UringRing& ring = **made;
  for (const bool fails : {false, true}) {
    io_uring_sqe& entry = ring.prepare(1);
    if (fails) {
      io_uring_prep_recv(&entry, -1, nullptr, 0, 0);
    } else {
      io_uring_prep_nop(&entry);
    }
    entry.user_data = 1;
    ring.tie_to_life(entry, 2);
    const unsigned tickets = (entry.flags & IOSQE_IO_LINK) != 0 ? 2 : 1;  // None where the kernel cannot wait for a futex.
    for (unsigned ticket = 1; ticket <= tickets; ++ticket) {
      ASSERT_EQ(ring.has_completions() ? 0 : ring.enter(true, UringRing::kForEver), 0);
      EXPECT_EQ(ring.take().user_data, ticket);
    }
    EXPECT_FALSE(ring.has_completions());
  }
}

}  // namespace
}  // namespace pulpo::io
