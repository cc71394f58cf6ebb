// SPDX-License-Identifier: Apache-2.0
#include "pulpo/os_signal.hpp"

#include <unistd.h>

#include <thread>

#include "proc/core.hpp"
#include "pulpo/receive.hpp"
#include "unit/proc/io_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;
using testing::Footprint;
using testing::receive_exactly;

const Term kHup = Term::tuple({"signal"_atom, "sighup"_atom});

/// Sends this process, or the simulated one, a signal. From a process: the threads of the runtime do not take it.
void raise_signal(int number) {
  Runtime& its = Core::here().runtime();
  if (!its.options().driver) {
    ASSERT_EQ(::kill(::getpid(), number), 0);
    // Another thread takes it; not so late that nobody handles it any more.
    for (sigset_t pending; ::sigpending(&pending) == 0 && ::sigismember(&pending, number) == 1;) std::this_thread::yield();
    return;
  }
  for (unsigned index = 0; index < its.core_count(); ++index) dynamic_cast<io::SimLoop&>(its.core(index).loop()).raise(number);
}

class OsSignalTest : public testing::OnEachLoop {
 protected:
  void SetUp() override { ASSERT_EQ(action(SIGHUP), SIG_DFL); }
  void TearDown() override { EXPECT_EQ(action(SIGHUP), SIG_DFL) << "somebody still has it"; }

  [[nodiscard]] static void (*action(int number))(int) {
    struct sigaction now {};
    EXPECT_EQ(::sigaction(number, nullptr, &now), 0);
    return now.sa_handler;
  }
  /// In a simulation the signals of this program are nobody's.
  [[nodiscard]] bool is_handled(int number) const { return is_simulated() || action(number) != SIG_DFL; }
  [[nodiscard]] bool is_as_before(int number) const { return action(number) == SIG_DFL; }
};
PULPO_ON_EACH_LOOP(OsSignalTest);

TEST_P(OsSignalTest, AnArrivalIsAMessage) {
  run([this] {
    const Footprint before;
    {
      const OsSignal hup = watch_os_signal(SIGHUP).value();
      EXPECT_EQ(hup.number(), SIGHUP);
      EXPECT_EQ(hup.name(), "sighup"_atom);
      EXPECT_TRUE(is_handled(SIGHUP));
      EXPECT_EQ(is_as_before(SIGHUP), is_simulated()) << "a simulation installs nothing";
      raise_signal(SIGHUP);
      EXPECT_TRUE(receive_exactly(kHup));
      raise_signal(SIGHUP);
      EXPECT_TRUE(receive_exactly(kHup));
    }
    EXPECT_TRUE(is_as_before(SIGHUP));
    EXPECT_TRUE(testing::eventually([&] { return Footprint() == before; }));
  });
}

TEST_P(OsSignalTest, ItIsAStructForTypedReceivers) {
  run([] {
    const OsSignal hup = watch_os_signal(SIGHUP).value();
    raise_signal(SIGHUP);
    const Atom name =
        receive<Atom>(on<OsSignal::Arrived>([](const auto& arrived) { return arrived.name; }), after(5s, [] { return "nothing"_atom; }));
    EXPECT_EQ(name, "sighup"_atom);
  });
}

TEST_P(OsSignalTest, ArrivalsThatNobodyLookedAtAreOne) {
  run([] {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    for (int i = 0; i < 100; ++i) raise_signal(SIGHUP);  // this core does not turn meanwhile
    EXPECT_TRUE(hup.wait(5s));
    // The kernel may still be handing one over to a thread.
    std::size_t more = 0;
    while (hup.wait(50ms)) ++more;
    EXPECT_LE(more, 1u);
  });
}

TEST_P(OsSignalTest, WaitTakesTheMessageAndHasADeadline) {
  run([] {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    OsSignal usr = watch_os_signal(SIGUSR1).value();
    EXPECT_EQ(hup.wait(20ms).error().code, Errc::timeout);
    send(self(), "another"_atom);
    spawn([] { raise_signal(SIGHUP); });
    EXPECT_TRUE(hup.wait(5s));
    EXPECT_EQ(hup.wait(0s).error().code, Errc::timeout);
    EXPECT_EQ(usr.wait(0s).error().code, Errc::timeout);
    EXPECT_TRUE(receive_exactly("another"_atom, 0s));
    const OsSignal moved = std::move(hup);
    EXPECT_EQ(hup.wait(0s).error().code, Errc::bad_argument);  // NOLINT: moved from on purpose
  });
}

