// SPDX-License-Identifier: Apache-2.0
//
// A runtime asked by threads that are none of its own.
#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <latch>
#include <thread>
#include <vector>

#include "proc/gate.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

/// Pid and reference of a request that receive_any() returned.
struct Caller {
  Pid pid;
  Ref ref;
};
Caller caller_of(const Term& request) {
  const Term from = request.elements()[1];
  return {from.elements()[0].pid(), from.elements()[1].ref()};
}
Term body_of(const Term& request) { return request.elements()[2]; }
bool is_request(const Term& message) { return message.is_tuple(3) && message.elements()[0].is_atom(atoms::gen_call); }

/// Answers each request with what it holds.
void echo() {
  for (;;) {
    const auto message = receive_any();
    if (!message) return;
    if (is_request(*message)) reply(caller_of(*message).pid, caller_of(*message).ref, body_of(*message));
  }
}

class EmbedTest : public testing::OnEachLoop {
 protected:
  /// A process that has the name before this returns.
  void start_named(Atom name, std::function<void()> function, unsigned core = 0) {
    ASSERT_TRUE(runtime().run([&] {
      SpawnOptions options;
      options.name = name;
      options.core = core;
      ASSERT_TRUE(try_spawn(detail::function_body(std::move(function)), options));
    }));
  }
};
// About threads that are no core's.
PULPO_ON_EACH_KERNEL_LOOP(EmbedTest);

TEST_P(EmbedTest, AThreadReadsItsCountsWhileAnotherStopsTheRuntime) {
  start({.cores = 2});
  start_named("near"_atom, echo);
  std::latch begun{1};
  std::thread reader([&] {
    EXPECT_GE(runtime().process_count(), 1u);
    begun.count_down();
    while (runtime().process_count() != 0) (void)runtime().system_calls();
  });
  begun.wait();
  runtime().stop();
  reader.join();
  EXPECT_EQ(runtime().system_calls(), 0u);
}

TEST_P(EmbedTest, AThreadCallsAServerByNameAndByPid) {
  start({.cores = 2});
  start_named("near"_atom, echo);
  start_named("far"_atom, echo, 1);
  for (const Atom name : {"near"_atom, "far"_atom}) {
    const Term request = Term::tuple({"add"_atom, 4, "a text that does not fit into sixteen bytes"});
    const auto by_name = runtime().call(name, request);
    ASSERT_TRUE(by_name) << by_name.error().text();
    EXPECT_EQ(*by_name, request);
    EXPECT_TRUE(runtime().call(*runtime().find_name(name), 5));
    EXPECT_TRUE(runtime().call(Address(name, runtime().node_name()), 5)) << "our own node, said explicitly";
  }
}

TEST_P(EmbedTest, ErrorsOfACallAreValues) {
  start();
  start_named("silent"_atom, [] { (void)receive_if([](const Term&) { return false; }); });
  start_named("crashing"_atom, [] {
    (void)receive_any();
    exit("tired"_atom);
  });
  EXPECT_EQ(runtime().call("nobody"_atom, 1).error().code, Errc::noproc);
  EXPECT_EQ(runtime().call("silent"_atom, 1, 1ms).error().code, Errc::timeout);
  EXPECT_EQ(runtime().call("silent"_atom, 1, Duration::zero()).error().code, Errc::timeout);
  EXPECT_EQ(runtime().call(Address("a"_atom, "elsewhere@host"_atom), 1).error().code, Errc::nodedown);
  const auto crashed = runtime().call("crashing"_atom, 1, Timeout::infinity());
  EXPECT_EQ(crashed.error().code, Errc::exited);
  EXPECT_EQ(crashed.error().reason, Term("tired"_atom));
}

TEST_P(EmbedTest, ACallThatIsNotTakenInTimeEndsAtItsTimeout) {
  // Goal:   a core that is held up does not hold up a thread for longer than it said.
  // Method: a process keeps its core until the test lets it go.
  start();
  start_named("echo"_atom, echo);
  std::promise<void> held;
  std::promise<void> go_on;
  runtime().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  EXPECT_EQ(runtime().call("echo"_atom, 1, 5ms).error().code, Errc::timeout);
  go_on.set_value();
  EXPECT_TRUE(runtime().call("echo"_atom, 2));
}

