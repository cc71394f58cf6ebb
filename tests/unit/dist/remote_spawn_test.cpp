// SPDX-License-Identifier: Apache-2.0
#include "pulpo/process_info.hpp"
#include "pulpo/remote.hpp"
#include "unit/dist/kate.hpp"

namespace pulpo::remote_spawn_test {
namespace {

using namespace pulpo::testing;

class RemoteSpawnTest : public KateTest {};
PULPO_ON_EACH_LOOP(RemoteSpawnTest);

TEST_P(RemoteSpawnTest, WhatAProcessOfAnotherNodePrintsAppearsAtItsSpawner) {  // IO-4, SIG-19
  start_both();
  on_alex([] {
    const auto [pid, ref] = spawn_monitor(kKate, "Kate.say_name");
    EXPECT_FALSE(pid.is_local());
    EXPECT_EQ(down_reason(ref), Term(atoms::normal));
  });
  EXPECT_EQ(at_alex_.text(), "Hi, my name is Kate\n");
  EXPECT_EQ(at_kate_.text(), "");
}

TEST_P(RemoteSpawnTest, ASpawnedReceiverAnswersItsGreeter) {  // SIG-18
  start_both();
  on_alex([] {
    const Pid pid = spawn_link(kKate, kGreeter);
    send(pid, Term::tuple({"hi"_atom, self()}));
    EXPECT_EQ(next_message(), Term("sup?"_atom));
  });
}

TEST_P(RemoteSpawnTest, AFunctionThatNobodyExportsIsACrashOnBothNodesLogs) {  // SIG-19, LOG-7
  start_both();
  CapturedLog log;
  on_alex([&] {
    trap_exit(true);
    const Pid pid = spawn_link(kKate, "Nobody.nothing", {1});
    EXPECT_EQ(next_message(), Term::tuple({atoms::EXIT, pid, elixir("{:undef, [{Nobody, :nothing, [1], []}]}")}));
    // The report goes its own way.
    EXPECT_TRUE(eventually([&] { return log.count("on node :kate@localhost raised an exception") == 1; })) << log.all();
  });
  EXPECT_EQ(log.count("function Nobody.nothing/1 is undefined"), 2u) << log.all();
}

TEST_P(RemoteSpawnTest, AnExceptionThereIsLoggedOnBothNodesAndItsReason) {  // LOG-7, LOG-5
  start_both();
  CapturedLog log;
  on_alex([&] {
    EXPECT_EQ(down_reason(spawn_monitor(kKate, kThrows).monitor), elixir("{:exception, \"std::runtime_error\", \"no luck\"}"));
    EXPECT_TRUE(eventually([&] { return log.count("** (std::runtime_error) no luck") == 2; })) << log.all();
  });
}

TEST_P(RemoteSpawnTest, AnExitOfALinkedAndMonitoredProcessComesBeforeItsDown) {  // SIG-20, SIG-11
  start_both(2);
  on_alex([] {
    trap_exit(true);
    for (int i = 0; i < 20; ++i) {
      const Ref ref = spawn_request(kKate, "Kate.exits", {i}, {.link = true, .monitor = true});
      const Term reply = next_message();
      ASSERT_TRUE(reply.is_tuple(4)) << reply.text();
      EXPECT_EQ(reply.elements()[0], Term("spawn_reply"_atom));
      EXPECT_EQ(reply.elements()[1], Term(ref));
      EXPECT_EQ(reply.elements()[2], Term(atoms::ok));
      const Pid pid = reply.elements()[3].pid();
      EXPECT_EQ(next_message(), Term::tuple({atoms::EXIT, pid, i}));
      EXPECT_EQ(next_message(), Term::tuple({atoms::DOWN, ref, atoms::process, pid, i}));
    }
  });
}

TEST_P(RemoteSpawnTest, ASpawnerThatEndsTakesItsLinkedProcessesAlong) {  // SIG-11
  start_both();
  on_alex([] {
    const Pid me = self();
    spawn([me] {
      (void)spawn_link(kKate, kWaits, me);
      exit("bye"_atom);
    });
    const Term waits = next_message();
    ASSERT_TRUE(waits.is_tuple(2)) << waits.text();
    EXPECT_TRUE(down_reason(monitor(waits.elements()[1].pid())).is_atom()) << "bye, or noproc when it is gone already";
  });
}

TEST_P(RemoteSpawnTest, ASpawnerThatIsKilledWhileItWaitsLeavesNobodyBehind) {  // SIG-11
  start_both();
  on_alex([] {
    const Pid me = self();
    const auto [spawner, ref] = spawn_monitor([me] { (void)spawn_link(kKate, kWaits, me); });
    yield();  // it has asked
    exit(spawner, atoms::kill);
    EXPECT_EQ(down_reason(ref), Term(atoms::killed));
    const Term waits = next_message();
    ASSERT_TRUE(waits.is_tuple(2)) << waits.text();
    EXPECT_TRUE(down_reason(monitor(waits.elements()[1].pid())).is_atom());
  });
}

TEST_P(RemoteSpawnTest, ANodeThatCannotBeReachedGivesADeadProcessAndAWarning) {  // SIG-18, SIG-17
  start_both();
  CapturedLog log;
  on_alex([&] {
    trap_exit(true);
    const Pid linked = spawn_link("nobody@localhost", "Kate.say_name");
    EXPECT_TRUE(linked.is_local());
    EXPECT_EQ(next_message(), Term::tuple({atoms::EXIT, linked, atoms::noconnection}));
    const auto [pid, ref] = spawn_monitor("nobody@localhost", "Kate.say_name", {1});
    EXPECT_EQ(next_message(), Term::tuple({atoms::DOWN, ref, atoms::process, pid, atoms::noconnection}));
    EXPECT_EQ(down_reason(monitor(spawn("no_node_at_all", "Kate.say_name"))), Term(atoms::noconnection));
    const Ref request = spawn_request("nobody@localhost", "Kate.say_name");
    EXPECT_EQ(next_message(), Term::tuple({"spawn_reply"_atom, request, atoms::error, atoms::noconnection}));
  });
  EXPECT_EQ(log.count("[warning] ** Can not start Kate::say_name,[] ([:link]) on :nobody@localhost **"), 1u) << log.all();
  EXPECT_EQ(log.count("** Can not start Kate::say_name,[1] ([:monitor]) on :nobody@localhost **"), 1u) << log.all();
}

TEST_P(RemoteSpawnTest, ANodeThatGoesEndsLinksMonitorsAndRequestsOnce) {  // SIG-15, SIG-16
  start_both();
  std::promise<void> waits;
  std::promise<std::vector<Term>> seen;
  alex_->runtime().post([&] {
    trap_exit(true);
    const Ref ref = spawn_request(kKate, "Kate.waits", {self()}, {.link = true, .monitor = true});
    const Term reply = next_message();
    const Pid pid = reply.elements()[3].pid();
    EXPECT_EQ(next_message(), Term::tuple({"waits"_atom, pid}));
    waits.set_value();
    std::vector<Term> messages{next_message(), next_message()};
    EXPECT_EQ(messages[0], Term::tuple({atoms::EXIT, pid, atoms::noconnection}));
    EXPECT_EQ(messages[1], Term::tuple({atoms::DOWN, ref, atoms::process, pid, atoms::noconnection}));
    seen.set_value(std::move(messages));
  });
  await(waits);
  kate_->stop();
  EXPECT_EQ(await(seen).size(), 2u);
}

TEST_P(RemoteSpawnTest, AnAbandonedRequestEndsItsLinkedProcess) {
  start_both();
  on_alex([] {
    EXPECT_TRUE(connect_node(node_atom("kate")));
    const Ref ref = spawn_request(kKate, "Kate.waits", {self()}, {.link = true});
    EXPECT_TRUE(spawn_request_abandon(ref));
    EXPECT_FALSE(spawn_request_abandon(ref));
    const Term waits = next_message();
    ASSERT_TRUE(waits.is_tuple(2)) << waits.text();
    EXPECT_TRUE(down_reason(monitor(waits.elements()[1].pid())).is_atom());
    EXPECT_FALSE(receive_any(Duration::zero())) << "no spawn_reply";
  });
}

TEST_P(RemoteSpawnTest, OnlyFailuresAreToldOnRequest) {
  start_both();
  on_alex([] {
    const Ref quiet = spawn_request(kKate, "Kate.waits", {self()}, {.reply = false});
    EXPECT_TRUE(next_message().elements()[0].is_atom("waits"_atom));
    const Ref failing = spawn_request("nobody@localhost", "Kate.waits", {self()}, {.reply = false});
    EXPECT_EQ(next_message(), Term::tuple({"spawn_reply"_atom, failing, atoms::error, atoms::noconnection}));
    EXPECT_NE(quiet, failing);
  });
}

TEST_P(RemoteSpawnTest, AReplyDoesNotCountAgainstTheMailboxsLimit) {
  start_both();
  on_alex([] {
    set_mailbox_limit({.messages_max = 2});
    for (int i = 0; i < 100; ++i) {
      send(self(), i);  // whose block a reply may get
      EXPECT_EQ(next_message(), Term(i));
      const Ref ref = spawn_request("nobody@localhost", "Kate.say_name");
      EXPECT_EQ(next_message().elements()[1], Term(ref));
    }
    EXPECT_EQ(process_info(self())->message_queue_len, 0u);
    EXPECT_EQ(process_info(self())->message_queue_bytes, 0u);
  });
}

TEST_P(RemoteSpawnTest, ANodeWithoutRoomSaysSystemLimit) {  // SIG-18
  NodeOptions small = options("kate");
  small.runtime.processes_max = 20;
  kate_ = start(small);
  alex_ = start("alex");
  start_system_on(*kate_, at_kate_, true);
  start_system_on(*alex_, at_alex_, false);
  on_alex([] {
    Term reply;
    for (int i = 0; i < 40; ++i) {
      const Ref ref = spawn_request(kKate, "Kate.waits", {self()});
      reply = *receive_if([&](const Term& each) { return each.is_tuple(4) && each.elements()[1] == Term(ref); }, 10s);
    }
    EXPECT_EQ(reply.elements()[3], Term(atoms::system_limit));
    EXPECT_EQ(reason_of([] { spawn(kKate, "Kate.say_name"); }), Term(atoms::system_limit));
    EXPECT_EQ(rpc::call(kKate, kAdd, 1, 2), elixir("{:badrpc, {:EXIT, :system_limit}}"));
  });
}

TEST_P(RemoteSpawnTest, ANodeThatRunsNobodysCodeSaysSo) {
  kate_ = start("kate");
  alex_ = start("alex");
  on_alex([] { EXPECT_EQ(reason_of([] { spawn(kKate, "Kate.say_name"); }), Term("notsup"_atom)); });
}

TEST_P(RemoteSpawnTest, ArgumentsThatCannotLeaveTheirNodeAreTheSpawnersMistake) {
  start_both();
  on_alex([] {
    const Term reason = reason_of([] { spawn(kKate, "Kate.echo", {Term::object(std::make_shared<int>(1))}); });
    EXPECT_NE(reason.text().find("C++ object"), std::string::npos) << reason.text();
    EXPECT_EQ(rpc::call(kKate, kAdd, 1, 2), Term(3)) << "the link is untouched";
  });
}

TEST_P(RemoteSpawnTest, ProcessesFromElsewhereBeginOnTheLeastLoadedCore) {
  start_both(2);
  on_alex([] {
    std::vector<Pid> pids;
    for (int i = 0; i < 20; ++i) {
      pids.push_back(spawn(kKate, kWaits, self()));
      EXPECT_TRUE(next_message().elements()[0].is_atom("waits"_atom));
    }
    const auto on_core = [&](unsigned core) {
      return std::count_if(pids.begin(), pids.end(), [&](const Pid& pid) { return pid.core() == core; });
    };
    EXPECT_GE(on_core(0), 5);
    EXPECT_GE(on_core(1), 5);
  });
}

}  // namespace
}  // namespace pulpo::remote_spawn_test
