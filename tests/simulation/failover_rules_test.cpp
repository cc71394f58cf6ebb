// SPDX-License-Identifier: Apache-2.0
//
// Distributed applications, rule by rule: who runs what, how it begins there, and what operators may do. Rules of the chapter AC.
#include "failover_fixture.hpp"

namespace pulpo::failover {
namespace {

class Rules : public Failover {
 protected:
  std::string type_of_only() {
    const Instance* const only = book.only(kDistro);
    return only == nullptr ? "there are others: " + where() : to_term(only->type).text();
  }
};

TEST_F(Rules, OfNodesOfOnePriorityTheSmallestNameRunsIt) {  // AC-21, AC-22, AC-30, AC-31, AC-32, AC-33, ST-15
  start_all();
  const TimePoint crashed = world.now();
  one().crash();
  world.run_for(kWait - 100ms);
  EXPECT_EQ(where(), "nowhere");
  EXPECT_FALSE(ask(two(), kDistro)) << "nobody has the name meanwhile";
  ASSERT_TRUE(comes_to("three", 1s)) << where();
  EXPECT_GE(world.now() - crashed, kWait);
  EXPECT_LE(world.now() - crashed, kWait + 100ms);
  expect_one_name();
}

TEST_F(Rules, OfNodesOfOnePriorityTheOneThatRunsLessRunsIt) {  // AC-22, ST-21
  for (const char* name : {"one", "two"}) start(name);
  world.start(
      {.name = "three", .applications = {Application{.name = "more", .start = {}}, application(book, kDistro)}, .kernel = configuration()});
  ASSERT_TRUE(world.run_until([&] { return runs_on("one") && three().has_begun(); }, 20s));
  world.run_for(100ms);
  one().crash();
  EXPECT_TRUE(comes_to("two", kWait + 1s)) << where();
}

TEST_F(Rules, AnInstanceIsToldWhyItStarts) {  // AC-27, AC-40, ST-12, ST-18
  start_all();
  EXPECT_EQ(type_of_only(), ":normal");
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + 1s)) << where();
  EXPECT_EQ(type_of_only(), ":normal") << "without start phases nobody hears of a failover";
  one().restart();
  ASSERT_TRUE(comes_to("one", 2s)) << where();
  EXPECT_EQ(type_of_only(), "{:takeover, :three@three}");
}

TEST_F(Rules, AnApplicationWithStartPhasesIsToldOfAFailover) {  // AC-27, AC-28
  has_phases = true;
  start_all();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + 1s)) << where();
  EXPECT_EQ(type_of_only(), "{:failover, :one@one}");
}

TEST_F(Rules, TheWaitIsThatOfTheSurvivor) {  // AC-7
  start("one", configuration("", "1000"));
  start("two", configuration("", "7000"));
  ASSERT_TRUE(world.run_until([&] { return runs_on("one") && two().has_begun(); }, 20s));
  const TimePoint crashed = world.now();
  one().crash();
  ASSERT_TRUE(comes_to("two", 10s)) << where();
  EXPECT_GE(world.now() - crashed, 7s);
}

TEST_F(Rules, AnInfiniteWaitIsForEver) {  // AC-7
  start_all(configuration("", "infinity"));
  one().crash();
  world.run_for(600s);
  EXPECT_EQ(where(), "nowhere");
}

TEST_F(Rules, ANodeThatIsBackBeforeTheWaitIsOverStartsItItself) {  // AC-34
  start_all();
  one().crash();
  world.run_for(kWait / 2);
  const TimePoint back = world.now();
  one().restart();
  ASSERT_TRUE(comes_to("one", 2s)) << where();
  EXPECT_LT(world.now() - back, 1s);
  EXPECT_EQ(type_of_only(), ":normal");
  world.run_for(kWait * 2);
  EXPECT_TRUE(runs_on("one")) << where();
  EXPECT_EQ(book.instances.size(), 2u) << "nothing happens on the survivors";
}

TEST_F(Rules, WhenTheNextTargetIsLostTooTheOneAfterThatStartsAtItsOwnTime) {  // AC-35
  start_all();
  const TimePoint crashed = world.now();
  one().crash();
  world.run_for(kWait / 2);
  three().crash();
  ASSERT_TRUE(comes_to("two", kWait)) << where();
  EXPECT_GE(world.now() - crashed, kWait);
  EXPECT_LE(world.now() - crashed, kWait + 100ms) << "the wait does not begin anew";
}

TEST_F(Rules, NodesOfTheSameOrLowerPriorityThatComeDisturbNobody) {  // AC-24, AC-39
  start("two");
  ASSERT_TRUE(comes_to("two", 5s)) << where();
  start("three");
  ASSERT_TRUE(world.run_until([&] { return three().has_begun(); }, 5s));
  world.run_for(60s);
  EXPECT_TRUE(runs_on("two")) << where();
  EXPECT_EQ(book.instances.size(), 1u);
}

TEST_F(Rules, ATakeoverSaysWhyNot) {  // AC-40, AC-42
  start_all();
  const auto take = [] { return take_over(kDistro); };
  EXPECT_EQ(told(one(), take), "{:error, {:already_running_locally, :distro}}");
  EXPECT_EQ(told(one(), [] { return take_over("other"); }), "{:error, {:not_running_distributed, :other}}");
  EXPECT_EQ(told(two(), take), ":ok");
  EXPECT_TRUE(comes_to("two", 1s)) << where();
  expect_one_name();
  two().crash();
  EXPECT_EQ(told(three(), take), "{:error, {:not_running_distributed, :distro}}");
}

