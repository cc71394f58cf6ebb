// SPDX-License-Identifier: Apache-2.0
//
// Names that are one in the whole cluster, between nodes. Rules of the chapter GLOBAL.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proc/router.hpp"
#include "pulpo/net/global.hpp"
#include "pulpo/net/nodes.hpp"
#include "pulpo/receive.hpp"
#include "pulpo/testing.hpp"

namespace pulpo {
namespace {

using SimNode = testing::Node;

class GlobalNamesTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << "The trace of its world:\n" << world.trace();
  }
  SimNode& start(const std::string& name, std::function<void(NodeOptions&)> configure = {}) {
    return world.start({.name = name, .configure = std::move(configure)});
  }
  void connect(SimNode& from, SimNode& to) {
    ASSERT_TRUE(from.eval([&] { return connect_node(to.atom()).has_value(); }));
    world.run_for(100ms);
  }
  /// A process with that name, which writes down what comes; nothing when it does not get the name.
  std::optional<Pid> own(SimNode& node, const char* name, NameConflict method = NameConflict::keep_longest) {
    std::vector<std::string>& mail = mail_of(node);
    const Pid pid = node.eval([&mail] {
      return spawn([&mail] {
        for (;;) mail.push_back(receive_any()->text());
      });
    });
    if (node.eval([&] { return register_global(Term(Atom(name)), pid, method); })) return pid;
    return std::nullopt;
  }
  std::vector<std::string>& mail_of(const SimNode& node) { return mails[node.name()]; }
  /// The node whose process has it; "" when nobody does.
  std::string owner(SimNode& node, const char* name) {
    return node.eval([&]() -> std::string {
      const auto pid = whereis(global(Term(Atom(name))));
      if (!pid) return "";
      return std::string(pid->is_local() ? runtime().node_name().text() : runtime().router()->name_of(pid->node).text());
    });
  }
  static bool lives(SimNode& node, const Pid& pid) {
    return node.eval([&] { return is_alive(pid); });
  }
  /// a and b each give `name` to one of theirs while they do not hear each other; a is the older one.
  void split_and_meet(SimNode& a, SimNode& b, NameConflict method) {
    a_pid = *own(a, "name", method);
    world.run_for(5s);
    b_pid = *own(b, "name", method);
    connect(b, a);
  }

  std::map<std::string, std::vector<std::string>> mails;
  Pid a_pid{}, b_pid{};
  testing::World world{{.seed = testing::seed()}};
};

TEST_F(GlobalNamesTest, EachNodeKnowsAllNamesWithoutAsking) {  // GLOBAL-1, GLOBAL-2, GLOBAL-4
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  ASSERT_TRUE(own(a, "weather"));
  for (SimNode* node : {&a, &b, &c}) {
    EXPECT_EQ(owner(*node, "weather"), "a@a");
    EXPECT_EQ(node->eval([] { return global_names(); }), std::vector<Term>{Term("weather"_atom)});
    EXPECT_EQ(owner(*node, "other"), "");
  }
  b.run([] { send(global(Term("weather"_atom)), "hello"_atom); });
  EXPECT_TRUE(world.run_until([&] { return mail_of(a) == std::vector<std::string>{":hello"}; }, 1s));
}

TEST_F(GlobalNamesTest, ANameThatALivingProcessHasIsRefused) {  // GLOBAL-2, GLOBAL-3
  auto& a = start("a");
  auto& b = start("b");
  connect(b, a);
  ASSERT_TRUE(own(a, "name"));
  EXPECT_FALSE(own(a, "name"));
  EXPECT_FALSE(own(b, "name"));
  EXPECT_EQ(owner(b, "name"), "a@a");
}