TEST_P(OsSignalTest, AllWhoWatchAreToldOnEachCore) {
  start({.cores = 3});
  run([this] {
    const Pid me = self();
    std::vector<Spawned> watchers;
    for (unsigned core = 0; core < 3; ++core) {
      for (int i = 0; i < 2; ++i) {
        watchers.push_back(try_spawn(detail::function_body([me] {
                                       OsSignal hup = watch_os_signal(SIGHUP).value();
                                       send(me, "ready"_atom);
                                       EXPECT_TRUE(hup.wait(5s));
                                     }),
                                     {.monitor = true, .core = core})
                               .value());
      }
    }
    for (std::size_t i = 0; i < watchers.size(); ++i) ASSERT_TRUE(receive_exactly("ready"_atom));
    raise_signal(SIGHUP);
    for (const Spawned& watcher : watchers) EXPECT_EQ(down_reason(watcher.monitor), Term(atoms::normal));
    EXPECT_TRUE(is_as_before(SIGHUP));
  });
}

TEST_P(OsSignalTest, AKilledWatcherLeavesNothingBehind) {
  run([this] {
    const Footprint before;
    const Pid me = self();
    const Spawned watcher = spawn_monitor([me] {
      OsSignal hup = watch_os_signal(SIGHUP).value();
      const OsSignal again = watch_os_signal(SIGHUP).value();
      send(me, "ready"_atom);
      (void)hup.wait();
      ADD_FAILURE() << "wait() returned";
    });
    ASSERT_TRUE(receive_exactly("ready"_atom));
    EXPECT_TRUE(is_handled(SIGHUP));
    exit(watcher.pid, atoms::kill);
    EXPECT_EQ(down_reason(watcher.monitor), Term(atoms::killed));
    EXPECT_TRUE(is_as_before(SIGHUP));
    EXPECT_TRUE(testing::eventually([&] { return Footprint() == before; }));
  });
}

TEST_P(OsSignalTest, TheWatchEndsWithItsProcessWhoeverHasTheObject) {
  run([this] {
    const Footprint before;
    auto shared = std::make_shared<std::optional<OsSignal>>();
    const Spawned watcher = spawn_monitor([shared] { *shared = watch_os_signal(SIGHUP).value(); });
    EXPECT_EQ(down_reason(watcher.monitor), Term(atoms::normal));
    EXPECT_TRUE(is_as_before(SIGHUP));
    EXPECT_EQ((*shared)->wait(0s).error().code, Errc::closed);
    EXPECT_TRUE(testing::eventually([&] { return Footprint() == before; }));
    shared->reset();
  });
}

TEST_P(OsSignalTest, AnObjectOfAnotherProcessCannotWait) {
  run([] {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    const Spawned other = spawn_monitor([&hup] {
      const auto waited = hup.wait(0s);
      EXPECT_EQ(waited.error().code, Errc::bad_argument);
      EXPECT_NE(waited.error().detail.find("watch_os_signal"), std::string::npos);
    });
    EXPECT_EQ(down_reason(other.monitor), Term(atoms::normal));
  });
}

TEST_P(OsSignalTest, AnObjectThatIsDroppedOnAnotherCoreIsClosedByItsOwn) {
  start({.cores = 2});
  run([this] {
    const Footprint before;
    auto hup = std::make_unique<OsSignal>(watch_os_signal(SIGHUP).value());
    const auto dropped =
        try_spawn(detail::function_body([hup = std::move(hup)]() mutable { hup.reset(); }), {.monitor = true, .core = 1}).value();
    EXPECT_EQ(down_reason(dropped.monitor), Term(atoms::normal));
    EXPECT_TRUE(testing::eventually([&] { return is_as_before(SIGHUP) && Footprint() == before; }));
  });
}

TEST_P(OsSignalTest, StopEndsTheWatchesOfThoseWhoWait) {
  std::optional<OsSignal> left;
  run([&] {
    left = watch_os_signal(SIGHUP).value();
    spawn([] {
      OsSignal hup = watch_os_signal(SIGHUP).value();
      (void)hup.wait();
      ADD_FAILURE() << "wait() returned";
    });
    yield();
  });
  runtime().stop();
  EXPECT_TRUE(is_as_before(SIGHUP));
  left.reset();  // after its runtime, on a thread of the program
}

TEST_P(OsSignalTest, AFullMailboxHoldsArrivalsBackAsOne) {
  run([] {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    for (int i = 0; i < 1024; ++i) send(self(), "old"_atom);
    for (int i = 0; i < 3; ++i) {
      raise_signal(SIGHUP);
      sleep(5ms);
    }
    EXPECT_EQ(hup.wait(0s).error().code, Errc::timeout);
    EXPECT_TRUE(receive_exactly("old"_atom, 0s));
    EXPECT_TRUE(hup.wait(5s));
    EXPECT_EQ(hup.wait(20ms).error().code, Errc::timeout);
    for (int i = 1; i < 1024; ++i) EXPECT_TRUE(receive_exactly("old"_atom, 0s));
  });
}