TEST_P(EmbedTest, SendFindsItsReceiverOrSaysThatThereIsNone) {
  start();
  EXPECT_EQ(runtime().send("nobody"_atom, 1).error().code, Errc::noproc);
  EXPECT_TRUE(runtime().cast("nobody"_atom, 1)) << "a cast to nobody does not matter (GS-16)";
  std::promise<Term> seen;
  start_named("listener"_atom, [&] {
    const Term both = Term::tuple({*receive_any(), *receive_any()});
    both.share();
    seen.set_value(both);
  });
  EXPECT_TRUE(runtime().send("listener"_atom, 1));
  EXPECT_TRUE(runtime().cast("listener"_atom, 2));
  EXPECT_EQ(seen.get_future().get(), Term::tuple({1, Term::tuple({atoms::gen_cast, 2})}));
}

TEST_P(EmbedTest, TheOrderOfEachThreadIsKeptThroughSendsCastsAndCalls) {
  // Goal:   what a thread sends one process arrives in the order of sending, by whatever address.
  // Method: threads send {thread, number} in three ways in turn; the receiver, on another core, looks for gaps.
  constexpr int kThreads = 4;
  constexpr int kMessages = 3'000;
  start({.cores = 2});
  std::promise<bool> in_order;
  start_named(
      "receiver"_atom,
      [&] {
        std::array<std::int64_t, kThreads> next{};
        bool good = true;
        for (int left = kThreads * kMessages; left > 0; --left) {
          const Term message = *receive_any();
          const Term body = is_request(message)                                                     ? body_of(message)
                            : message.is_tuple(2) && message.elements()[0].is_atom(atoms::gen_cast) ? message.elements()[1]
                                                                                                    : message;
          good = good && body.elements()[1].integer() == next[static_cast<std::size_t>(body.elements()[0].integer())]++;
          if (is_request(message)) reply(caller_of(message).pid, caller_of(message).ref, atoms::ok);
        }
        in_order.set_value(good);
      },
      1);
  const Pid pid = *runtime().find_name("receiver"_atom);
  const Address addresses[] = {Address("receiver"_atom), Address(pid), Address("receiver"_atom, runtime().node_name())};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kMessages; ++i) {
        const Address& to = addresses[i % 3];
        const Term message = Term::tuple({thread, i});
        if (i % 50 == 0) {
          EXPECT_TRUE(runtime().call(to, message, Timeout::infinity()));
        } else if (i % 2 == 0) {
          EXPECT_TRUE(runtime().send(to, message));
        } else {
          EXPECT_TRUE(runtime().cast(to, message));
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(in_order.get_future().get());
}

TEST_P(EmbedTest, InsideAProcessItSuspendsThatProcessOnly) {
  start();
  start_named("echo"_atom, echo);
  run([] {
    const auto answer = pulpo::runtime().call("echo"_atom, 7);
    ASSERT_TRUE(answer) << "the server runs on the core of its caller";
    EXPECT_EQ(*answer, Term(7));
    EXPECT_EQ(pulpo::runtime().send("nobody"_atom, 1).error().code, Errc::noproc);
    EXPECT_TRUE(pulpo::runtime().send(self(), "to myself"_atom));
    EXPECT_EQ(*receive_any(), Term("to myself"_atom));
    EXPECT_TRUE(pulpo::runtime().cast("echo"_atom, 1));
  });
}

TEST_P(EmbedTest, ARuntimeThatDoesNotRunSaysSo) {
  Runtime idle;
  EXPECT_EQ(idle.call("echo"_atom, 1).error().code, Errc::stopped);
  EXPECT_EQ(idle.send("echo"_atom, 1).error().code, Errc::stopped);
  EXPECT_EQ(idle.cast("echo"_atom, 1).error().code, Errc::stopped);
  EXPECT_NE(idle.call("echo"_atom, 1).error().text().find("does not run"), std::string::npos);
  EXPECT_FALSE(idle.run([] {}));
  idle.post([] { ADD_FAILURE() << "there is nobody to run this"; });

  start();
  start_named("echo"_atom, echo);
  const Pid pid = *runtime().find_name("echo"_atom);
  runtime().stop();
  EXPECT_EQ(runtime().call("echo"_atom, 1).error().code, Errc::stopped);
  EXPECT_EQ(runtime().call(pid, 1).error().code, Errc::stopped);
  EXPECT_EQ(runtime().send(pid, 1).error().code, Errc::stopped);
}

TEST_P(EmbedTest, ARuntimeThatWasStoppedStartsAgain) {
  Runtime& again = start();
  start_named("echo"_atom, echo);
  again.stop();
  EXPECT_FALSE(again.run([] {}));
  ASSERT_TRUE(again.start());
  EXPECT_EQ(again.call("echo"_atom, 1).error().code, Errc::noproc);
  start_named("echo"_atom, echo);
  EXPECT_TRUE(again.call("echo"_atom, 1));
}

TEST_P(EmbedTest, StopEndsTheCallsThatWait) {
  start({.cores = 2});
  std::latch asked{4};
  start_named(
      "silent"_atom,
      [&] {
        for (;;) {
          (void)receive_any();
          asked.count_down();
        }
      },
      1);
  std::vector<std::future<Errc>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return runtime().call("silent"_atom, 1, Timeout::infinity()).error().code; }));
  }
  asked.wait();
  runtime().stop();
  for (auto& call : calls) {
    const Errc code = call.get();
    // The server may be ended before those who ask it, and then its end is the answer.
    EXPECT_TRUE(code == Errc::stopped || code == Errc::exited) << to_string(code);
  }
}

