// SPDX-License-Identifier: Apache-2.0
//
// When a supervisor starts again, how often, and how it gives up; and that ten thousand children cost ten thousand times one.
#include <atomic>

#include "otp/restart_window.hpp"
#include "pulpo/supervisor.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::supervisor_restart_test {
namespace {

using testing::CapturedLog;
using testing::eventually;

class SupervisorRestartTest : public testing::OnEachLoop {
 protected:
  CapturedLog log_;
};
PULPO_ON_EACH_LOOP(SupervisorRestartTest);

class SupervisorDelayTest : public SupervisorRestartTest {};
PULPO_ON_THE_SIMULATED_LOOP(SupervisorDelayTest);

class ManyChildrenTest : public SupervisorRestartTest {};
PULPO_ON_EACH_KERNEL_LOOP(ManyChildrenTest);  // measures processor time by the clock

struct Crash {
  using Message = Cast<"crash">;
};
class Server {
 public:
  using Protocol = pulpo::Protocol<Crash>;
  void handle_cast(const Crash&) { exit("boom"_atom); }
};

TEST(RestartWindow, CountsWholeSecondsAndItsBoundary) {  // SUP-6
  const auto at = [](Duration time) { return TimePoint(time); };
  RestartWindow window(2, 5s);
  EXPECT_TRUE(window.add(at(10'900ms)));
  EXPECT_TRUE(window.add(at(11'000ms)));
  EXPECT_FALSE(window.add(at(15'999ms))) << "10 is not older than 15 - 5";
  EXPECT_FALSE(window.add(at(16'000ms))) << "11 and twice 15 to 16";
  RestartWindow later(2, 5s);
  EXPECT_TRUE(later.add(at(10'900ms)));
  EXPECT_TRUE(later.add(at(11'000ms)));
  EXPECT_TRUE(later.add(at(16'000ms))) << "10 is out, 11 is in";
  EXPECT_TRUE(later.add(at(17'000ms)));
  RestartWindow none(0, 5s);
  EXPECT_FALSE(none.add(at(1s)));
}

TEST(RestartWindow, AMillionRestartsTakeAsMuchAsTheirSeconds) {  // SUP-6
  RestartWindow window(1'000'000, 5s);
  for (int i = 0; i < 1'000'000; ++i) ASSERT_TRUE(window.add(TimePoint(Duration(1s) + Duration(i))));
  EXPECT_FALSE(window.add(TimePoint(Duration(6s))));
  EXPECT_TRUE(window.add(TimePoint(Duration(7s))));
}

TEST_P(SupervisorDelayTest, AFailedRestartMayWaitBeforeItIsTriedAgain) {  // SUP-8, WK-14
  // Goal:   the delay doubles with each failure in a row, and one that is longer than period / intensity never gives up.
  run([this] {
    auto tries = std::make_shared<std::vector<TimePoint>>();
    const Pid supervisor = start_supervisor({.intensity = 3,
                                             .period = 1s,
                                             .retry_delay = 500ms,
                                             .children = {child({.id = Term("x")},
                                                                [tries](std::optional<unsigned>) -> Result<Pid> {
                                                                  tries->push_back(now());
                                                                  const auto count = tries->size();
                                                                  if (count != 1 && count != 7) return Error{Errc::exited, "absent"_atom};
                                                                  return spawn_link([] { (void)receive_any(), exit("boom"_atom); });
                                                                })}})
                               .value();
    const auto state = [&] { return which_children(supervisor)->front().child; };
    send(state().pid(), "crash"_atom);
    sleep(100ms);
    EXPECT_EQ(state(), Term("restarting"_atom));
    EXPECT_EQ(restart_child(supervisor, "x").error().reason, Term("restarting"_atom));
    EXPECT_EQ(delete_child(supervisor, "x").error().reason, Term("restarting"_atom));
    EXPECT_EQ(
        start_child(supervisor, child({.id = Term("x")}, [](std::optional<unsigned>) -> Result<Pid> { return Pid{}; })).error().reason,
        Term::tuple({atoms::already_started, "restarting"_atom}));
    EXPECT_EQ(count_children(supervisor)->active, 0u);
    sleep(20s);
    ASSERT_EQ(tries->size(), 7u);
    for (std::size_t i = 3; i < 7; ++i) {
      const Duration waited = (*tries)[i - 0] - (*tries)[i - 1];
      const Duration wanted = 500ms * (1 << (i - 2));
      EXPECT_GE(waited, wanted);
      EXPECT_LT(waited, wanted + 100ms);
    }
    EXPECT_TRUE(state().is_pid());
    EXPECT_EQ(log_.count("failed to start\n** (exit) :absent"), 5u) << log_.all();
  });
}

TEST_P(SupervisorDelayTest, AChildThatIsTerminatedIsNotTriedAgain) {  // SUP-8, SUP-11
  run([] {
    auto tries = std::make_shared<int>(0);
    const Pid supervisor = start_supervisor({.retry_delay = 1s,
                                             .children = {child({.id = Term("x")},
                                                                [tries](std::optional<unsigned>) -> Result<Pid> {
                                                                  if (++*tries > 1) return Error{Errc::exited, "absent"_atom};
                                                                  return spawn_link([] { (void)receive_any(), exit("boom"_atom); });
                                                                })}})
                               .value();
    send(which_children(supervisor)->front().child.pid(), "crash"_atom);
    sleep(100ms);
    EXPECT_TRUE(terminate_child(supervisor, "x"));
    EXPECT_EQ(which_children(supervisor)->front().child, Term(atoms::undefined));
    sleep(10s);
    EXPECT_EQ(*tries, 2);
    EXPECT_TRUE(delete_child(supervisor, "x"));
  });
}

TEST_P(SupervisorDelayTest, WithoutAWordThreeRestartsInFiveSecondsAreAllowedAndAFourthIsNot) {  // SUP-1, SUP-6
  run([] {
    trap_exit(true);
    const Pid supervisor = start_supervisor({.children = {worker<Server>({.name = "A"}), worker<Server>({.name = "B"})}}).value();
    const Ref watched = monitor(supervisor);
    const Pid other = *whereis("Elixir.B"_atom);
    const auto crash = [] {
      cast(Address("Elixir.A"_atom), Crash{});
      sleep(1ms);
    };
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 3; ++i) crash();
      ASSERT_TRUE(is_alive(supervisor)) << round;
      sleep(7s);
    }
    EXPECT_EQ(*whereis("Elixir.B"_atom), other) << "one_for_one";
    for (int i = 0; i < 4; ++i) crash();
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
  });
}

TEST_P(SupervisorRestartTest, ASupervisorTrapsExits) {  // SUP-1
  run([] {
    const Pid supervisor = start_supervisor({.children = {worker<Server>({.name = "A"})}}).value();
    const Pid child = *whereis("Elixir.A"_atom);
    const Spawned stranger = spawn_monitor([supervisor] {
      exit(supervisor, "bad"_atom);
      link(supervisor);
      exit("worse"_atom);
    });
    EXPECT_EQ(testing::down_reason(stranger.monitor), Term("worse"_atom));
    EXPECT_EQ(count_children(supervisor)->active, 1u);
    EXPECT_EQ(*whereis("Elixir.A"_atom), child);
    EXPECT_TRUE(stop(supervisor));
  });
}

TEST_P(SupervisorRestartTest, GivingUpEscalatesFromSupervisorToSupervisor) {  // SUP-6, SUP-7
  // Goal:   an inner supervisor that gives up is a crash of a child for the outer one; when that happens too often it gives up too.
  run([this] {
    trap_exit(true);
    SupervisorOptions inner{
        .name = "Inner", .intensity = 1, .children = {worker<Server>({.name = "Leaf"}), worker<Server>({.name = "Other"})}};
    const Pid outer = start_supervisor({.name = "Outer", .intensity = 2, .children = {supervisor(inner)}}).value();
    const Ref watched = monitor(outer);
    const Atom leaf = "Elixir.Leaf"_atom;
    for (int end_of_inner = 1; end_of_inner <= 3; ++end_of_inner) {
      for (int crash = 1; crash <= 2; ++crash) {  // the second is one too many
        std::optional<Pid> before;
        EXPECT_TRUE(eventually([&] { return (before = whereis(leaf)).has_value(); }));
        cast(Address(leaf), Crash{});
        EXPECT_TRUE(eventually([&] { return whereis(leaf) != before; }));
      }
    }
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
    for (const char* name : {"Elixir.Inner", "Elixir.Leaf", "Elixir.Other"}) EXPECT_FALSE(whereis(Atom(name))) << name;
    EXPECT_EQ(log_.count("Child Leaf of Supervisor Inner caused shutdown\n** (exit) :reached_max_restart_intensity\nPid: "), 3u)
        << log_.all();
    EXPECT_EQ(log_.count("Child Inner of Supervisor Outer caused shutdown\n** (exit) :reached_max_restart_intensity\nPid: "), 1u)
        << log_.all();
    EXPECT_EQ(log_.count("Child Inner of Supervisor Outer terminated\n** (exit) shutdown\nPid: "), 3u) << log_.all();
  });
}

TEST_P(SupervisorRestartTest, SeveralCrashesAtOnceCountOnceForOneForAll) {  // SUP-5, SUP-6
  // Goal:   who has crashed while the others are being stopped is started again with them, and its end is no further restart.
  run([this] {
    const Pid supervisor =
        start_supervisor({.strategy = one_for_all,
                          .intensity = 1,
                          .children = {worker<Server>({.name = "A"}), worker<Server>({.name = "B"}), worker<Server>({.name = "C"})}})
            .value();
    for (const char* name : {"Elixir.A", "Elixir.C", "Elixir.B"}) cast(Address(Atom(name)), Crash{});
    EXPECT_TRUE(eventually([&] { return log_.count("terminated\n** (exit) :boom") >= 1; }));
    EXPECT_EQ(count_children(supervisor)->active, 3u);
    EXPECT_TRUE(is_alive(supervisor));
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) :boom"), 2u) << log_.all();
  });
}

TEST_P(SupervisorRestartTest, ChildrenThatNeedNotLiveMayEndAsTheyLike) {  // SUP-9
  run([this] {
    const auto ends_with = [](ChildOptions options, Term reason) {
      return child(options, [reason](std::optional<unsigned>) -> Result<Pid> {
        return spawn_link([reason] {
          trap_exit(true);
          (void)receive_any();
          exit(reason);
        });
      });
    };
    const Term wrapped = Term::tuple({atoms::shutdown, "done"_atom});
    const Pid supervisor = start_supervisor({.children = {ends_with({.id = Term("t"), .restart = Restart::transient}, atoms::normal),
                                                          ends_with({.id = Term("u"), .restart = Restart::temporary}, wrapped),
                                                          ends_with({.id = Term("p")}, atoms::shutdown)}})
                               .value();
    EXPECT_TRUE(stop(supervisor));
    EXPECT_EQ(log_.all(), "");
    const Pid strict = start_supervisor({.children = {ends_with({.id = Term("n")}, atoms::normal), ends_with({.id = Term("w")}, wrapped),
                                                      ends_with({.id = Term("b"), .restart = Restart::temporary}, "boom"_atom)}})
                           .value();
    EXPECT_TRUE(stop(strict));
    EXPECT_EQ(log_.count("Child \"n\" of Supervisor"), 1u) << log_.all();
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) normal"), 1u) << log_.all();
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) shutdown: :done"), 1u) << log_.all();
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) :boom"), 1u) << log_.all();
  });
}

TEST_P(ManyChildrenTest, TenThousandThatEndTogetherAreStoppedInTheirOrderInGoodTime) {  // SUP-9
  // Goal:   stopping looks at each message once. Searching the mailbox for every child's DOWN behind 10,000 EXITs took minutes.
  // Method: ten thousand children are killed at once, which one_for_all answers by stopping and starting all of them; then they are
  // stopped.
  run([this] {
    constexpr int kChildren = 10'000;
    SupervisorOptions options{.strategy = one_for_all, .intensity = 1'000'000};
    for (int i = 0; i < kChildren; ++i) options.children.push_back(worker<Server>({.id = Term(i)}));
    const Pid supervisor = start_supervisor(options).value();
    const TimePoint before = precise_now();
    const auto children = which_children(supervisor).value();
    for (const ChildInfo& each : children) exit(each.child.pid(), atoms::kill);
    EXPECT_EQ(count_children(supervisor)->active, static_cast<std::size_t>(kChildren));
    EXPECT_TRUE(stop(supervisor));
    EXPECT_LT(precise_now() - before, 20s);
    EXPECT_EQ(log_.count("terminated\n** (exit) killed"), 1u);
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) killed"), static_cast<std::size_t>(kChildren - 1));
  });
}

}  // namespace
}  // namespace pulpo::supervisor_restart_test