TEST_P(OsSignalTest, WhatCannotBeWatchedSaysWhatToDoInstead) {
  run([] {
    const Footprint before;
    const std::pair<int, const char*> refused[] = {
        {SIGKILL, "nobody"}, {SIGSTOP, "nobody"},  {SIGSEGV, "crash_reports"}, {SIGBUS, "crash_reports"}, {SIGFPE, "crash_reports"},
        {SIGILL, "fault"},   {SIGABRT, "fault"},   {SIGTRAP, "fault"},         {SIGSYS, "fault"},         {SIGCHLD, "ChildProcess"},
        {SIGPIPE, "closed"}, {SIGPROF, "SIGUSR1"}, {SIGXFSZ, "efbig"},         {SIGRTMIN, "SIGUSR1"},     {SIGRTMAX, "SIGUSR1"},
        {0, "no signal"},    {-1, "no signal"},    {1'000, "no signal"},
    };
    for (const auto& [number, hint] : refused) {
      const auto watched = watch_os_signal(number);
      ASSERT_FALSE(watched) << number;
      EXPECT_EQ(watched.error().code, Errc::bad_argument) << number;
      EXPECT_EQ(watched.error().reason, Term(atoms::badarg)) << number;
      EXPECT_NE(watched.error().text().find(hint), std::string::npos) << watched.error().text();
    }
    EXPECT_TRUE(Footprint() == before);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGTSTP, SIGIO, SIGPWR}) {
      EXPECT_TRUE(watch_os_signal(number)) << number;
    }
  });
}

TEST_P(OsSignalTest, WhereTheyEndTheProgramSigintAndSigtermAreRefused) {
  start({.stops_at_signals = true});
  run([] {
    for (const int number : {SIGINT, SIGTERM}) {
      const auto watched = watch_os_signal(number);
      ASSERT_FALSE(watched);
      EXPECT_EQ(watched.error().code, Errc::not_allowed);
      EXPECT_NE(watched.error().text().find("terminate()"), std::string::npos) << watched.error().text();
    }
    EXPECT_TRUE(watch_os_signal(SIGHUP));
  });
}

TEST_P(OsSignalTest, NoDescriptorLeftIsAnErrorAndInstallsNothing) {
  run([this] {
    if (!is_simulated()) return;  // to take all of this program's descriptors would fail others
    dynamic_cast<io::SimLoop&>(Core::here().loop()).set_handles_max(3);
    EXPECT_EQ(watch_os_signal(SIGHUP).error().sys, EMFILE);
  });
}

class OsSignalThreadsTest : public testing::OnEachLoop {};
PULPO_ON_EACH_KERNEL_LOOP(OsSignalThreadsTest);

TEST_P(OsSignalThreadsTest, RuntimesOfOneProgramShareASignal) {
  start();
  Runtime other({.loop = LoopChoice::epoll});
  ASSERT_TRUE(other.start());
  std::atomic<int> heard{0};
  std::atomic<bool> is_watched{false};
  std::thread beside([&] {
    other.run([&] {
      OsSignal hup = watch_os_signal(SIGHUP).value();
      is_watched = true;
      if (hup.wait(10s)) ++heard;
    });
  });
  run([&] {
    OsSignal hup = watch_os_signal(SIGHUP).value();
    EXPECT_TRUE(testing::eventually([&] { return is_watched.load(); }));
    raise_signal(SIGHUP);
    if (hup.wait(10s)) ++heard;
  });
  beside.join();
  EXPECT_EQ(heard, 2);
  struct sigaction now {};
  ASSERT_EQ(::sigaction(SIGHUP, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST_P(OsSignalThreadsTest, WatchesComeAndGoWhileSignalsPour) {
  // Goal:   no handler writes to a descriptor that is somebody else's by now, and no signal meets its usual action meanwhile.
  // Method: this thread handles SIGWINCH, which does nothing by itself, as fast as it can be sent; two cores watch and let go of it.
  start({.cores = 2});
  std::atomic<bool> is_over{false};
  std::thread sender([&] {
    while (!is_over) ASSERT_EQ(::kill(::getpid(), SIGWINCH), 0);
  });
  std::atomic<int> heard{0};
  run([&] {
#if defined(PULPO_EMULATED)
    // qemu-user looks up a handler twice while it delivers a signal, and jumps to nowhere when it went in between.
    const OsSignal always = watch_os_signal(SIGWINCH).value();
#endif
    std::vector<Spawned> watchers;
    for (unsigned core = 0; core < 2; ++core) {
      watchers.push_back(try_spawn(detail::function_body([&heard] {
                                     for (int i = 0; i < 300; ++i) {
                                       OsSignal winch = watch_os_signal(SIGWINCH).value();
                                       if (i % 10 == 0 && winch.wait(10s)) ++heard;
                                     }
                                   }),
                                   {.monitor = true, .core = core})
                             .value());
    }
    for (const Spawned& watcher : watchers) {
      EXPECT_TRUE(receive_if([&](const Term& term) { return term.is_tuple(5) && term.elements()[1] == Term(watcher.monitor); }, 60s));
    }
  });
  is_over = true;
  sender.join();
  EXPECT_EQ(heard, 60);
}

}  // namespace
}  // namespace pulpo
