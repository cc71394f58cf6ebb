// SPDX-License-Identifier: Apache-2.0
//
// Mode `consistent` when something happens between two steps: the controller of a node ends, an operator stops or forbids it, a node goes,
// just then.
#include "consistent_fixture.hpp"

namespace pulpo::failover {
namespace {

TEST_F(Consistent, AnOperatorsStopGivesTheLeaseBack) {  // WK-1, AC-46
  begin("0");
  one().run([] { EXPECT_TRUE(stop_application(Atom(kDistro))); });
  world.run_for(1s);
  EXPECT_EQ(where(), "nowhere");
  EXPECT_EQ(serving(), 0u);
  const TimePoint started = world.now();
  one().post([] { (void)start_application(Atom(kDistro)); });
  EXPECT_TRUE(comes_to("one", 5s)) << where();
  EXPECT_LT(world.now() - started, 500ms);
  one().run([] { EXPECT_TRUE(stop_application(Atom(kDistro))); });
  world.run_for(10ms);  // others have heard of it
  for (SimulatedNode* node : {&two(), &three()}) node->run([] { (void)stop_application(Atom(kDistro)); });
  two().post([] { (void)start_application(Atom(kDistro)); });
  EXPECT_TRUE(comes_to("two", 10s)) << where();
}

TEST_F(Consistent, WhatIsForbiddenWhileItAsksForALeaseDoesNotStart) {  // WK-1, AC-52
  // Method: `three` is about to start it, and waits for the promise of `two`, which stalls; then nobody may.
  begin("0");
  two().stall(1500ms);
  one().crash();
  ASSERT_TRUE(world.run_until([&] { return three().eval([] { return nodes().size(); }) == 1; }));
  int forbidden = 0;
  for (int i = 0; i < 6 && book.alive(kDistro).empty(); ++i) {
    world.run_for(200ms);
    if (!book.alive(kDistro).empty()) break;
    EXPECT_EQ(told(three(), [] { return permit(kDistro, false); }), ":ok");
    ++forbidden;
    world.run_for(i * 150ms);
    EXPECT_TRUE(
        std::none_of(book.instances.begin(), book.instances.end(), [&](const Instance& each) { return each.node == three().atom(); }));
    EXPECT_EQ(told(three(), [] { return permit(kDistro, true); }), ":ok");
  }
  EXPECT_GT(forbidden, 0);
  EXPECT_TRUE(world.run_until([&] { return runs_on("two") || runs_on("three"); }, 20s)) << where();
}

TEST_F(Consistent, AControllerThatIsStartedAgainDuringAStartRenewsTheLease) {  // WK-1
  book.manner(kDistro, "one@one"_atom).delay = 3s;
  for (const char* name : {"one", "two", "three"}) start(name, consistent("0"));
  ASSERT_TRUE(world.run_until([&] { return right(one()) == Lease::Right::to_all; }, 30s));
  world.run_for(2500ms);
  one().run([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
  world.run_for(60s);
  EXPECT_EQ(serving(), 1u) << where();
  EXPECT_NE(ask(two(), kDistro), std::nullopt);
}

TEST_F(Consistent, AControllerThatIsStartedAgainDoesNotGiveBackWhatWasHandedOn) {  // WK-1
  // Method: `one` takes over from `three`, and serves by what three's lease was left; its own questions reach nobody. The controller of
  // three ends just when it has handed the lease on, and the next one does not know that.
  begin("0");
  one().crash();
  ASSERT_TRUE(comes_to("three", 20s)) << where();
  world.run_for(5s);
  book.manner(kDistro, "one@one"_atom).delay = 3s;
  one().restart();
  ASSERT_TRUE(world.run_until([&] { return one().is_up() && right(one()) == Lease::Right::to_itself; }, 60s));
  world.run_for(2s);
  world.cut(one(), two());
  ASSERT_TRUE(world.run_until([&] { return right(three()) == Lease::Right::ending; }, 10s));
  world.cut(one(), three());
  three().post([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
  ASSERT_TRUE(world.run_until([&] { return right(one()) == Lease::Right::to_all; }, 2s));
  world.partition({one()}, {two(), three()});
  world.drop_connections(one(), two());
  world.drop_connections(one(), three());
  world.run_for(20s);  // check_always() looks on
  EXPECT_EQ(serving(), 1u) << where();
}

TEST_F(Consistent, ASuccessorThatIsLostAfterTheCessionLeavesNobodyServingForALease) {  // WK-1
  begin("0");
  one().crash();
  ASSERT_TRUE(comes_to("three", 20s)) << where();
  world.run_for(5s);
  one().restart();
  ASSERT_TRUE(world.run_until([&] { return right(three()) == Lease::Right::ending; }, 20s));
  one().crash();
  world.run_for(100ms);
  EXPECT_EQ(serving(), 0u) << "nobody knows whether it had begun to serve";
  EXPECT_TRUE(world.run_until([&] { return serving() == 1; }, 10s)) << where();
}

TEST_F(Consistent, AnOperatorMayStopWhatAwaitsTheCession) {  // WK-1, AC-46
  has_phases = true;
  begin("0");
  one().crash();
  ASSERT_TRUE(comes_to("three", 20s)) << where();
  world.run_for(5s);
  bool is_in_phase = false;
  book.manner(kDistro, "one@one"_atom).in_phase = [&] {
    is_in_phase = true;
    sleep(1s);
  };
  one().restart();
  ASSERT_TRUE(world.run_until([&] { return is_in_phase; }, 60s));
  world.run_for(800ms);
  three().stall(2s);
  world.run_for(400ms);
  ASSERT_EQ(right(one()), Lease::Right::to_itself);
  one().run([] { EXPECT_TRUE(stop_application(Atom(kDistro))); });
  book.manner(kDistro, "one@one"_atom).in_phase = nullptr;
  world.run_for(20s);
  one().run([] { EXPECT_TRUE(start_application(Atom(kDistro))); });
  EXPECT_TRUE(world.run_until([&] { return book.only(kDistro) != nullptr && serving() == 1; }, 60s)) << where();
}

TEST_F(Consistent, ANodeBesideOneThatNeverPromisesBeginsAndWaits) {  // WK-1, AC-6
  // Method: the other one does not know the application, or lists other nodes for it.
  KernelConfig foreign = consistent();
  foreign.distributed.front().name = "other"_atom;
  world.start({.name = "two", .applications = {application(book, "other")}, .kernel = foreign});
  KernelConfig longer = consistent();
  longer.distributed.front().nodes = {{"one@one"_atom}, {"two@two"_atom}, {"three@three"_atom}};
  start("three", longer);
  start("one", consistent());
  world.run_for(60s);
  for (SimulatedNode* node : alive()) EXPECT_TRUE(node->has_begun()) << node->name();
  EXPECT_EQ(where(), "nowhere");
}

TEST_F(Consistent, ANodeThatHasHeardOfALaterEpochPromisesNoEarlierOne) {  // WK-1
  // Method: epochs rise between `one` and `two` while `three` is away. Two starts anew, meets one for a moment, and forms a majority with
  // three.
  begin("0");
  world.partition({one(), two()}, {three()});
  ASSERT_TRUE(world.run_until([&] { return three().eval([] { return nodes().empty(); }); }, 200s));
  for (int i = 0; i < 3; ++i) {
    for (SimulatedNode* node : {&two(), &one()}) {
      EXPECT_EQ(told(*node, [] { return take_over(kDistro); }), ":ok");
      world.run_for(1s);
    }
  }
  const std::uint64_t last = epoch_from(one());
  two().crash();
  two().restart();
  ASSERT_TRUE(world.run_until([&] { return two().has_begun(); }, 20s));
  world.heal();
  world.partition({one()}, {two(), three()});
  world.drop_connections(one(), two());
  ASSERT_TRUE(world.run_until([&] { return book.only(kDistro) != nullptr && !runs_on("one"); }, 60s)) << where();
  world.run_for(1s);
  EXPECT_GT(epoch_from(three()), last);
}

TEST_F(Consistent, WhoAsksForATakeoverIsAnsweredThoughItsOwnerDies) {  // AC-42
  begin("0");
  book.manner(kDistro, "two@two"_atom).delay = 3s;
  std::string said;
  two().post([&] { said = take_over(kDistro).text(); });
  world.run_for(1s);
  one().crash();
  ASSERT_TRUE(world.run_until([&] { return !said.empty(); }, 60s)) << where();
  EXPECT_EQ(said, "{:error, {:no_majority, :distro}}");
  EXPECT_TRUE(world.run_until([&] { return serving() == 1; }, 20s)) << where();
}

TEST_F(Consistent, ATakeoverByHandRightAfterABootWaitsUntilItsNodePromises) {  // WK-1, AC-42
  begin();
  two().crash();
  two().restart();
  ASSERT_TRUE(world.run_until([&] { return two().eval([] { return nodes().size(); }) == 2; }, 20s));
  world.run_for(50ms);
  EXPECT_EQ(told(two(), [] { return take_over(kDistro); }), ":ok");
  world.run_for(10s);
  EXPECT_TRUE(runs_on("two")) << where();
  EXPECT_EQ(serving(), 1u);
  EXPECT_EQ(one().logged("let it go on") + two().logged("let it go on"), 0u);
}

TEST_F(Consistent, AnOldInstanceStillServesItselfWhileItEnds) {  // WK-1, AC-56
  std::string own = "nothing", strangers = "nothing";
  const auto asked = [&](std::string& said) {
    const auto answer = try_call(Address(book.instances.front().pid), to_term(Who{}));
    said = answer ? "answered" : answer.error().reason.text();
  };
  Application saves = application(book, kDistro);
  saves.prep_stop = [&] {
    asked(own);
    sleep(1s);
  };
  world.start({.name = "one", .applications = {std::move(saves)}, .kernel = consistent("0")});
  for (const char* name : {"two", "three"}) start(name, consistent("0"));
  ASSERT_TRUE(world.run_until([&] { return one().has_begun() && two().has_begun() && three().has_begun() && runs_on("one"); }, 20s));
  world.run_for(3s);
  EXPECT_EQ(told(two(), [] { return take_over(kDistro); }), ":ok");
  world.run_for(500ms);
  one().run([&] { asked(strangers); });
  EXPECT_EQ(own, "answered");
  EXPECT_EQ(strangers, ":noproc");
}

TEST_F(Failover, APermissionIsTakenAlsoWhenTheNextMayNotEither) {  // AC-52
  // Method: three learns that it may not run it just when it is wished to.
  start_all(configuration("", "0"));
  for (SimulatedNode* node : {&two(), &three(), &one()}) EXPECT_EQ(told(*node, [] { return permit(kDistro, false); }), ":ok");
  EXPECT_EQ(where(), "nowhere");
}

}  // namespace
}  // namespace pulpo::failover
