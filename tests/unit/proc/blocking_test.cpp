// SPDX-License-Identifier: Apache-2.0
//
// blocking(): functions on other threads; what their callers get, and what a kill does to both.
#include "pulpo/blocking.hpp"

#include <atomic>
#include <csignal>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include "pulpo/embed.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::receive_exactly;

class BlockingTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(BlockingTest);

/// Counts those that live.
struct Counted {
  explicit Counted(std::atomic<int>& living_) : living(&living_) { ++*living; }
  Counted(const Counted& other) : living(other.living) { ++*living; }
  Counted(Counted&& other) noexcept : living(other.living) { ++*living; }
  ~Counted() { --*living; }
  std::atomic<int>* living;
};

TEST_P(BlockingTest, ReturnsWhatTheFunctionReturns) {
  run([] {
    EXPECT_EQ(blocking([] { return 42; }), 42);
    EXPECT_EQ(blocking([](const std::string& a, int b) { return a + std::to_string(b); }, std::string("x"), 7), "x7");
    EXPECT_EQ(*blocking([whole = std::make_unique<int>(3)] { return std::make_unique<int>(*whole + 1); }), 4);
    bool ran = false;
    blocking_scoped([&] { ran = true; });
    EXPECT_TRUE(ran);
    EXPECT_EQ(try_blocking(5s, [] { return 1; }).value(), 1);
    EXPECT_TRUE(try_blocking(5s, [] {}));
  });
}

TEST_P(BlockingTest, TheFunctionIsOutsideOfAnyProcess) {
  run([] {
    EXPECT_TRUE(inside_process());
    EXPECT_FALSE(blocking([] { return inside_process(); }));
    EXPECT_TRUE(inside_process());
  });
}

TEST_P(BlockingTest, TermsCrossBothWays) {
  run([] {
    const Term given = Term::tuple({"some"_atom, "a text that is too long to lie inside of a term"});
    const Term got = blocking([](const Term& term) { return Term::tuple({term, term}); }, given);
    EXPECT_EQ(got.elements()[0], given);
  });
}

TEST_P(BlockingTest, WhatTheFunctionThrowsComesOutAtItsCaller) {
  run([] {
    try {
      blocking([]() -> int { throw std::out_of_range("seven"); });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::out_of_range& error) {
      EXPECT_STREQ(error.what(), "seven");
    }
    EXPECT_THROW((void)try_blocking(5s, [] { throw 7; }), int);
    const Spawned exits = spawn_monitor([] { blocking([] { exit(Term::tuple({"gone"_atom, "because of a long text"})); }); });
    EXPECT_EQ(down_reason(exits.monitor), Term::tuple({"gone"_atom, "because of a long text"}));
  });
}

TEST_P(BlockingTest, AResultOfTheFunctionIsTheResult) {
  run([] {
    const auto good = try_blocking(5s, [] { return Result<int>(5); });
    static_assert(std::is_same_v<decltype(good), const Result<int>>);
    EXPECT_EQ(good.value(), 5);
    const auto bad = try_blocking(5s, []() -> Result<int> { return Error{Errc::not_found, "nothing"_atom, "test"}; });
    EXPECT_EQ(bad.error().code, Errc::not_found);
  });
}

TEST_P(BlockingTest, TheFunctionIsGoneWhenItsCallerGoesOn) {
  run([] {
    std::atomic<int> living{0};
    blocking([counted = Counted(living)] {});
    EXPECT_EQ(living, 0);
    {
      const Counted value = blocking([&living] { return Counted(living); });
      EXPECT_EQ(living, 1);
    }
    EXPECT_EQ(living, 0);
  });
}

TEST_P(BlockingTest, InANoKillScopeAKillIsAnError) {
  run([] {
    const Pid me = self();
    bool got_there = false;
    const Spawned caller = spawn_monitor([&] {
      {
        const NoKill no_kill;
        send(me, "ready"_atom);
        (void)receive_exactly("never"_atom);  // until the kill
        EXPECT_EQ(try_blocking(5s, [] { return 1; }).error().code, Errc::killed);
        got_there = true;
      }
      blocking([] { return 1; });
      ADD_FAILURE() << "blocking() returned";
    });
    EXPECT_TRUE(receive_exactly("ready"_atom));
    exit(caller.pid, atoms::kill);
    EXPECT_EQ(down_reason(caller.monitor), Term(atoms::killed));
    EXPECT_TRUE(got_there);
  });
}

