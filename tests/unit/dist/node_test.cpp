// SPDX-License-Identifier: Apache-2.0
#include "unit/dist/nodes_fixture.hpp"

namespace pulpo {
namespace {

using testing::node_atom;
using testing::run_on;

class NodeTest : public testing::NodesTest {};
PULPO_ON_EACH_LOOP(NodeTest);

/// A server that is called `echo` on `node`, until the node stops.
void start_echo(Node& node) {
  node.runtime().post([] {
    EXPECT_TRUE(register_name("echo"_atom, self()));
    for (;;) {
      const Term term = *receive_any();
      const auto parts = term.elements();
      if (!parts[0].is_atom(atoms::gen_call)) continue;
      const auto from = parts[1].elements();
      if (parts[2].is_atom("crash"_atom)) exit("crashed"_atom);
      if (parts[2].is_atom("silence"_atom)) continue;
      reply(from[0].pid(), from[1].ref(), parts[2]);
    }
  });
  run_on(node, [] {
    while (!whereis("echo"_atom)) yield();
  });
}

Address echo_on(const std::string& node) { return {"echo"_atom, node_atom(node)}; }

TEST_P(NodeTest, ACallAcrossNodesReturnsWhatTheServerSaid) {
  const auto a = start("a");
  const auto b = start("b");
  start_echo(*a);
  run_on(*b, [] {
    for (int i = 0; i < 100; ++i) ASSERT_EQ(*request(echo_on("a"), i), Term(i));
    const Term big = Term::tuple({"a text that does not fit into a term itself", Term::list({1, 2, 3}), "atom"_atom, 1.5});
    EXPECT_EQ(*request(echo_on("a"), big), big);
    EXPECT_EQ(nodes(), std::vector{node_atom("a")});
  });
  run_on(*a, [] { EXPECT_EQ(nodes(), std::vector{node_atom("b")}); });
}

TEST_P(NodeTest, AThousandCallersShareOneConnection) {
  const auto a = start("a");
  const auto b = start("b");
  start_echo(*a);
  run_on(*b, [] {
    std::vector<Ref> callers;
    for (int i = 0; i < 1000; ++i) {
      callers.push_back(spawn_monitor([i] {
                          for (int k = 0; k < 20; ++k) {
                            const auto answer = request(echo_on("a"), i * 100 + k);
                            if (!answer || !(*answer == Term(i * 100 + k))) exit("mixed_up"_atom);
                          }
                        }).monitor);
    }
    for (const Ref& caller : callers) {
      const auto down = receive_if([&](const Term& term) { return term.elements()[1] == Term(caller); }, 20s);
      ASSERT_TRUE(down);
      ASSERT_EQ(down->elements()[4], Term(atoms::normal));
    }
  });
}

TEST_P(NodeTest, AnUnknownServerThereIsNoprocAtOnce) {  // GS-6, GS-19
  const auto a = start("a");
  const auto b = start("b");
  run_on(*b, [] {
    const auto answer = request(echo_on("a"), 1);
    EXPECT_EQ(answer.error().code, Errc::noproc);
  });
}

TEST_P(NodeTest, AServerThatCrashesDuringTheCallGivesItsReason) {  // GS-6
  const auto a = start("a");
  const auto b = start("b");
  start_echo(*a);
  run_on(*b, [] { EXPECT_EQ(request(echo_on("a"), "crash"_atom).error().reason, Term("crashed"_atom)); });
}

TEST_P(NodeTest, ANodeThatGoesDuringTheCallEndsItAtOnce) {  // GS-6, GS-8
  auto a = start("a");
  const auto b = start("b");
  start_echo(*a);
  run_on(*b, [] { ASSERT_TRUE(connect_node(node_atom("a"))); });
  std::promise<Error> failed;
  b->runtime().post([&] { failed.set_value(request(echo_on("a"), "silence"_atom, Timeout::infinity()).error()); });
  // The request is there when a later one of the same kind was answered.
  run_on(*b, [] { ASSERT_TRUE(request(echo_on("a"), 1)); });
  a->stop();
  const Error error = await(failed);
  EXPECT_EQ(error.code, Errc::nodedown);
  EXPECT_EQ(error.reason, Term::tuple({atoms::nodedown, node_atom("a")}));
}

TEST_P(NodeTest, ANodeThatIsNotThereIsNodedownForACaller) {  // GS-6
  const auto b = start("b");
  run_on(*b, [] {
    EXPECT_EQ(request(echo_on("nobody"), 1).error().reason, Term::tuple({atoms::nodedown, node_atom("nobody")}));
    const auto connected = connect_node(node_atom("nobody"));
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().detail.find("not registered"), std::string::npos) << connected.error().detail;
  });
}

TEST_P(NodeTest, AnotherCookieIsRefusedWithThatCause) {  // NODE-17
  const auto a = start("a");
  NodeOptions other = options("b");
  other.cookie = "another";
  const auto b = start(other);
  run_on(*b, [] {
    const auto connected = connect_node(node_atom("a"));
    ASSERT_FALSE(connected);
    EXPECT_NE(connected.error().detail.find("cookie"), std::string::npos) << connected.error().detail;
  });
  run_on(*a, [] { EXPECT_TRUE(nodes().empty()); });
}

TEST_P(NodeTest, ConnectingToOneselfOrTwiceSucceeds) {  // NODE-6
  const auto a = start("a");
  const auto b = start("b");
  run_on(*b, [] {
    EXPECT_TRUE(connect_node(node_atom("b")));
    EXPECT_TRUE(connect_node(node_atom("a")));
    EXPECT_TRUE(connect_node(node_atom("a")));
    EXPECT_EQ(nodes().size(), 1u);
  });
}

TEST_P(NodeTest, TwoNodesThatDialEachOtherAtOnceEndWithOneConnection) {  // NODE-30, NODE-31
  for (int round = 0; round < 20; ++round) {
    const auto a = start("a");
    const auto b = start("b");
    std::promise<bool> a_done, b_done;
    a->runtime().post([&] { a_done.set_value(connect_node(node_atom("b")).has_value()); });
    b->runtime().post([&] { b_done.set_value(connect_node(node_atom("a")).has_value()); });
    EXPECT_TRUE(await(a_done));
    EXPECT_TRUE(await(b_done));
    start_echo(*a);
    run_on(*b, [] { EXPECT_EQ(*request(echo_on("a"), 1), Term(1)); });
  }
}

TEST_P(NodeTest, ANameIsTakenOnceOnAHost) {  // NODE-3
  const auto a = start("a");
  Node again(options("a"));
  const auto started = again.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::already_exists);
  EXPECT_NE(started.error().text().find("a@localhost seems to be in use by another node"), std::string::npos) << started.error().text();
}