TEST_F(Rules, WhatWasTakenByHandStaysUntilItsNodeIsLost) {  // AC-43
  start_all();
  EXPECT_EQ(told(two(), [] { return take_over(kDistro); }), ":ok");
  world.run_for(120s);
  ASSERT_TRUE(runs_on("two")) << where();
  two().crash();
  EXPECT_TRUE(comes_to("one", kWait + 1s)) << where();
  two().restart();
  world.run_for(120s);
  EXPECT_TRUE(runs_on("one")) << where();
}

TEST_F(Rules, AStopIsForAllNodesUntilSomebodyStartsIt) {  // AC-46, AC-47
  start_all();
  const auto stop = [] { return to_term(stop_application("distro"_atom)); };
  EXPECT_EQ(told(one(), stop), ":ok");
  world.run_for(60s);
  EXPECT_EQ(where(), "nowhere") << "no other node takes over";
  EXPECT_EQ(told(one(), stop), "{:error, {:not_started, :distro}}");
  one().run([] { EXPECT_TRUE(start_application("distro"_atom)); });
  EXPECT_TRUE(comes_to("one", 5s)) << where();
  expect_one_name();
  // Where it does not run, only the mark goes.
  EXPECT_EQ(told(two(), stop), ":ok");
  EXPECT_TRUE(runs_on("one")) << where();
}

TEST_F(Rules, AStartThatIsAskedForWhileItMovesAwayIsAnswered) {  // AC-20
  Application slow = application(book, kDistro);
  slow.prep_stop = [] { sleep(500ms); };
  world.start({.name = "one", .applications = {std::move(slow)}, .kernel = configuration()});
  start("two");
  ASSERT_TRUE(world.run_until([&] { return runs_on("one") && two().has_begun(); }, 10s));
  EXPECT_EQ(told(two(), [] { return take_over(kDistro); }), ":ok");
  world.run_for(100ms);
  ASSERT_EQ(book.alive(kDistro).size(), 2u) << "the old one is stopping";
  EXPECT_EQ(told(one(), [] { return to_term(start_application("distro"_atom)); }), "{:error, {:already_started, :distro}}");
  EXPECT_TRUE(runs_on("two")) << where();
}

TEST_F(Rules, APermissionMovesIt) {  // AC-8, AC-40, AC-52
  start_all();
  EXPECT_EQ(told(one(), [] { return permit(kDistro, false); }), ":ok");
  EXPECT_TRUE(runs_on("three")) << where() << ": it has moved when the call returns";
  expect_one_name();
  EXPECT_EQ(told(one(), [] { return permit(kDistro, true); }), ":ok");
  EXPECT_TRUE(comes_to("one", 2s)) << where();
  EXPECT_EQ(type_of_only(), "{:takeover, :three@three}");
  EXPECT_EQ(told(one(), [] { return permit("other", false); }), "{:error, {:not_loaded, :other}}");
}

TEST_F(Rules, ANodeThatMayNotFromTheStartTakesItWhenItMay) {  // AC-8, AC-52
  start("one", configuration(", {permissions, [{distro, false}]}"));
  start("two");
  start("three");
  ASSERT_TRUE(world.run_until([&] { return one().has_begun() && two().has_begun() && three().has_begun(); }, 10s));
  EXPECT_TRUE(runs_on("three")) << where();
  EXPECT_EQ(told(one(), [] { return permit(kDistro, true); }), ":ok");
  EXPECT_TRUE(comes_to("one", 2s)) << where();
}

TEST_F(Rules, NodesWhoseListsDifferSayWhich) {  // AC-6
  start("one");
  KernelConfig other = configuration();
  other.distributed[0].nodes = {{"two@two"_atom}, {"one@one"_atom}};
  start("two", other);
  world.run_for(5s);
  EXPECT_EQ(two().logged("Distribution mismatch for application \":distro\" on nodes :two@two and :one@one"), 1u);
}

TEST_F(Rules, OneLostLinkStartsNoOtherInstance) {  // AC-59, GLOBAL-30, WK-5
  // Method: nothing passes between `one` and each of the others in turn, for so long that both sides notice and the wait is over.
  start_all();
  for (const char* name : {"two", "three"}) {
    world.partition({one()}, {world.node(name)});
    ASSERT_TRUE(world.run_until([&] { return one().eval([] { return nodes().size(); }) == 1; }, 60s));
    world.run_for(kWait * 12);
    EXPECT_TRUE(runs_on("one")) << where();
    EXPECT_EQ(one().eval([] { return nodes().size(); }), 1u) << "it has kept the other one";
    world.heal();
    ASSERT_TRUE(world.run_until([&] { return all_connected(); }, 60s));
  }
  EXPECT_EQ(book.instances.size(), 1u) << "in between nobody began either";
  expect_one_name();
}

TEST_F(Rules, WhatIsDistributedIsReadWhenTheNodeStarts) {  // AC-54
  start_all();
  three().run([] {
    put_env("kernel"_atom, "distributed", Term::empty_list());
    put_env("kernel"_atom, "permissions", Term::list({Term::tuple({"distro"_atom, atoms::false_})}));
  });
  one().crash();
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
}

TEST_F(Rules, AfterAHealNothingMovesForHalfAMinute) {  // AC-60, WK-1
  // Method: `one` comes back without hearing the others; `three` has served for longer, and stays until things have been calm.
  start_all();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + 1s)) << where();
  const TimePoint began = book.only(kDistro)->began;
  world.partition({one()}, {two(), three()});
  one().restart();
  ASSERT_TRUE(world.run_until([&] { return book.alive(kDistro).size() == 2; }, 10s)) << where();
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return all_connected(); }, 60s));
  ASSERT_TRUE(comes_to("three", 1s)) << where();
  ASSERT_TRUE(comes_to("one", 60s)) << where();
  EXPECT_GE(book.only(kDistro)->began - began, 30s);
  expect_one_name();
}

}  // namespace
}  // namespace pulpo::failover
