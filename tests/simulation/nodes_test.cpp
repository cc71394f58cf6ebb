// SPDX-License-Identifier: Apache-2.0
//
// What the nodes around a node are to it: met, listed, watched, lost and found again. Rules of the chapter NODE.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "pulpo/function.hpp"
#include "pulpo/testing.hpp"
#include "pulpo/testing_gtest.hpp"

namespace {

using namespace pulpo;
using pulpo::testing::NodeSpec;
using pulpo::testing::World;
using SimulatedNode = pulpo::testing::Node;

/// What came to one process, as text.
struct Mail {
  std::vector<std::string> messages;
  [[nodiscard]] std::size_t count(std::string_view text) const {
    return static_cast<std::size_t>(
        std::count_if(messages.begin(), messages.end(), [&](const std::string& each) { return each.find(text) != std::string::npos; }));
  }
  [[nodiscard]] bool has(std::string_view text) const { return count(text) > 0; }
  [[nodiscard]] std::string all() const {
    std::string text;
    for (const std::string& each : messages) text += each + "\n";
    return text;
  }
};

class Nodes : public ::testing::Test {
 protected:
  void TearDown() override {
    if (HasFailure()) ADD_FAILURE() << "The trace of its world:\n" << world.trace();
  }
  SimulatedNode& start(const std::string& name, std::function<void(NodeOptions&)> configure = {}) {
    return world.start({.name = name, .system = false, .configure = std::move(configure)});
  }
  /// A process that says what `begin` says and then writes down what comes.
  Mail& listen(SimulatedNode& node, std::function<void()> begin) {
    Mail& mail = mails.emplace_back();
    auto ready = std::make_shared<bool>(false);
    node.post([&mail, begin = std::move(begin), ready] {
      trap_exit(true);
      begin();
      *ready = true;
      for (;;) mail.messages.push_back(receive_any()->text());
    });
    EXPECT_TRUE(world.run_until([ready] { return *ready; }));
    return mail;
  }
  static std::vector<Atom> listed(SimulatedNode& node, NodeSet which = NodeSet::visible) {
    return node.eval([which] { return nodes(which); });
  }
  static bool connect(SimulatedNode& from, const SimulatedNode& to) {
    return from.eval([&] { return connect_node(to.atom()).has_value(); });
  }
  using Names = std::vector<Atom>;

