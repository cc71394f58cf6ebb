// SPDX-License-Identifier: Apache-2.0
//
// The goals at the end of our notes on OTP's semantics, as far as they are about applications and names: where the original stumbles
// (WK), and we do not.
#include "failover_fixture.hpp"

namespace pulpo::failover {
namespace {

class Goals : public Failover {};

TEST_F(Goals, GoalOneATakeoverSucceedsHoweverLongItsStartTakes) {  // AC-41, AC-45, WK-3, ST-20
  // Method: `one` is lost, another node takes its place; `one` comes back and takes 0 to 10 s to start its plain global server.
  start_all();
  for (const Duration delay :
       {Duration(0s), Duration(100ms), Duration(200ms), Duration(250ms), Duration(1s), Duration(3s), Duration(10s)}) {
    one().crash();
    ASSERT_TRUE(comes_to("three", kWait + 1s)) << where();
    book.manner(kDistro, "one@one"_atom).delay = delay;
    one().restart();
    ASSERT_TRUE(comes_to("one", delay + 3s)) << where() << " with a delay of " << delay / 1ms << " ms";
    EXPECT_TRUE(book.only(kDistro)->type.is_takeover());
    world.run_for(1s);
    EXPECT_TRUE(one().has_begun());
    expect_one_name();
  }
}

TEST_F(Goals, GoalTwoAFailingTakeoverNeverInterruptsTheOldNode) {  // AC-44, WK-2
  start_all();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + 1s));
  const std::uint64_t before = book.only(kDistro)->number;
  Caller& caller = keep_calling(two());
  book.manner(kDistro, "one@one"_atom) = {.delay = 500ms, .fails = true};
  one().restart();
  world.run_for(20s);
  EXPECT_TRUE(runs_on("three")) << where();
  EXPECT_EQ(book.only(kDistro)->number, before);
  EXPECT_EQ(caller.failures, 0u);
  EXPECT_GT(caller.answers, 1000u);
  EXPECT_GE(three().logged("could not take distro over"), 1u);
  caller.ends = true;
  // When what was wrong is mended, the operator may ask again.
  book.manner(kDistro, "one@one"_atom) = {};
  EXPECT_EQ(told(one(), [] { return take_over(kDistro); }), ":ok");
  EXPECT_TRUE(comes_to("one", 1s)) << where();
  expect_one_name();
}

TEST_F(Goals, GoalThreeAfterAFailingTargetTheNextNodeRunsWithinOneMoreWait) {  // AC-37, WK-2
  start_all();
  book.manner(kDistro, "three@three"_atom).fails = true;
  const TimePoint crashed = world.now();
  one().crash();
  ASSERT_TRUE(comes_to("two", 2 * kWait + 1s)) << where();
  EXPECT_GE(world.now() - crashed, kWait);
  EXPECT_LE(world.now() - crashed, 2 * kWait + 500ms);
  expect_one_name();
}

TEST_F(Goals, GoalThreeWhenAllFailTheyTryAgainAndAgain) {  // AC-37, WK-2
  start_all();
  for (const Atom node : {"two@two"_atom, "three@three"_atom}) book.manner(kDistro, node).fails = true;
  one().crash();
  world.run_for(60s);
  EXPECT_EQ(where(), "nowhere");
  book.manner(kDistro, "two@two"_atom).fails = false;
  EXPECT_TRUE(comes_to("two", 60s)) << where();
}

TEST_F(Goals, GoalFourSurvivorsRunWhatWasPermanentAndCrashed) {  // AC-38, AC-49, WK-2
  start_all(configuration(), RestartType::permanent);
  bool ended = false;
  one().post([&ended] {
    (void)await_system_end();
    ended = true;
  });
  for (int i = 0; i < 4; ++i) {  // more than its supervisor takes
    one().run([] {
      if (const auto pid = whereis(name_of(kDistro))) exit(*pid, atoms::kill);
    });
    world.run_for(50ms);
  }
  ASSERT_TRUE(world.run_until([&] { return ended; }, 5s));
  one().crash();  // the program ends with its system
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
  expect_one_name();
}

TEST_F(Goals, GoalFiveASplitThatHealsLeavesOneInstanceAndFailoverGoesOn) {  // AC-58, AC-60, AC-61, GLOBAL-33, WK-1
  start_all();
  const std::uint64_t first = book.only(kDistro)->number;
  world.partition({one()}, {two(), three()});
  ASSERT_TRUE(world.run_until([&] { return book.alive(kDistro).size() == 2; }, kWait + 11s)) << where();
  EXPECT_EQ(ask(one(), kDistro), first);  // each side has its own, and its name
  EXPECT_EQ(ask(two(), kDistro), book.alive(kDistro).back()->number);
  world.run_for(10s);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return all_connected(); }, 60s));
  const TimePoint healed = world.now();
  ASSERT_TRUE(world.run_until([&] { return book.only(kDistro) != nullptr; }, 5s)) << where();
  EXPECT_LE(world.now() - healed, 1s);
  EXPECT_EQ(book.only(kDistro)->number, first) << "who served for longer stays";
  world.run_for(1s);
  expect_one_name();
  one().crash();
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
  expect_one_name();
}

