// SPDX-License-Identifier: Apache-2.0
#include "pulpo/task.hpp"

#include <memory>
#include <stdexcept>

#include "unit/otp/support.hpp"

namespace pulpo::task_test {
namespace {

using testing::CapturedLog;
using testing::down_reason;
using testing::elixir;
using testing::end_of;
using testing::eventually;
using testing::reason_of;

class TaskTest : public testing::OnEachLoop {
 protected:
  CapturedLog log_;  ///< Crashes are what many of these are about.
};
PULPO_ON_EACH_LOOP(TaskTest);

inline constexpr auto kAdd = function("Calc.add", "Adds.", [](std::int64_t x, std::int64_t y) { return x + y; });
inline constexpr auto kFail = function("Calc.fail", "Fails.", [](Atom why) { exit(why); });

/// Whether the three ways to start a task take these.
template <class F, class... A>
concept compiles_async = requires(const F& function, A... arguments) {
  async(function, arguments...);
  async(TaskOptions{}, function, arguments...);
  async_nolink(Pid{}, function, arguments...);
};

/// {reason, {Task, function, [task, timeout]}}, as far as a test can say it.
void expect_exit(const Term& exit, const Term& reason, std::string_view function, const Term& timeout) {
  ASSERT_TRUE(exit.is_tuple(2)) << exit.text();
  EXPECT_EQ(exit.elements()[0], reason);
  const Term& where = exit.elements()[1];
  ASSERT_TRUE(where.is_tuple(3)) << exit.text();
  EXPECT_EQ(where.elements()[0], Term("Elixir.Task"_atom));
  EXPECT_EQ(where.elements()[1], Term(Atom(function)));
  ASSERT_EQ(where.elements()[2].list_size(), 2u) << exit.text();
  const Term asked = where.elements()[2].list_at(0);  // a %Task{}, or a list of them
  EXPECT_TRUE((asked.is_list() ? asked.list_at(0) : asked).is_map()) << exit.text();
  EXPECT_EQ(where.elements()[2].list_at(1), timeout);
}

bool is_empty_mailbox() { return !receive_any(0s); }

// --- async and await --------------------------------------------------------------------------------------------

TEST_P(TaskTest, AwaitYieldsTheValueAndLeavesNothingBehind) {  // TASK-1, TASK-3
  run([] {
    auto task = async([] { return 41 + 1; });
    static_assert(std::is_same_v<decltype(task), Task<int>>);
    EXPECT_EQ(task.owner(), self());
    EXPECT_EQ(task.await(), 42);
    EXPECT_EQ(end_of(task.pid()), Term(atoms::noproc));
    EXPECT_TRUE(is_empty_mailbox());
  });
}

TEST_P(TaskTest, ValuesAreOfAnyTypeAndMoveOnlyClosuresAreWelcome) {  // TASK-1
  run([] {
    auto held = std::make_unique<int>(7);
    auto object = async([held = std::move(held)]() mutable { return std::move(held); });
    static_assert(std::is_same_v<decltype(object)::Value, std::unique_ptr<int>>);
    EXPECT_EQ(*object.await(), 7);
    EXPECT_EQ(async([] { return std::string("more than fourteen bytes of text"); }).await(), "more than fourteen bytes of text");
    EXPECT_EQ(async([] { return "text of the program"; }).await(), std::string("text of the program"));
    EXPECT_EQ(async([] { return std::vector<int>{1, 2, 3}; }).await(), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(async([] { return std::optional<int>(); }).await(), std::nullopt);
    EXPECT_EQ(async([] { return elixir("{:a, %{b: 1}}"); }).await(), elixir("{:a, %{b: 1}}"));
    bool done = false;
    async([&done] { done = true; }).await();
    EXPECT_TRUE(done);
  });
}

TEST_P(TaskTest, WhatAClosureHeldIsGoneWhenItsValueIsThere) {  // TASK-1
  run([] {
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> watch = held;
    EXPECT_EQ(async([held = std::move(held)] { return *held; }).await(), 1);
    EXPECT_TRUE(watch.expired());
  });
}

TEST_P(TaskTest, AFunctionByNameTakesArgumentsOfItsTypes) {  // TASK-1
  static_assert(compiles_async<decltype(kAdd), int, int>);
  static_assert(!compiles_async<decltype(kAdd), int>, "as many as it has");
  static_assert(!compiles_async<decltype(kAdd), int, const char*>, "of its types");
  static_assert(!compiles_async<int, int>, "a function");
  run([] {
    auto task = async(kAdd, 4, 5);
    static_assert(std::is_same_v<decltype(task), Task<std::int64_t>>);
    EXPECT_EQ(task.await(), 9);
  });
}

TEST_P(TaskTest, TheResultComesAsAMessageToWhoDoesNotAsk) {  // TASK-1
  run([] {
    Ref ref{};
    {
      auto task = async([] { return 42; });
      ref = task.ref();
    }
    const auto message = receive_any(5s);
    ASSERT_TRUE(message);
    EXPECT_EQ(*message, Term::tuple({ref, 42}));
    EXPECT_EQ(down_reason(ref), Term(atoms::normal));
  });
}

TEST_P(TaskTest, AServerFindsItsTasksAnswerAmongItsMessages) {  // TASK-1, TASK-4
  run([] {
    trap_exit(true);
    auto good = async([] { return 42; });
    auto bad = async([]() -> int { exit("boom"_atom); });
    std::optional<Result<int>> value;
    std::optional<Result<int>> failure;
    send(self(), "something else"_atom);
    while (!value || !failure) {
      const auto message = receive_any(5s);
      ASSERT_TRUE(message);
      if (auto answer = good.answer_in(*message)) value = std::move(answer);
      if (auto answer = bad.answer_in(*message)) failure = std::move(answer);
    }
    EXPECT_EQ(**value, 42);
    ASSERT_FALSE(*failure);
    EXPECT_EQ(failure->error().reason, Term("boom"_atom));
  });
}

TEST_P(TaskTest, OnlyItsOwnerMayAsk) {  // TASK-1
  run([] {
    auto task = async([] { return 1; });
    const auto asks = [&task](auto ask) {
      const Term reason = reason_of([&] { ask(task); });
      ASSERT_TRUE(reason.is_tuple(2)) << reason.text();
      EXPECT_EQ(reason.elements()[0], Term(atoms::badarg));
      EXPECT_NE(reason.elements()[1].as_text()->find("must be asked by its owner " + Term(self()).text()), std::string::npos)
          << reason.text();
    };
    asks([](auto& it) { (void)it.await(); });
    asks([](auto& it) { (void)it.try_await(); });
    asks([](auto& it) { (void)it.yield(); });
    asks([](auto& it) { (void)it.shutdown(); });
    asks([](auto& it) { (void)it.ignore(); });
    asks([](auto& it) { (void)it.answer_in(Term()); });
    auto moved = std::move(task);
    EXPECT_EQ(reason_of([&task] { (void)task.await(); }).elements()[1], Term("this Task has been moved from"));  // NOLINT: that is the test
    EXPECT_EQ(moved.await(), 1);
  });
}

// --- Ends ----------------------------------------------------------------------------------------------------------

TEST_P(TaskTest, ATaskThatFailsEndsItsOwnerAndTheOtherWayRound) {  // TASK-2
  run([] {
    EXPECT_EQ(reason_of([] {
                (void)async([] { exit("boom"_atom); });
                sleep(1h);
              }),
              Term("boom"_atom));
    Pid task{};
    EXPECT_EQ(reason_of([&task] {
                auto started = async([] { sleep(1h); });
                task = started.pid();
                exit("owner"_atom);
              }),
              Term("owner"_atom));
    EXPECT_TRUE(eventually([&task] { return !is_alive(task); }));
  });
}

TEST_P(TaskTest, AwaitExitsAsTheTaskDid) {  // TASK-3
  run([] {
    const Term reason = reason_of([] {
      trap_exit(true);
      (void)async([] { exit("boom"_atom); }).await(1500ms);
    });
    expect_exit(reason, "boom"_atom, "await", 1500);
    trap_exit(true);
    const auto failed = async([]() -> int { throw std::runtime_error("no such luck"); }).try_await();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::exited);
    EXPECT_EQ(failed.error().reason, elixir("{:exception, \"std::runtime_error\", \"no such luck\"}"));
  });
}

TEST_P(TaskTest, AwaitGivesUpAtItsTimeAndNothingComesLater) {  // TASK-1, TASK-3
  run([] {
    const Pid me = self();
    Pid task{};
    const Term reason = reason_of([&task] {
      auto late = async([] { sleep(1h); });
      task = late.pid();
      late.await(10ms);
    });
    expect_exit(reason, atoms::timeout, "await", 10);
    EXPECT_TRUE(eventually([&task] { return !is_alive(task); })) << "its linked owner has ended";

    auto slow = async([me] {
      (void)receive_any();
      send(me, "has answered"_atom);
      return 1;
    });
    const auto nothing = slow.try_await(10ms);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, Errc::timeout);
    EXPECT_TRUE(is_alive(slow.pid())) << "it runs on";
    send(slow.pid(), "go on"_atom);
    EXPECT_TRUE(testing::receive_exactly("has answered"_atom));
    EXPECT_EQ(end_of(slow.pid()), Term(atoms::noproc));
    EXPECT_TRUE(eventually([&] { return !is_alive(slow.pid()); }));
    EXPECT_TRUE(is_empty_mailbox());
  });
}

TEST_P(TaskTest, ToAwaitASecondTimeIsToWaitInVain) {  // TASK-3
  run([] {
    auto task = async([] { return 1; });
    EXPECT_EQ(task.await(), 1);
    EXPECT_EQ(task.try_await(10ms).error().code, Errc::timeout);
  });
}

TEST_P(TaskTest, YieldMayBeAskedAgainUntilThereIsAnAnswer) {  // TASK-4
  run([] {
    auto task = async([] {
      (void)receive_any();
      return 5;
    });
    EXPECT_FALSE(task.yield(0s));
    EXPECT_FALSE(task.yield(5ms));
    send(task.pid(), "now"_atom);
    const auto value = task.yield();
    ASSERT_TRUE(value && *value);
    EXPECT_EQ(**value, 5);

    trap_exit(true);
    const auto failure = async([]() -> int { exit("boom"_atom); }).yield();
    ASSERT_TRUE(failure && !*failure);
    EXPECT_EQ(failure->error().reason, Term("boom"_atom));
  });
}

TEST_P(TaskTest, ShutdownEndsATaskThatHasNotAnswered) {  // TASK-5
  run([] {
    auto task = async([] { sleep(1h); });
    yield();
    EXPECT_FALSE(task.shutdown());
    EXPECT_FALSE(is_alive(task.pid()));
    auto brutal = async([] {
      trap_exit(true);
      sleep(1h);
    });
    yield();
    EXPECT_FALSE(brutal.shutdown(Shutdown::brutal_kill()));
    EXPECT_TRUE(is_empty_mailbox()) << "neither an EXIT nor a DOWN";
  });
}

TEST_P(TaskTest, ShutdownGivesTheAnswerThatWasThere) {  // TASK-5
  run([] {
    auto task = async([] { return 42; });
    const auto alive = [&task] { return is_alive(task.pid()); };
    EXPECT_TRUE(eventually([&] { return !alive(); }));
    const auto value = task.shutdown();
    ASSERT_TRUE(value && *value);
    EXPECT_EQ(**value, 42);
    EXPECT_TRUE(is_empty_mailbox());
  });
}

TEST_P(TaskTest, ShutdownTellsOfAnEndOfItsOwn) {  // TASK-5
  run([] {
    trap_exit(true);
    auto crashed = async([] { exit("boom"_atom); });
    EXPECT_TRUE(eventually([&] { return !is_alive(crashed.pid()); }));
    const auto reason = crashed.shutdown();
    ASSERT_TRUE(reason && !*reason);
    EXPECT_EQ(reason->error().reason, Term("boom"_atom));

    auto stubborn = async([] {
      trap_exit(true);
      for (;;) (void)receive_any();
    });
    yield();
    const auto killed = stubborn.shutdown(5ms);
    ASSERT_TRUE(killed && !*killed) << "a kill that was not asked for is told";
    EXPECT_EQ(killed->error().reason, Term(atoms::killed));

    auto done = async([] { return 1; });
    EXPECT_EQ(done.await(), 1);
    const auto again = done.shutdown();
    ASSERT_TRUE(again && !*again);
    EXPECT_EQ(again->error().reason, Term(atoms::noproc));
  });
}

TEST_P(TaskTest, AnIgnoredTaskGoesOnByItself) {  // TASK-5
  run([] {
    auto task = async([] {
      (void)receive_any();
      exit("boom"_atom);
    });
    yield();
    EXPECT_FALSE(task.ignore());
    send(task.pid(), "go"_atom);
    EXPECT_EQ(end_of(task.pid()), Term("boom"_atom));
    EXPECT_TRUE(is_empty_mailbox());
    auto done = async([] { return 3; });
    EXPECT_TRUE(eventually([&] { return !is_alive(done.pid()); }));
    const auto value = done.ignore();
    ASSERT_TRUE(value && *value);
    EXPECT_EQ(**value, 3);
  });
}

TEST_P(TaskTest, ACrashIsLoggedWithTheFunctionAndItsArguments) {  // TASK-8, LOG-5
  run([this] {
    trap_exit(true);
    auto task = async(kFail, "boom"_atom);
    (void)task.yield();
    EXPECT_EQ(log_.count("[error] Task " + Term(task.pid()).text() + " started from " + Term(self()).text() +
                         " terminating\n** (stop) :boom\nFunction: &Calc.fail/1\n    Args: [:boom]"),
              1u)
        << log_.all();
    (void)async([] { throw std::runtime_error("no such luck"); }).yield();
    EXPECT_EQ(log_.count("terminating\n** (std::runtime_error) no such luck\nFunction: "), 1u) << log_.all();
    const auto orderly = async([] { exit(Term::tuple({atoms::shutdown, "enough"_atom})); }).yield();
    EXPECT_EQ(orderly->error().reason, elixir("{:shutdown, :enough}"));
    EXPECT_EQ(log_.count("terminating"), 2u) << "an orderly end is no crash" << log_.all();
    EXPECT_EQ(log_.count("raised an exception"), 0u) << "one report a crash" << log_.all();
  });
}

// --- Several -----------------------------------------------------------------------------------------------------

TEST_P(TaskTest, AwaitManyYieldsTheValuesInTheOrderOfTheTasks) {  // TASK-3
  run([] {
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 20; ++i) {
      tasks.push_back(async([i] {
        sleep(std::chrono::milliseconds((20 - i) % 4));
        return i;
      }));
    }
    const std::vector<int> values = await_many(tasks);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
    const Term reason = reason_of([] {
      trap_exit(true);
      std::vector<Task<void>> two;
      two.push_back(async([] { sleep(1h); }));
      two.push_back(async([] { exit("boom"_atom); }));
      await_many(two, 2s);
    });
    expect_exit(reason, "boom"_atom, "await_many", 2000);
    const Term late = reason_of([] {
      std::vector<Task<void>> one;
      one.push_back(async([] { sleep(1h); }));
      await_many(one, 5ms);
    });
    expect_exit(late, atoms::timeout, "await_many", 5);
  });
}

