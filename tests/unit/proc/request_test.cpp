// SPDX-License-Identifier: Apache-2.0
#include "proc/core.hpp"
#include "unit/proc/runtime_fixture.hpp"

namespace pulpo {
namespace {

using testing::down_reason;

class RequestTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(RequestTest);

/// {'$gen_call', {pid, ref}, body}, taken apart.
struct Asked {
  Pid from;
  Ref ref;
  Term body;
};
Asked take_request() {
  const Term term = *receive_any();
  const auto from = term.elements()[1].elements();
  return {from[0].pid(), from[1].ref(), term.elements()[2]};
}

Spawned echo_server(SpawnOptions options = {}) {
  return spawn_monitor(
      [] {
        for (;;) {
          const Asked asked = take_request();
          reply(asked.from, asked.ref, asked.body);
        }
      },
      options);
}

TEST_P(RequestTest, TheReplyIsWhatTheServerSaid) {
  run([] { EXPECT_EQ(*request(echo_server().pid, 7), Term(7)); });
}

TEST_P(RequestTest, AThousandCallersEachGetTheirOwnReply) {
  run([] {
    const Pid server = echo_server().pid;
    std::vector<Ref> callers;
    for (int i = 0; i < 1000; ++i) {
      callers.push_back(spawn_monitor([server, i] {
                          for (int k = 0; k < 20; ++k) {
                            if (!(*request(server, i * 100 + k) == Term(i * 100 + k))) exit("mixed_up"_atom);
                          }
                        }).monitor);
    }
    for (const Ref& caller : callers) ASSERT_EQ(down_reason(caller), Term(atoms::normal));
  });
}

TEST_P(RequestTest, ARequestToNobodyFailsAtOnceWithNoproc) {  // GS-6
  run([] {
    EXPECT_EQ(request("nobody"_atom, 1).error().code, Errc::noproc);
    const auto dead = spawn_monitor([] {});
    (void)down_reason(dead.monitor);
    EXPECT_EQ(request(dead.pid, 1).error().reason, Term(atoms::noproc));
  });
}

TEST_P(RequestTest, ARequestToOneselfIsRefused) {  // GS-6
  run([] { EXPECT_EQ(request(self(), 1).error().reason, Term(atoms::calling_self)); });
}

TEST_P(RequestTest, AServerThatEndsBeforeItRepliesGivesItsReasonToEveryCaller) {  // GS-6
  // One request is being worked on, one was put aside, one still waits in the mailbox.
  run([] {
    const Pid server = spawn([] {
      (void)take_request();
      (void)take_request();
      exit("bad"_atom);
    });
    std::vector<Ref> callers;
    for (int i = 0; i < 3; ++i) {
      callers.push_back(spawn_monitor([server] {
                          const auto answer = request(server, 1);
                          exit(answer ? Term("answered"_atom) : answer.error().reason);
                        }).monitor);
    }
    for (const Ref& caller : callers) EXPECT_EQ(down_reason(caller), Term("bad"_atom));
  });
}

TEST_P(RequestTest, AReplyAfterTheTimeoutNeverReachesTheMailbox) {  // GS-7
  run([] {
    const Pid me = self();
    const Pid late = spawn([me] {
      const Asked asked = take_request();
      (void)receive_any();
      reply(asked.from, asked.ref, "late"_atom);
      send(me, "replied"_atom);
    });
    EXPECT_EQ(request(late, 1, 5ms).error().code, Errc::timeout);
    send(late, "go"_atom);
    EXPECT_EQ(*receive_any(5s), Term("replied"_atom));
    EXPECT_FALSE(receive_any(0s));
  });
}

TEST_P(RequestTest, AnybodyMayReplyLaterForTheServer) {  // GS-12
  run([] {
    const Pid server = spawn([] {
      const Asked asked = take_request();
      spawn([asked, server = self()] { reply(asked.from, asked.ref, "from_another"_atom, server); });
      (void)receive_any();
    });
    EXPECT_EQ(*request(server, 1), Term("from_another"_atom));
    exit(server, atoms::kill);
  });
}

TEST_P(RequestTest, ACallerThatIsKilledWhileItWaitsLeavesNothingBehind) {
  run([] {
    const auto server = echo_server();
    const auto busy = spawn_monitor([] { (void)receive_if([](const Term&) { return false; }); });
    const auto caller = spawn_monitor([&] { (void)request(busy.pid, 1); });
    yield();
    exit(caller.pid, atoms::kill);
    EXPECT_EQ(down_reason(caller.monitor), Term(atoms::killed));
    EXPECT_EQ(*request(server.pid, 2), Term(2));
    exit(busy.pid, atoms::kill);
    EXPECT_EQ(down_reason(busy.monitor), Term(atoms::killed));
  });
}

TEST_P(RequestTest, ARefusedRequestGivesTheReasonAndTheServerLivesOn) {
  run([] {
    const Pid server = spawn([] {
      const Asked first = take_request();
      refuse(first.from, first.ref, "function_clause"_atom);
      const Asked second = take_request();
      reply(second.from, second.ref, "ok"_atom);
    });
    const auto refused = request(server, 1);
    EXPECT_EQ(refused.error().code, Errc::exited);
    EXPECT_EQ(refused.error().reason, Term("function_clause"_atom));
    EXPECT_EQ(*request(server, 2), Term("ok"_atom));
  });
}

TEST_P(RequestTest, TheGroupLeaderIsInheritedFromTheSpawner) {  // AC-55
  run([] {
    const Pid leader = self();
    set_group_leader(leader);
    const Pid me = self();
    spawn([me] { spawn([me] { send(me, Term(group_leader())); }); });
    EXPECT_EQ(*receive_any(5s), Term(leader));
  });
}

TEST_P(RequestTest, AServerOwesNothingToCallersThatWereKilled) {
  // Goal:   callers that are ended while they wait leave nothing with a server that never replies.
  // Method: the server passes the requests on to us as they come; when it ends, only the living caller is told.
  run([] {
    const Pid me = self();
    const auto server = spawn_monitor([me] {
      for (;;) {
        (void)take_request();
        send(me, "taken"_atom);
      }
    });
    const auto killed = spawn_monitor([&] { (void)request(server.pid, 1); });
    ASSERT_TRUE(testing::receive_exactly("taken"_atom));
    exit(killed.pid, atoms::kill);
    EXPECT_EQ(down_reason(killed.monitor), Term(atoms::killed));
    EXPECT_EQ(Core::here().find(server.pid)->relations->owed.size(), 0u);
    exit(server.pid, atoms::kill);
    EXPECT_EQ(down_reason(server.monitor), Term(atoms::killed));
  });
}

TEST_P(RequestTest, OnANodeWithoutANameOtherNodesAreDownAtOnce) {  // NODE-4, GS-6, SIG-17
  run([] {
    const Address elsewhere("echo"_atom, "a@altair"_atom);
    EXPECT_EQ(request(elsewhere, 1).error().reason, Term::tuple({atoms::nodedown, "a@altair"_atom}));
    EXPECT_EQ(down_reason(monitor(elsewhere)), Term(atoms::noconnection));
    send(elsewhere, 1);  // dropped
  });
}

TEST_P(RequestTest, AServerByNameIsFoundAtEachCall) {  // GS-19
  run([] {
    SpawnOptions named;
    named.name = "echo"_atom;
    const auto first = echo_server(named);
    EXPECT_EQ(*request("echo"_atom, 1), Term(1));
    exit(first.pid, atoms::kill);
    (void)down_reason(first.monitor);
    EXPECT_EQ(request("echo"_atom, 1).error().code, Errc::noproc);
    (void)echo_server(named);
    EXPECT_EQ(*request("echo"_atom, 2), Term(2));
  });
}

/// A server that answers each request when the next message comes.
class Deferring final : public Body {
 public:
  bool start() override { return true; }
  void handle(const Message& message) override {
    if (message.kind == Signal::request) {
      from_ = message.from;
      ref_ = message.ref;
    } else {
      reply(from_, ref_, message.body);
    }
  }

 private:
  Pid from_{};
  Ref ref_{};
};

TEST_P(RequestTest, ARequestThatIsAnsweredLaterIsOwedNoMore) {
  run([] {
    const Pid server = try_spawn(std::make_unique<Deferring>(), {})->pid;
    for (int i = 0; i < 10; ++i) {
      const auto caller = spawn_monitor([server] { EXPECT_EQ(*request(server, 1), Term("later"_atom)); });
      yield();
      send(server, "later"_atom);
      EXPECT_EQ(down_reason(caller.monitor), Term(atoms::normal));
    }
    const Process* const process = Core::here().find(server);
    ASSERT_NE(process, nullptr);
    EXPECT_EQ(process->has_relations() ? process->relations->owed.size() : 0, 0u);
    exit(server, atoms::kill);
  });
}

}  // namespace
}  // namespace pulpo