TEST_P(EmbedTest, ThreadsMayHammerARuntimeThatStops) {
  // Goal:   stop() in the midst of sends and calls of several threads neither crashes nor leaves one waiting.
  // Method: threads that go on until they are told `stopped`; several lives, since the moment decides.
  for (int life = 0; life < 20; ++life) {
    start({.cores = 2});
    start_named("echo"_atom, echo);
    start_named("far"_atom, echo, 1);
    std::atomic<int> calls{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        const Atom server = thread % 2 == 0 ? "echo"_atom : "far"_atom;
        for (;;) {
          const Term message = Term::tuple({"a text that lies in a block of its own"});
          if (const auto answer = runtime().call(server, message, Timeout::infinity())) {
            EXPECT_EQ(*answer, message);
            ++calls;
          } else if (answer.error().code == Errc::stopped) {
            return;
          }
          (void)runtime().cast(server, message);
          (void)runtime().send(server, message);
        }
      });
    }
    while (calls.load() < 20) std::this_thread::yield();
    runtime().stop();
    for (auto& thread : threads) thread.join();
  }
}

TEST_P(EmbedTest, AFastProducerWaitsUntilTheCoreHasTakenWhatItSent) {
  // Goal:   a core that is held up has no more than the gate's 4 MiB in its inbox.
  // Method: the core stands still while a thread sends 16 messages of 1 MiB; it must not come to their end before the core goes on.
  start();
  std::promise<void> done;
  start_named("receiver"_atom, [&] {
    for (int i = 0; i < 16; ++i) (void)receive_any();
    done.set_value();
  });
  std::promise<void> held;
  std::promise<void> go_on;
  runtime().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  std::atomic<int> sent{0};
  std::latch nearly_full{3};
  std::thread producer([&] {
    const std::string megabyte(1u << 20, 'x');
    for (int i = 0; i < 16; ++i) {
      EXPECT_TRUE(runtime().send("receiver"_atom, megabyte));
      ++sent;
      if (i < 3) nearly_full.count_down();
    }
  });
  nearly_full.wait();
  EXPECT_LE(sent.load(), 3) << "the fourth megabyte and its message's block are more than 4 MiB";
  go_on.set_value();
  done.get_future().wait();
  producer.join();
  EXPECT_EQ(sent.load(), 16);
}