TEST_P(BlockingTest, ACallerThatIsKilledBeforeItsTurnTakesTheFunctionBack) {
  start({.blocking_threads_max = 1});
  run([this] {
    std::atomic<bool> ran{false};
    std::atomic<int> living{0};
    std::latch begun{1}, release{1};
    if (!is_simulated()) {
      spawn([&] {
        blocking_scoped([&] {
          begun.count_down();
          release.wait();
        });
      });
      yield();
      begun.wait();
    }
    const Spawned caller = spawn_monitor([&] { blocking([&ran, counted = Counted(living)] { ran = true; }); });
    yield();
    if (!is_simulated()) {
      EXPECT_GE(living, 1);
    }
    exit(caller.pid, "enough"_atom);
    EXPECT_EQ(down_reason(caller.monitor), Term("enough"_atom));
    EXPECT_EQ(living, 0);
    if (!is_simulated()) release.count_down();
    blocking([] {});  // behind whatever still waits
    if (!is_simulated()) {
      EXPECT_FALSE(ran);
    }
  });
}

/// What takes threads that really run at the same time.
class BlockingThreadsTest : public testing::OnEachLoop {};
PULPO_ON_EACH_KERNEL_LOOP(BlockingThreadsTest);

TEST_P(BlockingThreadsTest, OthersRunMeanwhile) {
  run([] {
    std::latch latch{1};
    const Pid me = self();
    spawn([&latch, me] {
      send(me, "others run"_atom);
      latch.count_down();
    });
    blocking_scoped([&] { latch.wait(); });
    EXPECT_TRUE(receive_exactly("others run"_atom));
  });
}

TEST_P(BlockingThreadsTest, ACallerWaitsNoLongerThanItsTimeoutAndTheFunctionFinishesByItself) {
  std::latch release{1}, ended{1};
  std::atomic<int> living{0};
  run([&] {
    const TimePoint begin = now();
    const auto outcome = try_blocking(20ms, [&, counted = Counted(living)] {
      release.wait();
      ended.count_down();
      return std::string("dropped");
    });
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::timeout);
    EXPECT_GE(now() - begin, 20ms);
    EXPECT_EQ(living, 1);
  });
  release.count_down();
  ended.wait();
  runtime().stop();
  EXPECT_EQ(living, 0);
}

TEST_P(BlockingThreadsTest, AKilledCallerLeavesAtOnceAndItsDestructorsRun) {
  std::latch begun{1}, release{1};
  std::atomic<int> living{0};
  run([&] {
    bool destroyed = false;
    const Spawned caller = spawn_monitor([&] {
      struct Guard {
        ~Guard() { destroyed = true; }
        bool& destroyed;
      };
      const Guard guard{destroyed};
      blocking([&begun, &release, counted = Counted(living)] {
        begun.count_down();
        release.wait();
      });
      ADD_FAILURE() << "blocking() returned";
    });
    yield();
    begun.wait();
    exit(caller.pid, "enough"_atom);
    EXPECT_EQ(down_reason(caller.monitor), Term("enough"_atom));
    EXPECT_TRUE(destroyed);
    EXPECT_EQ(living, 1);  // the function owns it, and works on
  });
  release.count_down();
  runtime().stop();
  EXPECT_EQ(living, 0);
}

