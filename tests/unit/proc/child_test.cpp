// SPDX-License-Identifier: Apache-2.0
//
// Other programs: what they get, what they give, and that none is left, whatever becomes of whoever started it.
#include "pulpo/child.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>

#include "io/child.hpp"
#include "pulpo/poll.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

/// About the kernel's processes: a simulation has none.
class ChildTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    // qemu-user makes a child by forking itself with all its threads: some never begin, and what kept one from beginning is not told.
    if (testing::kIsEmulated) GTEST_SKIP() << "an emulator that cannot start programs reliably";
    start();
    run([] { (void)Command{"true"}.run(10s); });  // what is made once and kept: the thread of blocking()
    descriptors_ = descriptor_count();
  }
  void TearDown() override {
    if (testing::kIsEmulated) return;
    run([this] {
      EXPECT_TRUE(comes_true([] { return !has_children(); })) << "a child or a zombie is left";
      EXPECT_TRUE(comes_true([this] { return descriptor_count() == descriptors_; })) << "descriptors are left";
    });
  }
  static bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
  }
  static int descriptor_count() {
    int count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
  }
  /// What another process of ours brings about soon.
  template <class F>
  static bool comes_true(F&& holds) {
    for (const TimePoint begin = now(); now() - begin < 10s; sleep(1ms)) {
      if (holds()) return true;
    }
    return holds();
  }

 private:
  int descriptors_ = 0;
};
PULPO_ON_EACH_KERNEL_LOOP(ChildTest);

Command shell(const char* script, CommandOptions options = {}) { return Command{"sh", {"-c", script}, std::move(options)}; }

TEST_P(ChildTest, ACommandGivesItsOutputAndItsStatus) {
  run([] {
    const auto done = shell("echo out; echo err >&2; exit 3").run(10s);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->out, "out\n");
    EXPECT_EQ(done->err, "err\n");
    EXPECT_EQ(done->status, (ExitStatus{.code = 3}));
    EXPECT_FALSE(done->status.is_success());
    const auto killed = shell("kill -9 $$").run(10s);
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->status, (ExitStatus{.signal = SIGKILL}));
  });
}

TEST_P(ChildTest, InputOfAnySizeGoesInWhileOutputComesOut) {
  run([] {
    const std::string much(300'000, 'x');  // more than two pipes hold
    const auto done = Command{"cat", {}, {.input = much}}.run(10s);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->out, much);
    EXPECT_EQ(Command{"cat"}.run(10s).value().out, "") << "standard input is not /dev/null";
    EXPECT_TRUE((Command{"true", {}, {.input = much}}.run(10s)));  // which reads none of it
  });
}

TEST_P(ChildTest, FolderAndEnvironmentAreWhatWasAsked) {
  run([] {
    const auto done =
        shell("pwd; echo $SOME", {.environment = std::vector<std::string>{"SOME=thing", "PATH=/bin:/usr/bin"}, .folder = "/"}).run(10s);
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(done->out, "/\nthing\n");
  });
}

TEST_P(ChildTest, AChildInheritsNothingOfOurs) {
  run([] {
    const int ours = ::dup(0);  // not close-on-exec
    const auto done = Command{"sh", {"-c", "ls /proc/self/fd | wc -l; grep -E 'SigBlk|SigIgn' /proc/self/status"}}.run(10s);
    ::close(ours);
    ASSERT_TRUE(done) << done.error().text();
    // 0, 1, 2 and the folder that ls has open.
    // glibc's posix_spawn() leaves its own two signals, 32 and 33, ignored.
    EXPECT_TRUE(done->out == "4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n" ||
                done->out == "4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000180000000\n")
        << done->out;
  });
}

TEST_P(ChildTest, WhatCannotBeStartedIsAnError) {
  run([] {
    const auto none = Command{"no-such-program-here"}.run(10s);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Errc::not_found);
    EXPECT_EQ(none.error().reason, Term("enoent"_atom));
    EXPECT_NE(none.error().text().find("no-such-program-here"), std::string::npos) << none.error().text();
    EXPECT_EQ((Command{"true", {}, {.folder = "/no/such/folder"}}.run(10s).error().code), Errc::not_found);
    EXPECT_EQ(Command{"/etc/passwd"}.run(10s).error().code, Errc::not_allowed);
  });
}