  std::deque<Mail> mails;  ///< Outlive the processes that fill them.
  World world{{.seed = pulpo::testing::seed()}};
};

// --- Connect, ping, list, disconnect ---------------------------------------------------------------------------------

TEST_F(Nodes, ConnectAndPingSayWhetherTheyReachedIt) {  // NODE-6, NODE-7, NODE-32
  auto& a = start("a");
  auto& b = start("b");
  a.run([&] {
    EXPECT_TRUE(connect_node(b.atom()));
    EXPECT_TRUE(connect_node(b.atom()));
    EXPECT_TRUE(connect_node(a.atom()));
    EXPECT_FALSE(connect_node("nobody@b"_atom));
    EXPECT_FALSE(connect_node("a@nowhere"_atom));
    EXPECT_FALSE(connect_node("no_host"_atom));
    EXPECT_TRUE(ping_node(b.atom()));
    EXPECT_TRUE(ping_node(a.atom()));
    EXPECT_FALSE(ping_node("nobody@b"_atom));
  });
  b.run([&] { EXPECT_TRUE(ping_node(a.atom())); });
}

TEST_F(Nodes, ListsSayWhoIsConnectedAndHow) {  // NODE-8, NODE-12
  auto& a = start("a");
  auto& b = start("b");
  auto& h = start("h", [](NodeOptions& options) { options.visible = false; });
  EXPECT_TRUE(connect(a, b));
  EXPECT_TRUE(connect(h, a));
  EXPECT_EQ(listed(a), (Names{b.atom()}));
  EXPECT_EQ(listed(a, NodeSet::hidden), (Names{h.atom()}));
  EXPECT_EQ(listed(a, NodeSet::connected), (Names{b.atom(), h.atom()}));
  EXPECT_EQ(listed(a, NodeSet::this_node), (Names{a.atom()}));
  a.run([&] { EXPECT_FALSE(connect_node("ghost@b"_atom)); });
  const Names known = listed(a, NodeSet::known);
  for (const Atom name : {a.atom(), b.atom(), h.atom(), "ghost@b"_atom, "nonode@nohost"_atom}) {
    EXPECT_EQ(std::count(known.begin(), known.end(), name), 1) << name.text();
  }
  // A hidden node takes no part: it sees nobody as visible.
  EXPECT_EQ(listed(h), Names{});
  EXPECT_EQ(listed(h, NodeSet::hidden), Names{a.atom()});
  EXPECT_EQ(listed(b, NodeSet::connected), (Names{a.atom()}));
}

TEST_F(Nodes, DisconnectEndsThatConnectionAndNoOther) {  // NODE-9, WK-5: goal 8
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  EXPECT_TRUE(connect(b, a));
  EXPECT_TRUE(connect(c, a));
  ASSERT_TRUE(world.run_until([&] { return listed(b).size() == 2 && listed(c).size() == 2; }));
  world.run_for(1s);  // the last list of the mesh has come
  const Mail& of_a = listen(a, [] { monitor_nodes(true, {.info = true}); });
  const Mail& of_b = listen(b, [] { monitor_nodes(true, {.info = true}); });
  b.run([&] {
    EXPECT_TRUE(disconnect_node(a.atom()));
    EXPECT_FALSE(disconnect_node(a.atom()));
    EXPECT_FALSE(disconnect_node(b.atom()));
    EXPECT_EQ(nodes(), (Names{c.atom()}));
  });
  EXPECT_TRUE(world.run_until([&] { return of_a.has("nodedown"); }));
  EXPECT_TRUE(of_b.has("nodedown_reason: :disconnect")) << of_b.all();
  EXPECT_TRUE(of_a.has("nodedown_reason: :connection_closed")) << of_a.all();
  world.run_for(30s);
  EXPECT_EQ(listed(c), (Names{a.atom(), b.atom()}));
  EXPECT_EQ(listed(a), (Names{c.atom()}));
  EXPECT_TRUE(connect(b, a));  // nothing forbids it
}

TEST_F(Nodes, OnlyAnExplicitConnectConnectsWhereTheNodeSaysSo) {  // NODE-10, NODE-11
  auto& a = start("a");
  auto& never = start("never", [](NodeOptions& options) { options.auto_connect = AutoConnect::never; });
  auto& once = start("once", [](NodeOptions& options) { options.auto_connect = AutoConnect::once; });
  const auto ask = [&](SimulatedNode& node) {
    return node.eval([&] { return request(Address("nobody"_atom, a.atom()), 1).error().code; });
  };
  EXPECT_EQ(ask(never), Errc::nodedown);
  EXPECT_EQ(ask(once), Errc::noproc);
  once.run([&] { EXPECT_TRUE(disconnect_node(a.atom())); });
  EXPECT_EQ(ask(once), Errc::nodedown);
  EXPECT_TRUE(connect(once, a));
  EXPECT_EQ(ask(once), Errc::noproc);
  EXPECT_TRUE(connect(never, a));
  EXPECT_EQ(ask(never), Errc::noproc);
  // Both take what others dial.
  a.run([&] { EXPECT_TRUE(disconnect_node(never.atom())); });
  EXPECT_TRUE(connect(a, never));
}

// --- The mesh ----------------------------------------------------------------------------------------------------------

TEST_F(Nodes, WhoConnectsWithOneOfAMeshIsConnectedWithAll) {  // NODE-12
  std::vector<SimulatedNode*> all;
  for (const char* name : {"a", "b", "c", "d", "e"}) all.push_back(&start(name));
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_TRUE(connect(*all[i], *all[i - 1]));
  const auto is_full = [&] { return std::all_of(all.begin(), all.end(), [](SimulatedNode* node) { return listed(*node).size() == 4; }); };
  EXPECT_TRUE(world.run_until(is_full, 2s));
}

TEST_F(Nodes, HiddenNodesAndThoseThatDoNotWantTakeNoPartInTheMesh) {  // NODE-12
  auto& a = start("a");
  auto& b = start("b");
  auto& hidden = start("hidden", [](NodeOptions& options) { options.visible = false; });
  auto& alone = start("alone", [](NodeOptions& options) { options.connect_all = false; });
  EXPECT_TRUE(connect(a, b));
  EXPECT_TRUE(connect(hidden, a));
  EXPECT_TRUE(connect(alone, a));
  world.run_for(5s);
  EXPECT_EQ(listed(hidden, NodeSet::connected), (Names{a.atom()}));
  EXPECT_EQ(listed(b), (Names{a.atom()}));
  EXPECT_EQ(listed(alone), (Names{a.atom()}));
}

TEST_F(Nodes, ANodeThatOneOfTheMeshCannotReachStaysWithTheOthers) {  // NODE-18 (DIFFERENCES.md), WK-5
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  // b and c do not agree on a cookie for each other.
  b.run([&] { EXPECT_TRUE(set_cookie(c.atom(), "another")); });
  EXPECT_TRUE(connect(b, a));
  EXPECT_TRUE(connect(c, a));
  world.run_for(30s);
  EXPECT_EQ(listed(a), (Names{b.atom(), c.atom()}));
  EXPECT_EQ(listed(b), (Names{a.atom()}));
  EXPECT_EQ(listed(c), (Names{a.atom()}));
  EXPECT_GE(b.logged("** No connection with node c@c: handshake: the peer refused: the cookies differ") +
                c.logged("** No connection with node b@b: handshake: the peer refused: the cookies differ"),
            1u);
}

// --- Cookies -----------------------------------------------------------------------------------------------------------

TEST_F(Nodes, TheTwoEndsNeedCookiesThatAgreeForEachOther) {  // NODE-15, NODE-16, NODE-17
  auto& a = world.start({.name = "a", .cookie = "ca", .system = false});
  auto& b = world.start({.name = "b", .cookie = "cb", .system = false});
  EXPECT_FALSE(connect(a, b));
  EXPECT_EQ(b.logged("** Connection attempt from node :a@a rejected. Invalid challenge reply. **"), 1u);
  EXPECT_EQ(a.logged("rejected"), 0u);
  a.run([&] {
    EXPECT_EQ(get_cookie(), "ca");
    EXPECT_EQ(get_cookie(b.atom()), "ca");
    EXPECT_TRUE(set_cookie(b.atom(), "cb"));
    EXPECT_EQ(get_cookie(), "ca");
    EXPECT_EQ(get_cookie(b.atom()), "cb");
  });
  EXPECT_TRUE(connect(a, b));
  a.run([&] { EXPECT_TRUE(disconnect_node(b.atom())); });
  EXPECT_TRUE(connect(b, a));  // in both directions
}

TEST_F(Nodes, AChangedCookieLeavesConnectionsAndIsUsedForNewOnes) {  // NODE-15
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  a.run([&] {
    EXPECT_TRUE(set_cookie("new"));
    EXPECT_EQ(get_cookie(), "new");
    EXPECT_EQ(nodes(), (Names{b.atom()}));
    EXPECT_EQ(set_cookie("").error().code, Errc::bad_argument);
    EXPECT_EQ(set_cookie(std::string(256, 'x')).error().code, Errc::bad_argument);
    EXPECT_TRUE(disconnect_node(b.atom()));
  });
  EXPECT_FALSE(connect(a, b));
  b.run([&] { EXPECT_TRUE(set_cookie("new")); });
  EXPECT_TRUE(connect(a, b));
}

TEST_F(Nodes, OnlyThoseOnTheListAreConnectedWith) {  // NODE-19
  auto& a = start("a");
  auto& b = start("b");
  auto& c = start("c");
  a.run([&] { EXPECT_TRUE(allow_nodes({b.atom()})); });
  EXPECT_TRUE(connect(b, a));
  EXPECT_FALSE(connect(c, a));
  EXPECT_EQ(a.logged("** Connection attempt from disallowed node c@c **"), 1u);
  EXPECT_FALSE(connect(a, c));
  EXPECT_EQ(a.logged("** Connection attempt with disallowed node :c@c **"), 1u);
  a.run([&] { EXPECT_TRUE(allow_nodes({"c"_atom})); });  // a host
  EXPECT_TRUE(connect(c, a));
}

TEST_F(Nodes, WhatTheyExportIsWhatElixirHas) {  // NODE-4, NODE-6, NODE-7, NODE-8, NODE-9, NODE-15
  auto& a = world.start({.name = "a"});
  auto& b = world.start({.name = "b"});
  const auto say = [&](const char* module, const char* function, std::vector<Term> arguments) {
    return a.eval([&] { return apply(*atom_of_name(module), Atom(function), arguments).text(); });
  };
  EXPECT_EQ(say("Node", "self", {}), ":a@a");
  EXPECT_EQ(say("Node", "alive?", {}), "true");
  EXPECT_EQ(say("Node", "list", {}), "[]");
  EXPECT_EQ(say("Node", "connect", {b.atom()}), "true");
  EXPECT_EQ(say("Node", "list", {}), "[:b@b]");
  EXPECT_EQ(say("Node", "list", {"this"_atom}), "[:a@a]");
  EXPECT_EQ(say(":erlang", "nodes", {"connected"_atom}), "[:b@b]");
  EXPECT_EQ(say("Node", "ping", {b.atom()}), ":pong");
  EXPECT_EQ(say(":net_adm", "ping", {"nobody@b"_atom}), ":pang");
  EXPECT_EQ(say("Node", "disconnect", {b.atom()}), "true");
  EXPECT_EQ(say("Node", "disconnect", {b.atom()}), "false");
  EXPECT_EQ(say("Node", "connect", {"nobody@b"_atom}), "false");
  EXPECT_EQ(say("Node", "get_cookie", {}), ":simulated");
  EXPECT_EQ(say("Node", "set_cookie", {b.atom(), "other"_atom}), "true");
  EXPECT_EQ(say(":erlang", "get_cookie", {b.atom()}), ":other");
  EXPECT_EQ(say("Node", "connect", {b.atom()}), "false");
  EXPECT_EQ(say("Node", "set_cookie", {"new"_atom}), "true");
  EXPECT_EQ(say("Node", "get_cookie", {}), ":new");
}

// --- Being told ----------------------------------------------------------------------------------------------------------

TEST_F(Nodes, AMonitorOfANodeFiresOncePerCall) {  // NODE-13
  auto& a = start("a");
  auto& b = start("b");
  const Mail& mail = listen(a, [&] {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(monitor_node(b.atom()));
    EXPECT_TRUE(monitor_node(b.atom(), false));
    EXPECT_TRUE(monitor_node(a.atom()));
  });
  ASSERT_TRUE(world.run_until([&] { return !listed(a).empty(); }));  // it connects (SIG-17)
  b.crash();
  EXPECT_TRUE(world.run_until([&] { return mail.count("{:nodedown, :b@b}") == 2; }));
  b.restart();
  EXPECT_TRUE(connect(a, b));
  b.crash();
  world.run_for(10s);
  EXPECT_EQ(mail.messages.size(), 2u) << mail.all();
}

TEST_F(Nodes, AMonitorOfANodeThatCannotBeReachedFiresAtOnce) {  // NODE-13, SIG-17
  auto& a = start("a");
  const Mail& mail = listen(a, [] { EXPECT_TRUE(monitor_node("b@nowhere"_atom)); });
  EXPECT_TRUE(world.run_until([&] { return mail.has("{:nodedown, :b@nowhere}"); }, 1s));
}

TEST_F(Nodes, SubscribersHearOfEachNodeThatComesAndGoes) {  // NODE-13, NODE-12
  auto& a = start("a");
  auto& b = start("b");
  auto& h = start("h", [](NodeOptions& options) { options.visible = false; });
  const Mail& plain = listen(a, [] { monitor_nodes(); });
  const Mail& all = listen(a, [] { monitor_nodes(true, {.hidden = true, .info = true}); });
  const Mail& twice = listen(a, [] {
    monitor_nodes();
    monitor_nodes();
  });
  const Mail& ended = listen(a, [] {
    monitor_nodes();
    monitor_nodes(false);
  });
  // A hidden node takes part in no mesh: for it all others are hidden too.
  const Mail& of_hidden = listen(h, [] { monitor_nodes(); });
  const Mail& all_of_hidden = listen(h, [] { monitor_nodes(true, {.hidden = true, .info = true}); });
  EXPECT_TRUE(connect(b, a));
  EXPECT_TRUE(connect(h, a));
  EXPECT_TRUE(world.run_until([&] { return !all_of_hidden.messages.empty(); }, 1s));
  EXPECT_EQ(all_of_hidden.messages, (std::vector<std::string>{"{:nodeup, :a@a, %{connection_id: 1, node_type: :hidden}}"}));
  EXPECT_TRUE(of_hidden.messages.empty());
  b.crash();
  h.stop();
  EXPECT_TRUE(world.run_until([&] { return all.count("nodedown") == 2; }));
  EXPECT_EQ(plain.messages, (std::vector<std::string>{"{:nodeup, :b@b}", "{:nodedown, :b@b}"}));
  EXPECT_EQ(twice.count("nodeup"), 2u);
  EXPECT_TRUE(ended.messages.empty());
  EXPECT_EQ(all.messages[0], "{:nodeup, :b@b, %{connection_id: 1, node_type: :visible}}");
  EXPECT_EQ(all.messages[1], "{:nodeup, :h@h, %{connection_id: 2, node_type: :hidden}}");
  EXPECT_TRUE(all.has("{:nodedown, :b@b, %{connection_id: 1, node_type: :visible, nodedown_reason: :connection_closed}}")) << all.all();
}

TEST_F(Nodes, ASubscriberThatEndsIsForgotten) {
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  for (int i = 0; i < 100; ++i) {
    a.run([&] {
      monitor_nodes();
      EXPECT_TRUE(monitor_node(b.atom()));
    });
  }
  const Mail& mail = listen(a, [] { monitor_nodes(); });
  b.crash();
  EXPECT_TRUE(world.run_until([&] { return mail.has("nodedown"); }));
  EXPECT_EQ(mail.messages.size(), 1u);
}

TEST_F(Nodes, TheEndOfANodeIsToldInItsOrder) {  // SIG-15, SIG-16
  auto& a = start("a");
  auto& b = start("b");
  const Pid there = b.eval([] {
    return spawn([] {
      EXPECT_TRUE(register_name("there"_atom, self()));
      (void)receive_any();
    });
  });
  ASSERT_TRUE(world.run_until([&] { return b.eval([] { return whereis("there"_atom).has_value(); }); }));
  static_cast<void>(there);
  const Mail& mail = listen(a, [&] {
    monitor_nodes(true, {.info = true});
    (void)monitor_node(b.atom());
    // A pid of b's as a sees it: whoever answers a message has one.
    const Ref watched = monitor(Address("there"_atom, b.atom()));
    static_cast<void>(watched);
  });
  ASSERT_TRUE(world.run_until([&] { return mail.has("nodeup"); }));
  b.crash();
  ASSERT_TRUE(world.run_until([&] { return mail.messages.size() == 4; })) << mail.all();
  EXPECT_NE(mail.messages[1].find("{:DOWN,"), std::string::npos) << mail.all();
  EXPECT_NE(mail.messages[1].find(":noconnection"), std::string::npos);
  EXPECT_EQ(mail.messages[2], "{:nodedown, :b@b}");
  EXPECT_NE(mail.messages[3].find("{:nodedown, :b@b, %{"), std::string::npos);
  // What was there is gone, and does not come back with the node.
  b.restart();
  EXPECT_TRUE(connect(a, b));
  b.run([] { EXPECT_TRUE(register_name("there"_atom, self())); });
  b.crash();
  world.run_for(10s);
  EXPECT_EQ(mail.count("DOWN"), 1u) << mail.all();
}

// --- Liveness -------------------------------------------------------------------------------------------------------------

TEST_F(Nodes, BothSidesOfAPartitionNoticeItWithinTheTickTime) {  // NODE-40, NODE-41
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  const Mail& of_a = listen(a, [] { monitor_nodes(true, {.info = true}); });
  const Mail& of_b = listen(b, [] { monitor_nodes(true, {.info = true}); });
  world.run_for(60s);
  EXPECT_TRUE(of_a.messages.empty() && of_b.messages.empty()) << of_a.all() << of_b.all();
  const TimePoint cut = world.now();
  world.partition({a}, {b});
  ASSERT_TRUE(world.run_until([&] { return of_a.has("net_tick_timeout") && of_b.has("net_tick_timeout"); }));
  EXPECT_GT(world.now() - cut, 5900ms);
  EXPECT_LT(world.now() - cut, 10100ms);
  EXPECT_EQ(a.logged("** Node b@b not responding **"), 1u);
  EXPECT_EQ(a.logged("** Removing (timedout) connection **"), 1u);
  world.heal();
  world.run_for(30s);
  EXPECT_EQ(listed(a), Names{});  // nobody asked
  EXPECT_TRUE(connect(b, a));
  EXPECT_TRUE(world.run_until([&] { return of_a.has("nodeup") && of_b.has("nodeup"); }));
}

TEST_F(Nodes, TheLargerOfTwoTickTimesIsBoths) {  // NODE-40
  auto& a = start("a", [](NodeOptions& options) { options.net_ticktime = 2s; });
  auto& b = start("b", [](NodeOptions& options) { options.net_ticktime = 40s; });
  EXPECT_TRUE(connect(a, b));
  world.run_for(120s);
  EXPECT_EQ(listed(a).size(), 1u);
  const TimePoint cut = world.now();
  world.cut(b, a);
  EXPECT_TRUE(world.run_until([&] { return listed(a).empty(); }));
  EXPECT_GT(world.now() - cut, 29s);
}

TEST_F(Nodes, ANodeThatStandsStillIsTakenForDeadAndLearnsItWhenItGoesOn) {  // NODE-41
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  const Mail& of_a = listen(a, [] { monitor_nodes(true, {.info = true}); });
  const Mail& of_b = listen(b, [] { monitor_nodes(true, {.info = true}); });
  b.stall(20s);
  EXPECT_TRUE(world.run_until([&] { return of_a.has("net_tick_timeout"); }, 11s));
  EXPECT_TRUE(world.run_until([&] { return of_b.has("nodedown"); }, 15s));
  EXPECT_FALSE(of_b.has("net_tick_timeout")) << of_b.all();  // it was itself that was silent
}

TEST_F(Nodes, AShortStallIsNoDeath) {  // NODE-40
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  for (int i = 0; i < 10; ++i) {
    b.stall(5s);
    world.run_for(7s);
  }
  EXPECT_EQ(listed(a).size(), 1u);
  EXPECT_EQ(listed(b).size(), 1u);
}

TEST_F(Nodes, NetKernelIsStartedAgainWhenSomebodyKillsIt) {  // NODE-7
  auto& a = start("a");
  auto& b = start("b");
  EXPECT_TRUE(connect(a, b));
  const Pid before = a.eval([] { return *whereis("net_kernel"_atom); });
  a.run([&] { exit(before, atoms::kill); });
  EXPECT_TRUE(world.run_until([&] { return a.eval([&] { return whereis("net_kernel"_atom).value_or(before) != before; }); }, 1s));
  EXPECT_EQ(a.logged("net_kernel was ended by somebody, and is started again"), 1u);
  b.run([&] { EXPECT_TRUE(ping_node(a.atom())); });
}

// --- Lives ------------------------------------------------------------------------------------------------------------------

TEST_F(Nodes, ARestartedNodeIsAnother) {  // NODE-14, NODE-33, SIG-2
  auto& a = start("a");
  auto& b = start("b");
  const auto serve = [&] {
    b.run([] {
      const Pid server = spawn([] {
        for (;;) {
          const Term term = *receive_any();
          if (!term.is_tuple(3)) continue;
          reply(term.elements()[1].elements()[0].pid(), term.elements()[1].elements()[1].ref(), Term(self()));
        }
      });
      EXPECT_TRUE(register_name("server"_atom, server));
    });
  };
  serve();
  Pid old{};
  a.run([&] { old = request(Address("server"_atom, b.atom()), 1)->pid(); });
  b.power_loss();  // nobody is told: a believes the connection to be up when the new life dials
  b.restart();
  serve();
  const Mail& mail = listen(a, [] { monitor_nodes(); });
  EXPECT_TRUE(connect(b, a));
  EXPECT_TRUE(world.run_until([&] { return mail.messages.size() == 2; })) << mail.all();
  EXPECT_EQ(mail.messages, (std::vector<std::string>{"{:nodedown, :b@b}", "{:nodeup, :b@b}"}));
  a.run([&] {
    EXPECT_EQ(request(Address(old), 1).error().code, Errc::noproc);
    EXPECT_TRUE(request(Address("server"_atom, b.atom()), 1));
  });
}

}  // namespace