TEST_F(GlobalNamesTest, OfTwoThatAskAtOnceOneGetsIt) {  // GLOBAL-2, WK-9
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  int yes = 0, answers = 0;
  for (SimNode* node : {&a, &b, &c}) {
    node->post([&] {
      yes += register_global(Term("name"_atom), self()) ? 1 : 0;
      ++answers;
      (void)receive_any();
    });
  }
  ASSERT_TRUE(world.run_until([&] { return answers == 3; }, 5s));
  EXPECT_EQ(yes, 1);
  world.run_for(1s);
  EXPECT_NE(owner(a, "name"), "");
  EXPECT_EQ(owner(b, "name"), owner(a, "name"));
  EXPECT_EQ(owner(c, "name"), owner(a, "name"));
}

TEST_F(GlobalNamesTest, AnybodyMayTakeANameAway) {  // GLOBAL-5
  auto& a = start("a");
  auto& b = start("b");
  connect(b, a);
  const Pid pid = *own(a, "name");
  b.run([] { unregister_global(Term("name"_atom)); });
  EXPECT_EQ(owner(b, "name"), "");
  world.run_for(100ms);
  EXPECT_EQ(owner(a, "name"), "");
  EXPECT_TRUE(lives(a, pid));
  EXPECT_TRUE(own(b, "name"));
}

TEST_F(GlobalNamesTest, ByForceANameIsTakenFromWhoeverHasIt) {  // GLOBAL-6
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  const Pid pid = *own(a, "name");
  b.run([] {
    const Pid other = spawn([] { (void)receive_any(); });
    EXPECT_TRUE(re_register_global(Term("name"_atom), other));
  });
  for (SimNode* node : {&a, &b, &c}) EXPECT_EQ(owner(*node, "name"), "b@b");
  EXPECT_TRUE(lives(a, pid));
  EXPECT_TRUE(mail_of(a).empty()) << "it is not told";
  a.run([&] { exit(pid, atoms::kill); });
  world.run_for(1s);
  for (SimNode* node : {&a, &b, &c}) EXPECT_EQ(owner(*node, "name"), "b@b") << "its end is the old one's alone";
}

TEST_F(GlobalNamesTest, ANameGoesWithItsProcessAndWithItsNode) {  // GLOBAL-7
  auto& a = start("a");
  auto& b = start("b");
  connect(b, a);
  const Pid pid = *own(a, "first");
  ASSERT_TRUE(own(a, "second"));
  a.run([&] { exit(pid, atoms::kill); });
  EXPECT_TRUE(world.run_until([&] { return owner(b, "first").empty(); }, 50ms));
  EXPECT_EQ(owner(b, "second"), "a@a");
  // Who is told of the node's end finds its names gone.
  std::optional<bool> there;
  b.post([&there, node = a.atom()] {
    monitor_nodes(true);
    (void)receive_any();
    there = whereis(global(Term("second"_atom))).has_value();
  });
  world.run_for(10ms);
  a.crash();
  ASSERT_TRUE(world.run_until([&] { return there.has_value(); }, 1s));
  EXPECT_FALSE(*there);
}

TEST_F(GlobalNamesTest, NamesAreThereAsSoonAsTheNodeIs) {  // GLOBAL-21, GLOBAL-22, WK-3
  auto& a = start("a");
  auto& b = start("b");
  ASSERT_TRUE(own(a, "name"));
  b.run([&] {
    EXPECT_TRUE(connect_node(a.atom()));
    const TimePoint met = now();
    EXPECT_TRUE(whereis(global(Term("name"_atom))));
    EXPECT_LT(now() - met, 10ms) << "one way there and back; OTP waits 200 ms before it begins";
  });
}

TEST_F(GlobalNamesTest, TwoMeshesThatMeetBecomeOneWithTheNamesOfBoth) {  // GLOBAL-20
  std::vector<SimNode*> all;
  for (const char* name : {"a", "b", "c", "d"}) all.push_back(&start(name));
  connect(*all[0], *all[1]);
  connect(*all[2], *all[3]);
  ASSERT_TRUE(own(*all[0], "left"));
  ASSERT_TRUE(own(*all[3], "right"));
  EXPECT_EQ(owner(*all[1], "right"), "");
  connect(*all[1], *all[2]);
  for (SimNode* node : all) {
    EXPECT_EQ(node->eval([] { return nodes().size(); }), 3u) << node->name();
    EXPECT_EQ(owner(*node, "left"), "a@a") << "asked on " << node->name();
    EXPECT_EQ(owner(*node, "right"), "d@d") << "asked on " << node->name();
  }
  EXPECT_FALSE(own(*all[3], "left"));
}