TEST_P(ChildTest, TooMuchOutputIsAnErrorAndEndsTheChild) {
  run([] {
    const auto done = Command{"yes", {}, {.output_bytes_max = 10'000}}.run(10s);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::busy);
    EXPECT_NE(done.error().text().find("output_bytes_max"), std::string::npos) << done.error().text();
  });
}

TEST_P(ChildTest, ATimeoutEndsTheChildAndWhatItStarted) {
  run([] {
    const TimePoint begin = now();
    const auto done = shell("sleep 1000 & sleep 1000").run(100ms);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::timeout);
    EXPECT_LT(now() - begin, 5s);
  });
}

TEST_P(ChildTest, OneThatIgnoresSigtermIsKilledAfterItsPatience) {
  run([] {
    auto child = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done", {.patience = 50ms}).start();
    ASSERT_TRUE(child) << child.error().text();
    EXPECT_EQ(child->out().read_line(10s).value().value_or(""), "ready");
  });  // TearDown() sees that it is gone
}

TEST_P(ChildTest, AKillOfItsOwnerEndsTheChild) {
  run([] {
    bool destroyed = false;
    const Spawned owner = spawn_monitor([&destroyed] {
      struct Guard {
        ~Guard() { destroyed = true; }
        bool& destroyed;
      };
      const Guard guard{destroyed};
      (void)Command{"sleep", {"1000"}}.run();
      ADD_FAILURE() << "run() returned";
    });
    ASSERT_TRUE(comes_true([] {
      siginfo_t info{};
      return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    })) << "it was never started";
    exit(owner.pid, "enough"_atom);
    EXPECT_EQ(down_reason(owner.monitor), Term("enough"_atom));
    EXPECT_TRUE(destroyed);
  });
}

TEST_P(ChildTest, AChildThatStaysIsSpokenWith) {
  run([] {
    auto child = Command{"cat", {}, {.in = Standard::pipe}}.start();
    ASSERT_TRUE(child) << child.error().text();
    EXPECT_TRUE(child->in().write("hello\n", 10s));
    EXPECT_EQ(child->out().read_line(10s).value().value_or(""), "hello");
    EXPECT_EQ(child->wait(0ms).error().code, Errc::timeout);
    child->in().close();
    EXPECT_EQ(child->wait(10s).value(), ExitStatus{});
    EXPECT_EQ(child->wait(10s).value(), ExitStatus{});  // and again
    EXPECT_EQ(child->signal(SIGTERM).error().code, Errc::noproc);
  });
}

TEST_P(ChildTest, ASignalReachesTheChild) {
  run([] {
    auto child = Command{"sleep", {"1000"}}.start();
    ASSERT_TRUE(child) << child.error().text();
    EXPECT_EQ(child->signal(4711).error().code, Errc::bad_argument);
    EXPECT_TRUE(child->signal(SIGINT));
    EXPECT_EQ(child->wait(10s).value(), (ExitStatus{.signal = SIGINT}));
  });
}

TEST_P(ChildTest, WithoutPidfdsAThreadTellsOfTheEnd) {
  run([] {
    auto child = io::Child::spawn({.program = "sh", .arguments = {"-c", "exit 5"}}, io::Child::Notice::thread);
    ASSERT_TRUE(child) << child.error().text();
    EXPECT_EQ(poll((*child)->end_descriptor(), POLLIN, 10s).value(), POLLIN);
    EXPECT_TRUE((*child)->try_reap());
    EXPECT_EQ((*child)->exit_code(), 5);
    auto dropped = io::Child::spawn({.program = "sleep", .arguments = {"1000"}}, io::Child::Notice::thread);
    ASSERT_TRUE(dropped);
  });
}

TEST_P(ChildTest, StopEndsChildrenAtOnce) {
  run([] {
    spawn([] {
      auto child = shell("trap '' TERM; echo ready; while :; do sleep 0.05; done").start();
      ASSERT_TRUE(child);
      (void)child->out().read_line(10s);
      if (whereis("child_test"_atom)) send("child_test"_atom, "ready"_atom);
      (void)child->wait();
    });
    ASSERT_TRUE(register_name("child_test"_atom, self()));
    EXPECT_TRUE(receive_exactly("ready"_atom, 10s));
  });
  runtime().stop();
  EXPECT_FALSE(has_children());
  start();  // for TearDown()
  run([] { (void)Command{"true"}.run(10s); });
}

class ChildSimulationTest : public testing::OnEachLoop {};
PULPO_ON_THE_SIMULATED_LOOP(ChildSimulationTest);

TEST_P(ChildSimulationTest, ThereAreNoOtherPrograms) {
  run([] {
    const auto done = Command{"true"}.run(10s);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::unsupported);
    EXPECT_NE(done.error().text().find("simulation"), std::string::npos) << done.error().text();
  });
}

}  // namespace
}  // namespace pulpo