TEST_F(Goals, GoalSevenOneOfTwoThatAreDownRejoinsTheSurvivorAlone) {  // AC-16, WK-4
  // Method: as strict as the tutorials' configurations: without the others a node is not to begin.
  const KernelConfig strict = parse_config(
                                  "[{kernel, [{distributed, [{distro, 5000, ['one@one', {'two@two', 'three@three'}]}]},"
                                  "{sync_nodes_mandatory, ['one@one', 'two@two', 'three@three']}, {sync_nodes_timeout, 30000}]}].",
                                  "strict.config")
                                  .value()
                                  .kernel;
  start_all(strict);
  one().crash();
  three().crash();
  ASSERT_TRUE(comes_to("two", kWait + 1s)) << where();
  three().restart();
  EXPECT_TRUE(world.run_until([&] { return three().has_begun(); }, 3s));
  EXPECT_TRUE(runs_on("two")) << where();
  expect_one_name();
  two().crash();
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
}

TEST_F(Goals, GoalSevenWithoutASurvivorAStrictNodeDoesNotBegin) {  // AC-14
  const KernelConfig strict = parse_config(
                                  "[{kernel, [{distributed, [{distro, 5000, ['one@one', {'two@two', 'three@three'}]}]},"
                                  "{sync_nodes_mandatory, ['two@two', 'three@three']}, {sync_nodes_timeout, 8000}]}].",
                                  "strict.config")
                                  .value()
                                  .kernel;
  start("one", strict);
  start("two", strict);  // itself is not waited for
  world.run_for(7s);
  EXPECT_FALSE(one().has_begun());
  world.run_for(2s);
  EXPECT_FALSE(one().has_begun());
  EXPECT_EQ(where(), "nowhere");
  EXPECT_EQ(one().logged("mandatory nodes are missing after 8 s: three@three"), 1u);
}

TEST_F(Goals, GoalEightADisconnectLeavesTheThirdWithBoth) {  // GLOBAL-30, WK-5
  // Method: nodes that list nobody, so that nothing connects the two again.
  for (const char* name : {"a", "b", "c"}) world.start({.name = name});
  auto& a = world.node("a");
  auto& b = world.node("b");
  auto& c = world.node("c");
  const auto connect = [](SimulatedNode& from, SimulatedNode& to) {
    return from.eval([&] { return connect_node(to.atom()).has_value(); });
  };
  ASSERT_TRUE(connect(b, a) && connect(c, a));
  ASSERT_TRUE(world.run_until([&] { return c.eval([] { return nodes().size(); }) == 2; }));
  world.run_for(1s);
  b.run([&] { EXPECT_TRUE(disconnect_node(a.atom())); });
  world.run_for(30s);
  EXPECT_EQ(c.eval([] { return nodes(); }), (std::vector{a.atom(), b.atom()}));
  EXPECT_EQ(a.eval([] { return nodes(); }), std::vector{c.atom()});
  EXPECT_EQ(b.eval([] { return nodes(); }), std::vector{c.atom()});
}

TEST_F(Goals, GoalTenANameOfAPeerIsFoundByTheFirstLookUpAfterItsNodeup) {  // GLOBAL-22, WK-3
  // Method: many worlds, so that the orders in which nodeup and names arrive differ.
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    testing::World other({.seed = testing::seed() * 100 + seed});
    auto& a = other.start({.name = "a"});
    auto& b = other.start({.name = "b"});
    b.run([] {
      (void)spawn([] {
        EXPECT_TRUE(register_name(global("weather"), self()));
        (void)receive_any();
      });
    });
    std::optional<bool> found;
    a.post([&found] {
      monitor_nodes(true);
      (void)receive_any();
      found = whereis(global("weather")).has_value();
    });
    other.run_for(10ms);
    a.post([&b] { (void)connect_node(b.atom()); });
    ASSERT_TRUE(other.run_until([&] { return found.has_value(); }, 5s));
    EXPECT_TRUE(*found) << "seed " << other.seed();
  }
}

TEST_F(Goals, GoalElevenAPlannedStopLeavesNoGap) {  // AC-36, WK-18
  start_all();
  Caller& caller = keep_calling(two());
  world.run_for(1s);
  EXPECT_TRUE(one().eval([] { return hand_over(); }));
  EXPECT_TRUE(runs_on("three")) << where();
  EXPECT_TRUE(book.only(kDistro)->type.is_takeover());
  one().stop();
  world.run_for(1s);
  caller.ends = true;
  EXPECT_LT(caller.gap, 50ms);
  EXPECT_GT(caller.answers, 500u);
  const Instance& old = book.instances[0];
  EXPECT_LT(book.only(kDistro)->began, *old.ended) << "the new one is there before the old one goes";
  expect_one_name();
}

}  // namespace
}  // namespace pulpo::failover
