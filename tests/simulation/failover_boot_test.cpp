// SPDX-License-Identifier: Apache-2.0
//
// Distributed applications while nodes boot and meet: who waits for whom, and what they know of each other from then on. Rules of the
// chapter AC, its part 3 and the begin of its part 4.
#include "failover_fixture.hpp"
#include "pulpo/net/nodes.hpp"

namespace pulpo::failover {
namespace {

class Boot : public Failover {
 protected:
  static constexpr auto kOthers = "'one@one', 'two@two', 'three@three'";  // a node does not wait for itself
  static KernelConfig waiting_for(const std::string& mandatory, const std::string& optional, int milliseconds) {
    const std::string text = fmt::format(
        "[{{kernel, [{{distributed, [{{distro, 5000, ['one@one', {{'two@two', 'three@three'}}]}}]}},\n"
        "  {{sync_nodes_mandatory, [{}]}}, {{sync_nodes_optional, [{}]}}, {{sync_nodes_timeout, {}}}]}}].\n",
        mandatory, optional, milliseconds);
    return parse_config(text, "distro.config").value().kernel;
  }
};

TEST_F(Boot, ANodeThatWaitsAnswersAndStartsNothingUntilTheLastIsThere) {  // AC-10, AC-13
  const KernelConfig strict = waiting_for(kOthers, "", 30'000);
  start("one", strict);
  start("two", strict);
  world.run_for(8s);
  EXPECT_TRUE(two().eval([] { return ping_node("one@one"_atom); }));
  EXPECT_FALSE(one().has_begun() || two().has_begun());
  EXPECT_TRUE(one().eval([] { return which_applications().value().empty(); }));
  EXPECT_EQ(where(), "nowhere");
  const TimePoint last = world.now();
  start("three", strict);
  ASSERT_TRUE(world.run_until([&] { return one().has_begun() && two().has_begun() && three().has_begun(); }, 5s));
  EXPECT_LE(world.now() - last, 500ms) << "nobody waits for the rest of the time";
  EXPECT_TRUE(runs_on("one")) << where();
}

TEST_F(Boot, ANodeThatCameIsNotWaitedForAgainWhenItGoes) {  // AC-11
  const KernelConfig strict = waiting_for(kOthers, "", 30'000);
  start("one", strict);
  start("two", strict);
  world.run_for(1s);
  two().crash();
  world.run_for(1s);
  EXPECT_FALSE(one().has_begun());
  start("three", strict);
  EXPECT_TRUE(world.run_until([&] { return one().has_begun(); }, 5s));
  EXPECT_TRUE(comes_to("one", 5s)) << where();
}

TEST_F(Boot, OptionalNodesAreWaitedForUntilTheTimeIsOverAndNoLonger) {  // AC-12
  const KernelConfig lenient = waiting_for("'one@one', 'two@two'", "'three@three'", 8000);
  const TimePoint began = world.now();
  start("one", lenient);
  start("two", lenient);
  world.run_for(began + 8s - 10ms - world.now());
  EXPECT_FALSE(one().has_begun() || two().has_begun());
  ASSERT_TRUE(comes_to("one", 200ms)) << where();
  EXPECT_EQ(one().logged("nodes are missing"), 0u);
}

TEST_F(Boot, ANodeThatWaitsJoinsOneThatBeginsLater) {  // AC-14, AC-16
  // Method: `three` never comes. `one` may begin without it, after 6 s; `two`, which it has met long before, may not.
  start("one", waiting_for("'two@two'", "'three@three'", 6000));
  start("two", waiting_for(kOthers, "", 30'000));
  world.run_for(5900ms);
  ASSERT_TRUE(two().eval([] { return ping_node("one@one"_atom); }));
  EXPECT_FALSE(one().has_begun() || two().has_begun());
  ASSERT_TRUE(comes_to("one", 300ms)) << where();
  EXPECT_TRUE(world.run_until([&] { return two().has_begun(); }, 1100ms)) << "it asks once a second";
  world.run_for(30s);
  EXPECT_TRUE(two().is_up());
  EXPECT_EQ(two().logged("nodes are missing"), 0u);
  EXPECT_TRUE(runs_on("one")) << where();
}

TEST_F(Boot, ANodeThatWaitsAsksAgainWhenNobodyHasAnswered) {  // AC-16
  // Method: `one` runs it alone, and its controller is not to be found while `two` meets it, as when it is being restarted.
  start("one");
  ASSERT_TRUE(comes_to("one", 10s)) << where();
  const Pid controller = one().eval([] { return *whereis("dist_ac"_atom); });
  one().run([] { EXPECT_TRUE(unregister_name("dist_ac"_atom)); });
  start("two", waiting_for(kOthers, "", 30'000));
  world.run_for(3s);
  ASSERT_TRUE(two().eval([] { return nodes().size() == 1; }));
  EXPECT_FALSE(two().has_begun());
  one().run([&] { exit(controller, atoms::kill); });
  EXPECT_TRUE(world.run_until([&] { return two().has_begun(); }, 1500ms)) << "another one is there";
  EXPECT_TRUE(runs_on("one")) << where();
}

TEST_F(Boot, ANodeThatWaitsForNodesThatWaitAsWellEndsAfterItsTime) {  // AC-14, AC-15
  // Method: `one` and `two` ask each other all the time, and neither has begun.
  start("one", waiting_for(kOthers, "", 4000));
  world.run_for(2s);
  start("two", waiting_for(kOthers, "", 4000));
  ASSERT_TRUE(world.run_until([&] { return one().logged("mandatory nodes are missing after 4 s: three@three; ") == 1; }, 2500ms));
  EXPECT_EQ(two().logged("nodes are missing"), 0u);
  EXPECT_TRUE(world.run_until([&] { return two().logged("mandatory nodes are missing after 4 s: three@three; ") == 1; }, 2500ms));
  EXPECT_FALSE(one().has_begun() || two().has_begun());
  EXPECT_EQ(where(), "nowhere");
}

TEST_F(Boot, NodesThatBootAtOnceStartItOnce) {  // AC-17
  // Method: many worlds, in which the three greet each other in other orders; without a lock, where OTP takes one.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Book pages;
    testing::World other({.seed = testing::seed() * 100 + seed});
    const auto begun = [&](const char* name) { return other.node(name).has_begun(); };
    for (const char* name : {"two", "three", "one"}) {
      other.start({.name = name, .applications = {application(pages, kDistro)}, .kernel = waiting_for("", kOthers, 3000)});
    }
    ASSERT_TRUE(other.run_until([&] { return begun("one") && begun("two") && begun("three"); }, 20s)) << "seed " << other.seed();
    other.run_for(60s);
    // One that begins later takes it over, and starts none beside it.
    const auto starts =
        std::count_if(pages.instances.begin(), pages.instances.end(), [](const Instance& each) { return !each.type.is_takeover(); });
    EXPECT_EQ(starts, 1) << "seed " << other.seed() << "\n" << other.trace();
    ASSERT_NE(pages.only(kDistro), nullptr) << "seed " << other.seed();
    EXPECT_EQ(pages.only(kDistro)->node, "one@one"_atom) << "seed " << other.seed();
  }
}

TEST_F(Boot, ANodeThatIsMetAfterItsBootKnowsWhatRunsAndIsReckonedWith) {  // AC-18, WK-4
  // Method: `three` boots where nobody hears it, and may run nothing at first, so that it does not begin an instance of its own.
  start("one");
  start("two");
  ASSERT_TRUE(comes_to("one", 10s)) << where();
  // Its host is there, and cut off, before it is.
  start("three").crash();
  world.partition({three()}, {one(), two()});
  three().restart();
  EXPECT_EQ(told(three(), [] { return permit(kDistro, false); }), ":ok");
  world.run_for(20s);
  ASSERT_TRUE(three().has_begun());
  ASSERT_TRUE(three().eval([] { return nodes().empty(); }));
  EXPECT_EQ(runner_known_to(three(), kDistro), std::nullopt);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return all_connected(); }, 60s));
  world.run_for(1s);
  EXPECT_EQ(runner_known_to(three(), kDistro), one().atom());
  EXPECT_EQ(told(three(), [] { return permit(kDistro, true); }), ":ok");
  EXPECT_TRUE(runs_on("one")) << where();
  one().crash();
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
  expect_one_name();
}

TEST_F(Boot, NodesThatAreListedMeetAndWhoHasNotLoadedItIsPassedOver) {  // AC-19, AC-24
  // Method: nobody waits for anybody; `three`, which would win by its name, has the configuration and not the application.
  const KernelConfig kernel =
      parse_config("[{kernel, [{distributed, [{distro, 5000, ['one@one', {'two@two', 'three@three'}]}]}]}].", "list.config").value().kernel;
  start("one", kernel);
  start("two", kernel);
  world.start({.name = "three", .kernel = kernel});
  ASSERT_TRUE(world.run_until([&] { return all_connected() && one().has_begun() && two().has_begun(); }, 10s));
  // Both may have begun before they met (AC-61).
  ASSERT_TRUE(comes_to("one", 1s)) << where();
  one().crash();
  ASSERT_TRUE(comes_to("two", kWait + 1s)) << where();
  three().run([&] {
    EXPECT_TRUE(load_application(application(book, kDistro)));
    EXPECT_TRUE(start_application(Atom(kDistro)));
  });
  world.run_for(1s);
  ASSERT_TRUE(runs_on("two")) << where();
  two().crash();
  EXPECT_TRUE(comes_to("three", kWait + 1s)) << where();
}

TEST_F(Boot, WhatAStartCameToIsKnownEverywhere) {  // AC-25
  start_all();
  for (SimulatedNode* node : alive()) EXPECT_EQ(runner_known_to(*node, kDistro), one().atom()) << "asked on " << node->name();
  EXPECT_EQ(told(two(), [] { return to_term(start_application("distro"_atom)); }), "{:error, {:already_started, :distro}}");
  for (const char* name : {"two", "three"}) book.manner(kDistro, world.node(name).atom()).fails = true;
  one().crash();
  world.run_for(3 * kWait);
  EXPECT_GE(two().logged("Application distro did not start here"), 1u);
  EXPECT_GE(three().logged("Application distro did not start here"), 1u);
  // OTP's controllers take it for started where its start has failed (AC-44).
  for (SimulatedNode* node : alive()) EXPECT_EQ(runner_known_to(*node, kDistro), std::nullopt) << "asked on " << node->name();
}

}  // namespace
}  // namespace pulpo::failover