TEST_P(NodeTest, WithoutAMapperANodeDoesNotStart) {
  NodeOptions lonely = options("a");
  {
    // A port where nothing listens: bound, and closed again.
    auto loop = io::make_loop(io::LoopKind::epoll);
    const auto handle = (*loop)->listen(io::Address::loopback_v4(0), {});
    lonely.mapper_port = (*loop)->local_address(*handle)->port();
    (*loop)->close(*handle);
  }
  Node node(lonely);
  const auto started = node.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text().find("pulpo mapper"), std::string::npos) << started.error().text();
}

TEST_P(NodeTest, APortInUseIsSaidSo) {
  const auto a = start("a");
  NodeOptions same_port = options("b");
  same_port.listen = "127.0.0.1:" + std::to_string(a->port());
  Node b(same_port);
  const auto started = b.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::already_exists) << started.error().text();
}

TEST_P(NodeTest, ATransientNodeCallsAndLeavesNoTrace) {
  const auto a = start("a");
  start_echo(*a);
  const std::uint32_t atoms_before = Atom::count();
  std::uint32_t atoms_after_first = 0;
  for (int i = 0; i < 3; ++i) {
    NodeOptions command;
    command.runtime = runtime_options();
    command.transient = true;
    command.cookie = "secret_token";
    command.mapper_port = mapper_port();
    Node node(command);
    ASSERT_TRUE(node.start());
    EXPECT_EQ(node.port(), 0);
    run_on(node, [i] { EXPECT_EQ(*request(echo_on("a"), i), Term(i)); });
    run_on(*a, [] { EXPECT_TRUE(nodes().empty()); });  // hidden
    if (i == 0) atoms_after_first = Atom::count();
  }
  // Each command's own name is an atom in this program, which is all nodes at once; the node it called made none.
  EXPECT_LE(Atom::count() - atoms_after_first, 2u);
  EXPECT_LE(atoms_after_first - atoms_before, 2u);
}