TEST_P(EmbedTest, ACallDoesNotWaitForRoomBehindALargeMessage) {
  // Goal:   one message larger than the gate's 4 MiB holds up other messages, but no call beyond its timeout.
  // Method: the core stands still with such a message in its inbox.
  start();
  start_named("receiver"_atom, [] { (void)receive_if([](const Term&) { return false; }); });
  std::promise<void> held;
  std::promise<void> go_on;
  runtime().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  EXPECT_TRUE(runtime().send("receiver"_atom, std::string(5u << 20, 'x')));
  auto answer = std::async(std::launch::async, [&] { return runtime().call("receiver"_atom, 1, 5ms); });
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  go_on.set_value();
  EXPECT_EQ(answer.get().error().code, Errc::timeout);
}

TEST_P(EmbedTest, StopTurnsAwayThoseWhoWaitForRoom) {
  start();
  start_named("receiver"_atom, [] { (void)receive_if([](const Term&) { return false; }); });
  std::promise<void> held;
  std::promise<void> go_on;
  runtime().post([&] {
    held.set_value();
    go_on.get_future().wait();
  });
  held.get_future().wait();
  std::latch nearly_full{3};
  std::thread producer([&] {
    const std::string megabyte(1u << 20, 'x');
    for (int i = 0;; ++i) {
      if (const auto sent = runtime().send("receiver"_atom, megabyte); !sent) {
        EXPECT_EQ(sent.error().code, Errc::stopped);
        return;
      }
      if (i < 3) nearly_full.count_down();
    }
  });
  nearly_full.wait();
  std::thread stopper([&] { runtime().stop(); });
  producer.join();  // before the core goes on
  go_on.set_value();
  stopper.join();
}

TEST_P(EmbedTest, MoreCallsThanProcessesAreBusy) {
  start({.processes_max = 2});
  start_named("silent"_atom, [] { (void)receive_if([](const Term&) { return false; }); });
  runtime().post([] { (void)receive_if([](const Term&) { return false; }); });
  const auto answer = runtime().call("silent"_atom, 1);
  EXPECT_EQ(answer.error().code, Errc::busy) << answer.error().text();
}

std::atomic<int> handled{0};

TEST_P(EmbedTest, TheProgramsSignalsStayWithTheProgramsThreads) {
  struct sigaction before {};
  struct sigaction ours {};
  ASSERT_EQ(::sigaction(SIGUSR1, nullptr, &before), 0);
  start({.cores = 2});
  struct sigaction after {};
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGUSR1, SIGSEGV}) {
    struct sigaction now {};
    ASSERT_EQ(::sigaction(number, nullptr, &now), 0);
    if (number == SIGSEGV) continue;  // a sanitizer's own
    EXPECT_EQ(now.sa_handler, SIG_DFL) << "a runtime has installed a handler for signal " << number;
  }
  ours.sa_handler = [](int) { ++handled; };
  ASSERT_EQ(::sigaction(SIGUSR1, &ours, &after), 0);
  run([] {
    sigset_t blocked;
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &blocked), 0);
    EXPECT_EQ(sigismember(&blocked, SIGUSR1), 1);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGSEGV), 0);
  });
  sigset_t mine;
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &mine), 0);
  EXPECT_EQ(sigismember(&mine, SIGUSR1), 0) << "start() has put the caller's mask back";
  const int already = handled.load();
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);  // the only thread that takes it is this one, before kill() returns
  EXPECT_EQ(handled.load(), already + 1);
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

// A suite of this name runs before there are threads, so that a fork is enough; to run itself anew is more than an emulated program can.
TEST(EmbedDeathTest, AProcessOfAnotherRuntimeIsToldToUseItsOwn) {
  EXPECT_DEATH(
      {
        Runtime one;
        Runtime other;
        (void)one.start();
        (void)other.start();
        one.run([&] { (void)other.call("anybody"_atom, 1); });
      },
      "no core's");
}

}  // namespace
}  // namespace pulpo