TEST_F(GlobalNamesTest, AHiddenNodeHasNamesOfItsOwn) {  // GLOBAL-25
  auto& a = start("a");
  auto& hidden = start("hidden", [](NodeOptions& options) { options.visible = false; });
  connect(hidden, a);
  ASSERT_TRUE(own(a, "name"));
  EXPECT_EQ(owner(hidden, "name"), "");
  EXPECT_TRUE(own(hidden, "name"));
  world.run_for(5s);
  EXPECT_EQ(owner(a, "name"), "a@a");
  EXPECT_EQ(owner(hidden, "name"), "hidden@hidden");
}

TEST_F(GlobalNamesTest, ANodeOutsideTheMeshSharesNamesWithThoseItIsConnectedWith) {  // GLOBAL-25 (DIFFERENCES.md)
  auto& a = start("a");
  auto& b = start("b");
  auto& alone = start("alone", [](NodeOptions& options) { options.connect_all = false; });
  connect(b, a);
  connect(alone, a);
  ASSERT_TRUE(own(alone, "name"));
  ASSERT_TRUE(own(b, "far"));
  EXPECT_EQ(alone.eval([] { return nodes(); }), std::vector{a.atom()});
  EXPECT_EQ(owner(a, "name"), "alone@alone");
  EXPECT_EQ(owner(b, "name"), "") << "nobody tells those it does not know";
  EXPECT_EQ(owner(alone, "far"), "");
}

TEST_F(GlobalNamesTest, ANodeThatStopsLeavesTheOthersAsTheyAre) {  // GLOBAL-31
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  ASSERT_TRUE(own(b, "name"));
  ASSERT_TRUE(own(c, "others"));
  b.stop();
  world.run_for(30s);
  EXPECT_EQ(a.eval([] { return nodes(); }), std::vector{c.atom()});
  EXPECT_EQ(c.eval([] { return nodes(); }), std::vector{a.atom()});
  for (SimNode* node : {&a, &c}) {
    EXPECT_EQ(owner(*node, "name"), "") << "asked on " << node->name();
    EXPECT_EQ(owner(*node, "others"), "c@c") << "asked on " << node->name();
  }
}

TEST_F(GlobalNamesTest, OverOneLostLinkNobodyGetsANameThatAnotherHas) {  // GLOBAL-32, WK-9
  // Method: a and b do not hear each other, c hears both: what b has is still b's, for c and for a who asks.
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  const Pid pid = *own(b, "name");
  world.partition({a}, {b});
  ASSERT_TRUE(world.run_until([&] { return a.eval([] { return nodes(); }) == std::vector{c.atom()}; }));
  ASSERT_TRUE(world.run_until([&] { return b.eval([] { return nodes(); }) == std::vector{c.atom()}; }));
  EXPECT_FALSE(own(a, "name"));
  EXPECT_EQ(owner(b, "name"), "b@b");
  EXPECT_EQ(owner(c, "name"), "b@b");
  world.heal();
  connect(a, b);
  for (SimNode* node : {&a, &b, &c}) EXPECT_EQ(owner(*node, "name"), "b@b") << "asked on " << node->name();
  EXPECT_TRUE(lives(b, pid));
}

