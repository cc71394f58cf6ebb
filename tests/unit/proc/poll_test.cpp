// SPDX-License-Identifier: Apache-2.0
//
// What holds for every call that waits for the loop, by the example of poll(): deadlines, and kills at each possible moment.
#include "pulpo/poll.hpp"

#include <poll.h>

#include "proc/io_wait.hpp"
#include "pulpo/process_info.hpp"
#include "unit/io/serial_line.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using io::testing_support::SerialLine;
using testing::down_reason;

class PollTest : public testing::OnEachLoop {
 protected:
  void SetUp() override {
    start();
    line_ = std::make_unique<SerialLine>(network());
  }
  void TearDown() override {
    if (handle_ >= 0) {
      run([this] { Core::here().loop().close(handle_); });
    }
  }
  /// The near end of the line, opened once; inside a process.
  int descriptor() {
    if (handle_ < 0) handle_ = Core::here().loop().open(line_->path(), {.write = true, .device = true}).value();
    return handle_;
  }
  /// The runtime has stopped, and with it whoever could close it.
  void forget_descriptor() {
    if (network() == nullptr) ::close(handle_);
    handle_ = -1;
  }
  SerialLine& line() { return *line_; }
  /// Operations of this core's loop; inside a process.
  static std::size_t pending() { return Core::here().loop().pending(); }

 private:
  std::unique_ptr<SerialLine> line_;
  int handle_ = -1;
};
PULPO_ON_EACH_LOOP(PollTest);

/// Says that it was destroyed.
struct Guard {
  explicit Guard(bool& destroyed_) : destroyed(destroyed_) {}
  ~Guard() { destroyed = true; }
  bool& destroyed;
};

TEST_P(PollTest, SaysWhatHoldsAlready) {
  run([this] {
    EXPECT_EQ(poll(descriptor(), POLLIN | POLLOUT).value(), POLLOUT);
    line().say("x");
    EXPECT_EQ(poll(descriptor(), POLLIN).value(), POLLIN);
  });
}

TEST_P(PollTest, WaitsWhileOthersRun) {
  run([this] {
    const int fd = descriptor();
    const Pid me = self();
    spawn([this, me] {
      send(me, "running"_atom);
      line().say("x");
    });
    EXPECT_EQ(poll(fd, POLLIN, 10s).value(), POLLIN);
    EXPECT_TRUE(testing::receive_exactly("running"_atom, 0s));
  });
}

TEST_P(PollTest, EndsAtItsDeadline) {
  run([this] {
    const int fd = descriptor();
    const std::size_t before = pending();
    const TimePoint begin = now();
    const auto seen = poll(fd, POLLIN, 20ms);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, Errc::timeout);
    EXPECT_GE(now() - begin, 20ms);
    EXPECT_EQ(pending(), before);
    EXPECT_EQ(poll(fd, POLLIN, 0s).error().code, Errc::timeout);
    line().say("x");
    EXPECT_EQ(poll(fd, POLLIN, 0s).value(), POLLIN);
  });
}

TEST_P(PollTest, WhatIsNoDescriptorIsAnError) {
  run([] {
    EXPECT_EQ(poll(-1, POLLIN).error().code, Errc::bad_argument);
    const auto seen = poll(1'000, POLLIN, 5s);
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, Errc::closed);
    EXPECT_EQ(seen.error().reason, Term("ebadf"_atom));
  });
}

TEST_P(PollTest, AKillCancelsItAndRunsDestructors) {
  run([this] {
    const int fd = descriptor();
    const std::size_t before = pending();
    const std::size_t processes = runtime().process_count();
    bool destroyed = false;
    const Spawned waiter = spawn_monitor([&] {
      const Guard guard(destroyed);
      (void)poll(fd, POLLIN);
      ADD_FAILURE() << "poll() returned";
    });
    yield();
    EXPECT_EQ(pending(), before + 1);
    exit(waiter.pid, "enough"_atom);
    EXPECT_EQ(down_reason(waiter.monitor), Term("enough"_atom));
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(pending(), before);
    EXPECT_EQ(runtime().process_count(), processes);
  });
}

