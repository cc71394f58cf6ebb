// SPDX-License-Identifier: Apache-2.0
//
// Applications of mode `consistent`: two nodes never serve one at the same time, and none serves without a majority of its nodes (WK-1).
#include "consistent_fixture.hpp"

namespace pulpo::failover {
namespace {

TEST_F(Consistent, GoalSixAFrozenOwnerServesNobodyOnceItsTimeIsOver) {  // WK-1
  // Method: a process on `one` has the server's pid, asks it without a pause, and notes which instance answered when. The node is frozen
  // for longer than the others wait. Whatever it does first when it goes on, it answers no more.
  begin();
  struct Answers {
    std::size_t before = 0, after = 0, refused = 0;
    bool ends = false;
  } answers;
  const TimePoint frozen = world.now() + 1s;
  one().post([&] {
    const Pid server = *whereis(name_of(kDistro));
    while (!answers.ends) {
      const auto answer = try_call(Address(server), to_term(Who{}), {.timeout = 10s});
      ++(!answer ? answers.refused : now() < frozen + kLease ? answers.before : answers.after);
      sleep(1ms);
    }
  });
  world.run_until([&] { return world.now() >= frozen; });
  one().stall(30s);
  ASSERT_TRUE(world.run_until([&] { return book.alive(kDistro).size() == 2; }, 25s)) << where();
  EXPECT_EQ(ask(two(), kDistro), 2u);
  ASSERT_TRUE(world.run_until([&] { return answers.refused > 10; }, 30s));
  answers.ends = true;
  EXPECT_GT(answers.before, 500u);
  EXPECT_EQ(answers.after, 0u);
  world.run_for(10s);
  EXPECT_NE(book.only(kDistro), nullptr) << where();
}

TEST_F(Consistent, OneThatIsCutOffEndsBeforeAnotherBegins) {  // WK-1, AC-58
  begin("0");
  const std::uint64_t first = epoch_from(two());
  EXPECT_GT(first, 0u);
  world.partition({one()}, {two(), three()});
  ASSERT_TRUE(world.run_until([&] { return book.instances.size() == 2; }, 30s));
  EXPECT_TRUE(book.instances[0].ended) << "the old one has stopped";
  EXPECT_EQ(one().logged("no majority of distro's 3 nodes has let it go on: it stops here"), 1u);
  world.run_for(1s);
  EXPECT_GT(epoch_from(two()), first);
  EXPECT_EQ(ask(one(), kDistro), std::nullopt);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return all_connected(); }, 60s));
  world.run_for(40s);  // one has the highest priority, and takes it back when it has not moved for a while
  EXPECT_TRUE(runs_on("one")) << where();
  expect_one_name();
}

TEST_F(Consistent, AMinorityDoesNotServe) {  // WK-1
  begin("0");
  two().crash();
  three().crash();
  const TimePoint crashed = world.now();
  ASSERT_TRUE(world.run_until([&] { return book.alive(kDistro).empty(); }, 10s)) << where();
  EXPECT_LE(world.now() - crashed, kLease);
  world.run_for(60s);
  EXPECT_EQ(where(), "nowhere");
  EXPECT_EQ(one().logged("distro needs 2 of its 3 nodes to run, and fewer are here: it waits for them"), 1u);
  two().restart();
  EXPECT_TRUE(comes_to("one", 10s)) << where();
  expect_one_name();
}

TEST_F(Consistent, ANodeThatBootsAloneBeginsAndWaits) {  // WK-1
  // It has applications that need no majority; and whoever starts it must not wait for ever.
  start("one", consistent());
  EXPECT_TRUE(world.run_until([&] { return one().has_begun(); }, 10s));
  EXPECT_EQ(where(), "nowhere");
  start("two", consistent());
  EXPECT_TRUE(comes_to("one", 20s)) << where();
}

TEST_F(Consistent, ANodeThatHasJustStartedPromisesNothingForALease) {  // WK-1
  // Method: `one` serves by the promises of two nodes that lose their memory at once, and are back before its time is over.
  begin("0");
  world.partition({one()}, {two(), three()});
  const TimePoint cut = world.now();
  for (SimulatedNode* node : {&two(), &three()}) node->crash();
  for (SimulatedNode* node : {&two(), &three()}) node->restart();
  ASSERT_TRUE(world.run_until([&] { return book.instances.size() == 2; }, 30s));  // check_always() looks on
  EXPECT_GE(world.now() - cut, kLease * 9 / 10);
  EXPECT_NE(book.only(kDistro), nullptr) << where();
}