TEST_P(BlockingThreadsTest, AKillWaitsForAScopedFunction) {
  run([&] {
    std::latch begun{1}, release{1};
    const Spawned caller = spawn_monitor([&] {
      int on_my_stack = 0;
      struct Guard {
        ~Guard() { EXPECT_EQ(value, 7); }
        int& value;
      };
      const Guard guard{on_my_stack};
      blocking_scoped([&] {
        begun.count_down();
        release.wait();
        on_my_stack = 7;
      });
      ADD_FAILURE() << "blocking_scoped() returned";
    });
    yield();
    begun.wait();
    exit(caller.pid, atoms::kill);
    EXPECT_FALSE(receive_any(20ms)) << "it did not wait";
    release.count_down();
    EXPECT_EQ(down_reason(caller.monitor), Term(atoms::killed));
  });
}

TEST_P(BlockingThreadsTest, MoreThanThereAreThreadsWaitTheirTurn) {
  start({.blocking_threads_max = 2});
  run([] {
    std::atomic<int> at_once{0}, most{0};
    const Pid me = self();
    for (int i = 0; i < 20; ++i) {
      spawn([&, me] {
        blocking_scoped([&] {
          const int now = ++at_once;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          --at_once;
        });
        send(me, "done"_atom);
      });
    }
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(receive_exactly("done"_atom));
    EXPECT_LE(most, 2);
  });
}

TEST_P(BlockingThreadsTest, ATimeoutWhileItWaitsForAThreadTakesItBack) {
  start({.blocking_threads_max = 1});
  run([] {
    std::latch begun{1}, release{1};
    std::atomic<bool> ran{false};
    const Pid me = self();
    spawn([&, me] {
      blocking_scoped([&] {
        begun.count_down();
        release.wait();
      });
      send(me, "first"_atom);
    });
    yield();
    begun.wait();
    EXPECT_EQ(try_blocking(10ms, [&] { ran = true; }).error().code, Errc::timeout);
    release.count_down();
    EXPECT_TRUE(receive_exactly("first"_atom));
    blocking([] {});
    EXPECT_FALSE(ran);
  });
}

TEST_P(BlockingThreadsTest, ThreadsEndWhenThereIsNothingToDoAndComeBack) {
  start({.blocking_idle = 1ms});
  run([] {
    const auto first = blocking([] { return ::gettid(); });
    // Each look may well keep it: until one comes after a rest that was long enough.
    pid_t later = first;
    for (int i = 0; i < 100 && later == first; ++i) {
      sleep(20ms);
      later = blocking([] { return ::gettid(); });
    }
    EXPECT_NE(later, first);
  });
}

TEST_P(BlockingThreadsTest, TheThreadsBlockTheProgramsSignals) {
  run([] {
    EXPECT_TRUE(blocking([] {
      sigset_t mask;
      ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
      return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGSEGV) == 0;
    }));
  });
}

TEST_P(BlockingThreadsTest, TheFunctionMayAskTheRuntime) {
  run([this] {
    const Pid echo = spawn([] {
      const auto request = receive_any(5s);
      ASSERT_TRUE(request && request->is_tuple(3));
      const auto from = request->elements()[1];
      reply(from.elements()[0].pid(), from.elements()[1].ref(), request->elements()[2]);
    });
    const auto answer = try_blocking(5s, [&, echo] { return runtime().call(echo, "ping"_atom); });
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(*answer, Term("ping"_atom));
  });
}

TEST_P(BlockingThreadsTest, StopEndsThoseWhoWaitAndWaitsForWhatIsUnderWay) {
  std::latch begun{1}, release{1};
  std::atomic<bool> ended{false};
  std::atomic<int> gone{0};
  struct Guard {
    ~Guard() { ++gone; }
    std::atomic<int>& gone;
  };
  start({.blocking_threads_max = 1});
  run([&] {
    spawn([&] {
      const Guard guard{gone};
      blocking([&] {
        begun.count_down();
        release.wait();
        ended = true;
      });
    });
    for (int i = 0; i < 3; ++i) {
      spawn([&] {
        const Guard guard{gone};
        blocking([] { ADD_FAILURE() << "it began after all"; });
      });
    }
    yield();
    begun.wait();
  });
  std::thread stopper([this] { runtime().stop(); });
  while (gone < 4) std::this_thread::yield();  // all who waited
  EXPECT_FALSE(ended);
  release.count_down();
  stopper.join();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace pulpo