TEST_P(NodeTest, LinksAndMonitorsReachAcrossAndFireWhenTheNodeGoes) {  // SIG-15, SIG-12, SIG-17
  auto a = start("a");
  const auto b = start("b");
  start_echo(*a);
  // Answers with the pid of a name: what a process elsewhere can link to.
  a->runtime().post([] {
    EXPECT_TRUE(register_name("whereis"_atom, self()));
    const Term term = *receive_any();
    const auto from = term.elements()[1].elements();
    reply(from[0].pid(), from[1].ref(), Term(*whereis(term.elements()[2].atom())));
    (void)receive_any();
  });
  run_on(*a, [] {
    while (!whereis("whereis"_atom)) yield();
  });
  std::promise<Term> exit_reason, down;
  std::promise<void> linked;
  b->runtime().post([&] {
    trap_exit(true);
    const Ref ref = monitor(echo_on("a"));
    const Ref nobody = monitor(Address("nobody"_atom, node_atom("a")));
    EXPECT_EQ(*receive_any(5s),
              Term::tuple({atoms::DOWN, nobody, atoms::process, Term::tuple({"nobody"_atom, node_atom("a")}), atoms::noproc}));
    const auto pid = request(Address("whereis"_atom, node_atom("a")), "echo"_atom, 5s);
    ASSERT_TRUE(pid);
    link(pid->pid());
    // Signals keep their order: when this is answered, the link is there.
    EXPECT_TRUE(request(echo_on("a"), 1));
    linked.set_value();
    exit_reason.set_value(receive_any(10s).value_or(Term()));
    down.set_value(receive_any(10s).value_or(Term()));
    (void)ref;
  });
  await(linked);
  a->stop();
  const Term exited = await(exit_reason);
  ASSERT_TRUE(exited.is_tuple(3)) << exited.text();
  EXPECT_EQ(exited.elements()[0], Term(atoms::EXIT));
  const Term ended = await(down);
  ASSERT_TRUE(ended.is_tuple(5)) << ended.text();
  EXPECT_EQ(ended.elements()[0], Term(atoms::DOWN));
}

TEST_P(NodeTest, ExitSignalsAndMessagesToPidsCross) {  // SIG-3, SIG-7
  const auto a = start("a");
  const auto b = start("b");
  std::promise<void> ended;
  a->runtime().post([&] {
    struct Tell {
      std::promise<void>& promise;
      ~Tell() { promise.set_value(); }
    };
    const Tell tell{ended};
    EXPECT_TRUE(register_name("victim"_atom, self()));
    const Term hello = *receive_any();  // {:hello, pid}
    send(hello.elements()[1].pid(), Term::tuple({"my_pid"_atom, self()}));
    (void)receive_any();
  });
  run_on(*a, [] {
    while (!whereis("victim"_atom)) yield();
  });
  run_on(*b, [] {
    send(Address("victim"_atom, node_atom("a")), Term::tuple({"hello"_atom, self()}));
    const auto answer = receive_any(5s);
    ASSERT_TRUE(answer);
    const Pid victim = answer->elements()[1].pid();
    EXPECT_NE(victim.node, kOwnNode);
    const Ref ref = monitor(victim);
    exit(victim, "bad"_atom);
    EXPECT_EQ(*receive_any(5s), Term::tuple({atoms::DOWN, ref, atoms::process, victim, "bad"_atom}));
  });
  await(ended);
}

TEST_P(NodeTest, ANodeWithTwoCoresCallsAndServesFromBoth) {
  NodeOptions two = options("a");
  two.runtime.cores = 2;
  const auto a = start(two);
  two = options("b");
  two.runtime.cores = 2;
  const auto b = start(two);
  a->runtime().post(
      [] {
        EXPECT_TRUE(register_name("echo"_atom, self()));
        for (;;) {
          const Term term = *receive_any();
          const auto from = term.elements()[1].elements();
          reply(from[0].pid(), from[1].ref(), term.elements()[2]);
        }
      },
      1);
  run_on(*a, [] {
    while (!whereis("echo"_atom)) yield();
  });
  run_on(*b, [] {
    std::vector<Ref> callers;
    for (unsigned i = 0; i < 20; ++i) {
      SpawnOptions where;
      where.core = i % 2;
      callers.push_back(spawn_monitor(
                            [] {
                              for (int k = 0; k < 50; ++k) {
                                if (!(*request(echo_on("a"), k) == Term(k))) exit("mixed_up"_atom);
                              }
                            },
                            where)
                            .monitor);
    }
    for (const Ref& caller : callers) {
      const auto down = receive_if([&](const Term& term) { return term.elements()[1] == Term(caller); }, 10s);
      ASSERT_TRUE(down);
      EXPECT_EQ(down->elements()[4], Term(atoms::normal));
    }
  });
}