TEST_F(Consistent, ALeaseThatIsGivenBackIsNotWaitedFor) {  // WK-1, AC-36
  // Method: the node stops in order, with a wait of 0; then the same with a crash, after which its promises have to run out.
  begin("0");
  const TimePoint stopped = world.now();
  one().stop();
  ASSERT_TRUE(comes_to("three", 10s)) << where();
  EXPECT_LT(world.now() - stopped, 100ms);
  const std::uint64_t before = epoch_from(two());
  world.run_for(5s);
  one().restart();
  ASSERT_TRUE(comes_to("one", 10s)) << where();
  world.run_for(5s);
  const TimePoint crashed = world.now();
  one().crash();
  ASSERT_TRUE(comes_to("three", 10s)) << where();
  EXPECT_GT(world.now() - crashed, kLease / 2);
  EXPECT_LT(world.now() - crashed, kLease * 11 / 10);
  EXPECT_GT(epoch_from(two()), before);
}

TEST_F(Consistent, ATakeoverHandsTheLeaseOn) {  // WK-1, AC-39
  // Method: `one` comes back and takes it over; a client asks all the time, and which instance answers must never go back.
  begin();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + kLease)) << where();
  Caller& caller = keep_calling(two());
  std::vector<std::uint64_t> epochs;
  bool ends = false;
  two().post([&] {
    while (!ends) {
      std::uint64_t epoch = 0;
      if (try_call(name_of(kDistro), Who{}, {.timeout = 1s, .epoch = &epoch})) epochs.push_back(epoch);
      sleep(1ms);
    }
  });
  book.manner(kDistro, "one@one"_atom).delay = 3s;
  one().restart();
  ASSERT_TRUE(comes_to("one", 20s)) << where();
  world.run_for(5s);
  caller.ends = ends = true;
  EXPECT_LT(caller.gap, 50ms);
  EXPECT_TRUE(std::is_sorted(epochs.begin(), epochs.end()));
  EXPECT_LT(epochs.front(), epochs.back());
  expect_one_name();
}

TEST_F(Consistent, WhoStartsBesideAnotherServesOnlyItself) {  // WK-1
  // Method: the start of a takeover takes its time when the new server is there already. It answers a process of its own application, and
  // no stranger who has found it.
  has_phases = true;
  begin();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + kLease)) << where();
  std::optional<bool> answers_itself;
  book.manner(kDistro, "one@one"_atom).in_phase = [&] {
    answers_itself = try_call(Address(book.instances.back().pid), to_term(Who{})).has_value();
    sleep(3s);
  };
  one().restart();
  ASSERT_TRUE(world.run_until([&] { return answers_itself.has_value(); }, 20s));
  EXPECT_TRUE(*answers_itself);
  const auto asked = one().eval([&] { return try_call(Address(book.instances.back().pid), to_term(Who{})); });
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, Errc::noproc);
  EXPECT_EQ(ask(one(), kDistro), book.alive(kDistro).front()->number) << "the name is that of the old one";
  ASSERT_TRUE(comes_to("one", 20s)) << where();
  expect_one_name();
}

TEST_F(Consistent, OneThatCannotBeTakenOverForWantOfAMajorityGoesOn) {  // WK-1, AC-42
  begin();
  one().crash();
  ASSERT_TRUE(comes_to("three", kWait + kLease)) << where();
  world.run_for(1s);
  two().crash();
  ASSERT_TRUE(world.run_until([&] { return book.alive(kDistro).empty(); }, 10s));
  EXPECT_EQ(told(three(), [] { return take_over(kDistro); }), "{:error, {:not_running_distributed, :distro}}");
}

TEST_F(Consistent, AControllerThatIsStartedAgainGoesOnServing) {  // WK-1
  begin();
  const std::uint64_t number = book.only(kDistro)->number;
  Caller& caller = keep_calling(two());
  for (int i = 0; i < 3; ++i) {
    one().run([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
    world.run_for(5s);
  }
  caller.ends = true;
  EXPECT_EQ(book.only(kDistro)->number, number);
  EXPECT_EQ(caller.failures, 0u);
  EXPECT_EQ(serving(), 1u);
}

TEST_F(Consistent, NodesThatDisagreeOnTheModeSaySo) {  // AC-6
  start("one", consistent());
  start("two", configuration());
  world.run_for(10s);
  EXPECT_EQ(one().logged("Distribution mismatch for application \":distro\" on nodes :one@one and :two@two"), 1u);
  EXPECT_EQ(two().logged("Distribution mismatch for application \":distro\" on nodes :two@two and :one@one"), 1u);
}

}  // namespace
}  // namespace pulpo::failover