TEST_P(TaskTest, YieldManyTellsOfEachWhatIsKnown) {  // TASK-4
  run([] {
    trap_exit(true);
    std::vector<Task<int>> tasks;
    tasks.push_back(async([] { return 1; }));
    tasks.push_back(async([] {
      (void)receive_any();
      return 2;
    }));
    tasks.push_back(async([]() -> int { exit("boom"_atom); }));
    const auto first = yield_many(tasks, 20ms);
    ASSERT_EQ(first.size(), 3u);
    ASSERT_TRUE(first[0] && *first[0]);
    EXPECT_EQ(**first[0], 1);
    EXPECT_FALSE(first[1]);
    ASSERT_TRUE(first[2] && !*first[2]);
    EXPECT_EQ(first[2]->error().reason, Term("boom"_atom));
    send(tasks[1].pid(), "now"_atom);
    const auto second = tasks[1].yield();
    ASSERT_TRUE(second && *second);
    EXPECT_EQ(**second, 2);
  });
}

TEST_P(TaskTest, AStreamRunsSoManyAtATimeAndKeepsTheOrder) {  // TASK-3
  run([] {
    int running = 0;
    int most = 0;
    const std::vector<int> inputs{5, 1, 4, 2, 3, 0, 6, 7, 9, 8};
    const auto work = [&](int input) {
      most = std::max(most, ++running);
      sleep(std::chrono::milliseconds(input));
      --running;
      return input * 10;
    };
    const auto results = async_stream(inputs, work, {.max_concurrency = 3});
    ASSERT_EQ(results.size(), inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_EQ(*results[i], inputs[i] * 10);
    EXPECT_EQ(most, 3);
    const auto hurried = async_stream(std::vector<int>{30, 1}, work, {.max_concurrency = 2, .ordered = false});
    ASSERT_EQ(hurried.size(), 2u);
    EXPECT_EQ(*hurried[0], 10) << "as they come";
    EXPECT_TRUE(async_stream(std::vector<int>{}, work).empty());
  });
}

TEST_P(TaskTest, ALateTaskOfAStreamIsKilledOrEndsTheCaller) {  // TASK-3
  run([] {
    const auto work = [](int input) {
      if (input == 1) sleep(1h);
      return input;
    };
    const std::vector<int> inputs{0, 1, 2};
    const auto results = async_stream(inputs, work, {.timeout = 10ms, .kill_late = true});
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(*results[0], 0);
    ASSERT_FALSE(results[1]);
    EXPECT_EQ(results[1].error().code, Errc::timeout);
    EXPECT_EQ(*results[2], 2);
    const Term reason = reason_of([&] { (void)async_stream(inputs, work, {.timeout = 10ms}); });
    ASSERT_TRUE(reason.is_tuple(2)) << reason.text();
    EXPECT_EQ(reason.elements()[0], Term(atoms::timeout));
    const Term failed = reason_of([&] { (void)async_stream(inputs, [](int) { exit("boom"_atom); }); });
    EXPECT_EQ(failed, Term("boom"_atom)) << "by its link";
  });
}

TEST_P(TaskTest, AClosureWhoseTermsAreSharedMayRunOnAnotherCore) {  // TASK-1
  run(
      [] {
        const Term given = elixir("{:a, \"text of more than fourteen bytes\"}");
        given.share();
        auto task = async({.core = 1}, [given] { return Term::tuple({static_cast<int>(self().core()), given}); });
        EXPECT_EQ(task.await(), Term::tuple({1, given}));
        struct Camera {
          Term frame;
        };
        auto object = async({.core = 1}, [] { return Camera{elixir("[1, 2, 3]")}; });
        EXPECT_EQ(object.await().frame, elixir("[1, 2, 3]"));
        EXPECT_EQ(reason_of([] { (void)async({.core = 9}, [] {}); }), Term(atoms::badarg));
      },
      {.cores = 2});
}

}  // namespace
}  // namespace pulpo::task_test