TEST_P(NodeTest, ASenderThatFillsTheLinkIsHeldUpAndNothingIsLost) {  // SIG-5
  const auto a = start("a");
  const auto b = start("b");
  constexpr int kMessages = 400;  // of 64 KiB: six times the link's queue
  std::promise<int> counted;
  a->runtime().post([&] {
    EXPECT_TRUE(register_name("sink"_atom, self()));
    int count = 0;
    while (count < kMessages) {
      const auto message = receive_any(10s);
      if (!message || message->elements()[0].integer() != count) break;
      ++count;
    }
    counted.set_value(count);
  });
  run_on(*a, [] {
    while (!whereis("sink"_atom)) yield();
  });
  run_on(*b, [] {
    const std::string payload(64 * 1024, 'x');
    for (int i = 0; i < kMessages; ++i) send(Address("sink"_atom, node_atom("a")), Term::tuple({i, payload}));
  });
  EXPECT_EQ(await(counted), kMessages);
}

TEST_P(NodeTest, ManyLargeCallsAtOnceAreSentInTurn) {
  const auto a = start("a");
  const auto b = start("b");
  // Answers with the size: replies of a MiB each would use up their reserve on a slow machine, as they should.
  a->runtime().post([] {
    EXPECT_TRUE(register_name("scale"_atom, self()));
    for (;;) {
      const Term term = *receive_any();
      const auto from = term.elements()[1].elements();
      reply(from[0].pid(), from[1].ref(), static_cast<std::int64_t>(term.elements()[2].bytes().size()));
    }
  });
  run_on(*a, [] {
    while (!whereis("scale"_atom)) yield();
  });
  run_on(*b, [] {
    const Term payload = Term::binary(std::string(1u << 20, 'x'));
    std::vector<Ref> callers;
    for (int i = 0; i < 300; ++i) {  // more than one record may have
      callers.push_back(spawn_monitor([payload] {
                          const auto answer = request(Address("scale"_atom, node_atom("a")), payload, 60s);
                          if (!answer || !(*answer == Term(1 << 20))) exit("lost"_atom);
                        }).monitor);
    }
    for (const Ref& caller : callers) {
      const auto down = receive_if([&](const Term& term) { return term.elements()[1] == Term(caller); }, 60s);
      ASSERT_TRUE(down);
      ASSERT_EQ(down->elements()[4], Term(atoms::normal));
    }
  });
}

TEST_P(NodeTest, AReplyThatCannotLeaveItsNodeEndsTheCallWithAReason) {
  const auto a = start("a");
  const auto b = start("b");
  a->runtime().post([] {
    EXPECT_TRUE(register_name("deep"_atom, self()));
    const Term term = *receive_any();
    const auto from = term.elements()[1].elements();
    Term answer(1);
    for (std::size_t i = 0; i <= Term::kDepthMax; ++i) answer = Term::tuple({answer});
    reply(from[0].pid(), from[1].ref(), answer);
    (void)receive_any();
  });
  run_on(*a, [] {
    while (!whereis("deep"_atom)) yield();
  });
  run_on(*b, [] {
    const auto answer = request(Address("deep"_atom, node_atom("a")), 1, 20s);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::exited) << answer.error().text();
    EXPECT_NE(answer.error().reason.text().find("deeper"), std::string::npos) << answer.error().reason.text();
  });
}