TEST_P(PollTest, AKillThatIsSwallowedComesAgainAtTheNextSuspension) {
  run([this] {
    const int fd = descriptor();
    const std::size_t before = pending();
    int caught = 0;
    const Spawned waiter = spawn_monitor([&] {
      try {
        (void)poll(fd, POLLIN);
      } catch (...) {
        ++caught;
      }
      try {
        (void)poll(fd, POLLIN);
      } catch (...) {
        ++caught;
      }
      (void)poll(fd, POLLIN);
      ADD_FAILURE() << "poll() returned";
    });
    yield();
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term(atoms::killed));
    EXPECT_EQ(caught, 2);
    EXPECT_EQ(pending(), before);
  });
}

TEST_P(PollTest, AKillInANoKillScopeIsAnErrorAtOnce) {
  run([this] {
    const int fd = descriptor();
    bool got_there = false;
    const Spawned waiter = spawn_monitor([&] {
      {
        const NoKill no_kill;
        EXPECT_EQ(poll(fd, POLLIN).error().code, Errc::killed);  // interrupted
        EXPECT_EQ(poll(fd, POLLIN).error().code, Errc::killed);  // not begun
        got_there = true;
      }
      (void)poll(fd, POLLIN);
      ADD_FAILURE() << "poll() returned";
    });
    yield();
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term(atoms::killed));
    EXPECT_TRUE(got_there);
  });
}

TEST_P(PollTest, DestructorsThatWaitDuringAKillGetAnError) {
  run([this] {
    const int fd = descriptor();
    std::optional<Errc> seen;
    const Spawned waiter = spawn_monitor([&] {
      struct Waits {
        ~Waits() { seen = poll(fd, POLLIN).error().code; }
        int fd;
        std::optional<Errc>& seen;
      };
      const Waits waits{fd, seen};
      (void)poll(fd, POLLIN);
    });
    yield();
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term(atoms::killed));
    EXPECT_EQ(seen, Errc::killed);
  });
}

TEST_P(PollTest, AKillWhileADestructorWaitsEndsThatWait) {
  run([this] {
    const int fd = descriptor();
    std::optional<Errc> seen;
    bool outer_destroyed = false;
    const Spawned waiter = spawn_monitor([&] {
      struct Waits {
        ~Waits() {
          const NoKill no_kill;
          seen = poll(fd, POLLIN).error().code;
        }
        int fd;
        std::optional<Errc>& seen;
      };
      const Guard guard(outer_destroyed);
      const Waits waits{fd, seen};
      exit("first"_atom);
    });
    yield();
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term("first"_atom));
    EXPECT_EQ(seen, Errc::killed);
    EXPECT_TRUE(outer_destroyed);
  });
}

TEST_P(PollTest, WhatIsWaitedForCanBeSeen) {
  run([this] {
    const int fd = descriptor();
    const Spawned waiter = spawn_monitor([fd] { (void)poll(fd, POLLIN, 10s); });
    yield();
    const auto info = process_info(waiter.pid);
    ASSERT_TRUE(info && info->waits_for);
    EXPECT_EQ(info->waits_for->kind, "io");
    EXPECT_EQ(info->waits_for->target, Term::tuple({"poll"_atom, fd}));
    EXPECT_LE(info->waits_for->left.duration(), 10s);
    exit(waiter.pid, atoms::kill);
    EXPECT_EQ(down_reason(waiter.monitor), Term(atoms::killed));
  });
}

TEST_P(PollTest, StopEndsThoseWhoWait) {
  bool destroyed[3] = {};
  run([&] {
    const int fd = descriptor();
    for (bool& one : destroyed) {
      spawn([&one, fd] {
        const Guard guard(one);
        (void)poll(fd, POLLIN);
        ADD_FAILURE() << "poll() returned";
      });
    }
    yield();
  });
  runtime().stop();
  for (const bool one : destroyed) EXPECT_TRUE(one);
  forget_descriptor();
}

}  // namespace
}  // namespace pulpo