TEST_F(GlobalNamesTest, ANameIsFreeOnceTheLastHasNoticedThatItsNodeIsLost) {  // GLOBAL-7
  // Method: `a` has noticed, and asks for the name at once; `b` does 50 ms later, and says until then that c's process has it.
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  connect(b, a);
  connect(c, a);
  ASSERT_TRUE(own(c, "name"));
  world.run_for(1s);
  world.partition({c}, {a, b});
  world.drop_connections(a, c);
  ASSERT_TRUE(world.run_until([&] { return a.eval([] { return nodes().size(); }) == 1; }));
  const TimePoint asked = world.now();
  std::optional<bool> registered;
  a.post([&] {
    registered = register_global("name"_atom, self());
    sleep(10s);
  });
  world.run_for(50ms);
  EXPECT_FALSE(registered);
  world.drop_connections(b, c);
  ASSERT_TRUE(world.run_until([&] { return registered.has_value(); }));
  EXPECT_TRUE(*registered);
  EXPECT_LT(world.now() - asked, 100ms);
  EXPECT_EQ(owner(b, "name"), a.name());
}

TEST_F(GlobalNamesTest, OfTwoThatMeetTheOneThatHasItForLongerKeepsIt) {  // GLOBAL-23, WK-10
  auto& a = start("a");
  auto& b = start("b");
  split_and_meet(b, a, NameConflict::keep_longest);  // b's is the older one
  EXPECT_TRUE(lives(b, a_pid));
  EXPECT_FALSE(lives(a, b_pid));
  EXPECT_EQ(owner(a, "name"), "b@b");
  EXPECT_EQ(owner(b, "name"), "b@b");
}

TEST_F(GlobalNamesTest, RandomExitNameKillsTheOneOnTheGreaterName) {  // GLOBAL-23, GLOBAL-24
  auto& a = start("a");
  auto& b = start("b");
  split_and_meet(b, a, NameConflict::random_exit_name);  // b's is the older one, and goes all the same
  EXPECT_FALSE(lives(b, a_pid));
  EXPECT_TRUE(lives(a, b_pid));
  EXPECT_EQ(owner(b, "name"), "a@a");
}

TEST_F(GlobalNamesTest, RandomNotifyNameTellsTheOneThatLosesIt) {  // GLOBAL-24
  auto& a = start("a");
  auto& b = start("b");
  split_and_meet(a, b, NameConflict::random_notify_name);
  EXPECT_TRUE(lives(b, b_pid));
  EXPECT_EQ(mail_of(b), std::vector<std::string>{"{:global_name_conflict, :name}"});
  EXPECT_TRUE(mail_of(a).empty());
  EXPECT_EQ(owner(a, "name"), "a@a");
  EXPECT_EQ(owner(b, "name"), "a@a");
}

TEST_F(GlobalNamesTest, NotifyAllNameTakesItFromBoth) {  // GLOBAL-24
  auto& a = start("a");
  auto& b = start("b");
  split_and_meet(a, b, NameConflict::notify_all_name);
  EXPECT_TRUE(lives(a, a_pid) && lives(b, b_pid));
  ASSERT_EQ(mail_of(a).size(), 1u);
  ASSERT_EQ(mail_of(b).size(), 1u);
  EXPECT_EQ(mail_of(a)[0].find("{:global_name_conflict, :name, #PID<"), 0u) << mail_of(a)[0];
  EXPECT_EQ(owner(a, "name"), "");
  EXPECT_EQ(owner(b, "name"), "");
}

TEST_F(GlobalNamesTest, BothSidesOfAPartitionMayRegisterANameAnew) {  // GLOBAL-33
  auto& a = start("a");
  auto& b = start("b");
  connect(b, a);
  const Pid first = *own(a, "name");
  world.partition({a}, {b});
  ASSERT_TRUE(world.run_until([&] { return b.eval([] { return nodes().empty(); }); }));
  EXPECT_EQ(owner(b, "name"), "");
  const auto second = own(b, "name");
  ASSERT_TRUE(second);
  EXPECT_EQ(owner(a, "name"), "a@a");
  EXPECT_EQ(owner(b, "name"), "b@b");
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a.eval([] { return nodes().empty(); }); }));
  connect(b, a);
  EXPECT_TRUE(lives(a, first));
  EXPECT_FALSE(lives(b, *second));
  EXPECT_EQ(owner(b, "name"), "a@a");
}

}  // namespace
}  // namespace pulpo