TEST_P(NodeTest, LinksAreSealedUnlessBothSidesAllowPlainOnes) {
  auto plain = options("a"), also_plain = options("b");
  plain.plain_links = also_plain.plain_links = true;
  const auto a = start(plain);
  const auto b = start(also_plain);
  const auto c = start("c");
  for (const auto& node : {a.get(), b.get(), c.get()}) start_echo(*node);
  run_on(*a, [] {
    EXPECT_EQ(link_is_sealed(node_atom("b")), std::nullopt) << "not connected";
    EXPECT_TRUE(request(echo_on("b"), 1));
    EXPECT_TRUE(request(echo_on("c"), 2));
    EXPECT_EQ(link_is_sealed(node_atom("b")), false);
    EXPECT_EQ(link_is_sealed(node_atom("c")), true);
  });
  run_on(*c, [] { EXPECT_EQ(link_is_sealed(node_atom("a")), true); });
}

TEST_P(NodeTest, ANodeWithoutANameKnowsNobody) {  // NODE-4
  NodeOptions nameless = options("a");
  nameless.kind = NameKind::none;
  nameless.name.clear();
  const auto a = start(nameless);
  const auto b = start("b");
  EXPECT_EQ(a->name(), "nonode@nohost");
  run_on(*a, [] {
    const Atom other = node_atom("b");
    const auto connected = connect_node(other);
    EXPECT_EQ(connected.error().code, Errc::unsupported);
    EXPECT_EQ(connected.error().reason, Term("ignored"_atom));
    EXPECT_FALSE(disconnect_node(other));
    EXPECT_FALSE(ping_node(other));
    EXPECT_FALSE(ping_node(atoms::nonode_nohost));
    EXPECT_EQ(nodes(), std::vector<Atom>{});
    EXPECT_EQ(nodes(NodeSet::this_node), std::vector<Atom>{atoms::nonode_nohost});
    EXPECT_EQ(get_cookie(), "nocookie");
    EXPECT_EQ(set_cookie("secret").error().code, Errc::unsupported);
    EXPECT_EQ(monitor_node(other).error().reason, Term("notalive"_atom));
    monitor_nodes();
    EXPECT_EQ(allow_nodes({other}).error().code, Errc::unsupported);
    send(Address("nobody"_atom, other), 1);
    const auto answer = request(Address("nobody"_atom, other), 1);
    EXPECT_EQ(answer.error().code, Errc::nodedown);
    EXPECT_EQ(answer.error().reason, Term::tuple({atoms::nodedown, other}));
    EXPECT_FALSE(receive_any(0ms));
  });
}

TEST_P(NodeTest, NodesOfShortAndOfLongNamesDoNotTalk) {  // NODE-5
  const auto a = start("a");
  NodeOptions dotted = options("b");
  dotted.kind = NameKind::long_name;
  dotted.name = "b@127.0.0.1";
  const auto b = start(dotted);
  run_on(*a, [] {
    EXPECT_FALSE(ping_node("b@127.0.0.1"_atom));
    const auto connected = connect_node("b@127.0.0.1"_atom);
    EXPECT_NE(connected.error().detail.find("start both alike"), std::string::npos) << connected.error().detail;
  });
  run_on(*b, [] { EXPECT_FALSE(connect_node("c@altair"_atom)); });
}

TEST(NodeName, WhatTheOptionsMakeOfItIsKnownBeforeTheNodeStarts) {  // NODE-1
  const auto name = [](NameKind kind, const char* text) {
    NodeOptions options;
    options.kind = kind;
    options.name = text;
    const auto full = full_node_name(options);
    return full ? full->text() : "";
  };
  EXPECT_EQ(name(NameKind::short_name, "a"), "a@" + short_host_name());
  EXPECT_EQ(name(NameKind::short_name, "a@altair"), "a@altair");
  EXPECT_EQ(name(NameKind::long_name, "a@127.0.0.1"), "a@127.0.0.1");
  EXPECT_EQ(name(NameKind::short_name, "a@127.0.0.1"), "");
}

TEST(NodeName, EachFaultySaysWhichPartIsWrong) {  // NODE-1, NODE-34
  EXPECT_EQ(parse_node_name("a@altair")->head, "a");
  for (const char* const text : {"a", "a@b@c", "@altair", "a@", "a b@altair", "ä@altair", "a@al tair"}) {
    const auto name = parse_node_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, Errc::bad_argument);
    EXPECT_NE(name.error().detail.find(text), std::string::npos) << name.error().detail;
  }
}

}  // namespace
}  // namespace pulpo
