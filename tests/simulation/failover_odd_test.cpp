// SPDX-License-Identifier: Apache-2.0
//
// The cluster's own processes get what they should not: odd messages, hostile numbers, and the end of one of them.
#include "failover_fixture.hpp"
#include "pulpo/net/global.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/rpc.hpp"

namespace pulpo::failover {
namespace {

TEST_F(Failover, OddMessagesToTheClustersProcessesChangeNothing) {
  start_all();
  two().run([] {
    for (const char* const name : {"global_name_server", "dist_ac"}) {
      const Address server(Atom(name), "one@one"_atom);
      for (const char* const word : {"$names_are_late", "$ask_again", "$promises", "$drained", "$names_taken", "$hand_over_ends",
                                     "$stays_after_all", "$consider"}) {
        for (const Term& second : {Term(1), Term("distro"_atom), Term("text")}) {
          for (const Term& third : {Term(1), Term("distro"_atom), Term::empty_list()})
            send(server, Term::tuple({Atom(word), second, third}));
        }
        send(server, Term(Atom(word)));
      }
      cast(server, Term::tuple({"names"_atom, "one@one"_atom, Term::empty_list(), Term::empty_list()}));
      cast(server, Term::tuple({"status"_atom, 7}));
    }
  });
  world.run_for(10s);
  EXPECT_TRUE(one().is_up());
  EXPECT_TRUE(runs_on("one"));
  expect_one_name();
}

TEST_F(Failover, AControllerThatIsStartedAgainKnowsWhatWasAskedOfIt) {
  start_all();
  // The one that stands by: it is to run the application when the other is lost.
  three().run([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
  two().run([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
  world.run_for(2s);
  one().crash();
  EXPECT_TRUE(world.run_until([&] { return runs_on("two") || runs_on("three"); }, kWait + 5s));
}

TEST_F(Failover, AControllerThatIsStartedAgainGoesOnWithWhatRuns) {
  start_all();
  one().run([] { exit(*whereis("dist_ac"_atom), atoms::kill); });
  world.run_for(kWait + 20s);
  EXPECT_TRUE(runs_on("one") != (runs_on("two") || runs_on("three"))) << "one instance, wherever";
}

TEST_F(Failover, ANodeThatGaveAllAwayAndIsNotStoppedTakesPartAgain) {
  start_all();
  EXPECT_TRUE(
      one().eval([] { return call(Address("dist_ac"_atom), Term("hand_over"_atom), {.timeout = Timeout(20s)}); }).is_atom(atoms::true_));
  ASSERT_FALSE(runs_on("one"));
  world.run_for(60s);
  two().crash();
  three().crash();
  EXPECT_TRUE(world.run_until([&] { return runs_on("one"); }, kWait + 10s));
}

TEST_F(Failover, APermissionThatIsTakenWhileItStartsMovesIt) {  // AC-52
  start_all();
  book.manner(kDistro, "three@three"_atom).delay = 3s;
  one().crash();
  world.run_for(kWait + 1s);
  ASSERT_EQ(where(), "nowhere") << "three is starting it";
  bool is_answered = false;
  three().post([&is_answered] {
    const Term answer =
        call(Address("dist_ac"_atom), Term::tuple({"permit_application"_atom, Atom(kDistro), atoms::false_}), {.timeout = Timeout(20s)});
    is_answered = answer.is_atom(atoms::ok);
  });
  EXPECT_TRUE(comes_to("two", 5s)) << where();
  EXPECT_TRUE(world.run_until([&] { return is_answered; }, 2s));
}

}  // namespace
}  // namespace pulpo::failover
