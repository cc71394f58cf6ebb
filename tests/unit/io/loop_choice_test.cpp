// SPDX-License-Identifier: Apache-2.0
//
// Which loop is made, and what the loops do where a kernel or a container refuses them something. The refusals are
// real ones: a seccomp filter in a child process, as a container's profile is.
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "unit/io/loop_fixture.hpp"

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif

namespace pulpo::io {
namespace {

using testing_support::Alarm;
using testing_support::Recorder;

/// Of every system call: what becomes of `calls`, and what of all others.
struct Filter {
  std::vector<long> calls;
  std::uint32_t those;
  std::uint32_t others;
};

/// False under an emulator: those have no filters, and lack io_uring and epoll_pwait2 anyway.
bool install(const Filter& filter) {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  for (const long call : filter.calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, filter.those));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, filter.others));
  const sock_fprog all = {.len = static_cast<unsigned short>(program.size()), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}

/// The exit status of `body` in a child, or -1 when it was killed. Its messages go to stderr.
template <class F>
int in_child(F&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(LoopChoice, AskingForTheRingGivesItOrSaysClearlyWhatIsMissing) {
  const UringProbe probe = probe_uring();
  const auto loop = make_loop(LoopKind::uring);
  ASSERT_EQ(loop.has_value(), probe.available);
  if (probe.available) {
    EXPECT_STREQ((*loop)->name(), "uring");
    EXPECT_TRUE(probe.buffer_ring && probe.multishot_accept && probe.multishot_receive);
    EXPECT_EQ(probe.missing, "");
  } else {
    EXPECT_EQ(loop.error().code, Errc::unsupported);
    EXPECT_NE(loop.error().text().find("uring"), std::string::npos) << loop.error().text();
    EXPECT_NE(loop.error().text().find(probe.missing), std::string::npos) << loop.error().text();
    EXPECT_GT(probe.missing.size(), 20u) << probe.missing;
  }
}

TEST(LoopChoice, TheAutomaticLoopIsTheRingOrSaysWhyNot) {
  std::string why = "left over";
  const auto loop = make_loop(LoopKind::automatic, &why);
  ASSERT_TRUE(loop.has_value());
  if (std::string_view((*loop)->name()) == "uring") {
    EXPECT_EQ(why, "");
  } else {
    EXPECT_STREQ((*loop)->name(), "epoll");
    EXPECT_NE(why.find("io_uring"), std::string::npos) << why;
  }
}

TEST(LoopChoice, EpollIsHadEverywhere) {
  const auto loop = make_loop(LoopKind::epoll);
  ASSERT_TRUE(loop.has_value());
  EXPECT_STREQ((*loop)->name(), "epoll");
}

/// What make_loop() says when io_uring_setup answers `error`.
int falls_back(int error, std::string_view words) {
  const bool filtered = install(
      {.calls = {__NR_io_uring_setup}, .those = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error), .others = SECCOMP_RET_ALLOW});
  std::string why;
  const auto automatic = make_loop(LoopKind::automatic, &why);
  if (!automatic || std::string_view((*automatic)->name()) != "epoll") return 1;
  const auto named = make_loop(LoopKind::uring);
  if (named.has_value() || named.error().code != Errc::unsupported) return 2;
  if (named.error().text().find(why) == std::string::npos) return 3;
  if (why.find('\n') != std::string::npos || why.find("io_uring_setup: ") != 0) return 4;
  if (filtered && why.find(words) == std::string::npos) {
    (void)!::write(STDERR_FILENO, why.data(), why.size());
    return 5;
  }
  return 0;
}

TEST(LoopChoice, AContainerThatForbidsTheRingGetsEpollAndTheReason) {
  EXPECT_EQ(in_child([] { return falls_back(EPERM, "forbidden, most likely by the container's seccomp profile"); }), 0);
}

TEST(LoopChoice, AKernelWithoutTheRingGetsEpollAndTheReason) {
  EXPECT_EQ(in_child([] { return falls_back(ENOSYS, "this kernel or emulator has no io_uring"); }), 0);
}

TEST(LoopChoice, LockedMemoryThatIsTooSmallGetsEpollAndTheRemedy) {
  EXPECT_EQ(in_child([] { return falls_back(ENOMEM, "ulimit -l"); }), 0);
}

TEST(EpollLoop, WithoutSubMillisecondWaitsTimersAreStillNotEarly) {
  EXPECT_EQ(in_child([] {
              (void)install({.calls = {__NR_epoll_pwait2}, .those = SECCOMP_RET_ERRNO | ENOSYS, .others = SECCOMP_RET_ALLOW});
              const auto made = make_loop(LoopKind::epoll);
              Loop& loop = **made;
              for (int round = 0; round < 20; ++round) {
                Alarm alarm;
                const TimePoint deadline = loop.refresh() + 1'200us;
                loop.timers().arm(alarm, deadline);
                if (loop.turn(Loop::Wait::yes) != 1 || alarm.times != 1) return 1;
                if (loop.refresh() < deadline) return 2;
              }
              return 0;
            }),
            0);
}

TEST(UringLoop, ATurnWithNothingToDoMakesNoSystemCall) {
  // Goal:   spinning before sleep costs loads, not entries into the kernel.
  // Method: once everything is armed, any system call but leaving kills the child. (A clock may have no vDSO, and a
  //         sanitizer looks at its signal stack before a process leaves.)
  const bool available = probe_uring().available;
  const int verdict = in_child([] {
    auto made = make_loop(LoopKind::uring);
    if (!made) return 1;
    Loop& loop = **made;
    testing_support::current_loop = &loop;
    int ends[2];
    if (::pipe(ends) != 0) return 2;
    Recorder poll;
    Alarm alarm;
    loop.poll(poll, ends[0], POLLIN);
    loop.timers().arm(alarm, loop.refresh() + 1h);
    for (int turn = 0; turn < 20; ++turn) loop.turn(Loop::Wait::no);
    (void)install(
        {.calls = {__NR_exit_group, __NR_clock_gettime, __NR_sigaltstack}, .those = SECCOMP_RET_ALLOW, .others = SECCOMP_RET_KILL_PROCESS});
    for (int turn = 0; turn < 1000; ++turn) {
      if (loop.ready() || loop.turn(Loop::Wait::no) != 0) ::_exit(3);
    }
    ::_exit(0);
  });
  EXPECT_EQ(verdict, available ? 0 : 1);
}

}  // namespace
}  // namespace pulpo::io
