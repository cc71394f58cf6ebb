// SPDX-License-Identifier: Apache-2.0
//
// What a handler says besides its reply: continue_with(), idle_after(), stop_with().
#include <stdexcept>

#include "pulpo/gen_server.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::server_turn_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::receive_exactly;

class ServerTurnTest : public testing::OnEachLoop {};
PULPO_ON_EACH_LOOP(ServerTurnTest);

struct Do {
  using Message = Call<"do", Term>;
  std::string what;
};
struct DoLater {
  using Message = Call<"do_later", Term>;
  std::string what;
};
struct Told {
  using Message = Cast<"told">;
  std::string what;
};
struct Heard {
  using Message = Info<"heard">;
  std::string what;
};
struct Load {
  using Message = Continue<"load">;
  std::string what;
};

/// Tells its witness what it does, and does what it is told.
class Actor {
 public:
  using Protocol = pulpo::Protocol<Do, DoLater, Told, Heard, Load>;
  Actor(std::string in_init, Pid witness) : witness_(witness) { act(in_init); }
  Term handle_call(const Do& order) {
    act(order.what);
    return order.what;
  }
  void handle_call(const DoLater& order, From<DoLater> from) {
    act(order.what);
    if (order.what == "reply, then stop") {
      from.reply("at once");
      stop_with("why"_atom);
    }
  }
  void handle_cast(const Told& order) {
    tell("cast", order.what);
    act(order.what);
  }
  void handle_info(const Heard& order) {
    tell("info", order.what);
    act(order.what);
  }
  void handle_info(const Idle&) {
    tell("idle", "");
    act(std::exchange(when_idle_, ""));
  }
  void handle_continue(const Load& load) {
    tell("continue", load.what);
    act(load.what);
  }
  void terminate(const Term& reason) {
    tell("terminate", reason.text());
    if (raise_at_end_) throw std::runtime_error("at the end");
  }
  [[nodiscard]] Term describe() const { return "state"; }

 private:
  void tell(const char* what, const std::string& text) {
    if (witness_) send(witness_, Term::tuple({Atom(what), text}));
  }
  void act(const std::string& what) {
    if (what == "continue") continue_with(Load{"loaded"});
    if (what == "continue twice") {
      continue_with(Load{"one"});
      continue_with(Load{"two"});
    }
    if (what == "go on") continue_with(Load{"continue"});
    if (what == "continue and stop") continue_with(Load{"stop"});
    if (what == "continue and raise") continue_with(Load{"raise"});
    if (what == "idle") idle_after(20ms);
    if (what == "idle at once") idle_after(0ms);
    if (what == "idle, then stop") idle_after(1ms), when_idle_ = "stop";
    if (what == "continue, then idle") continue_with(Load{"idle"});
    if (what == "stop") stop_with("why"_atom);
    if (what == "stop normally") stop_with(atoms::normal);
    if (what == "stop, raising") stop_with("why"_atom), raise_at_end_ = true;
    if (what == "stop, but raise") {
      stop_with("why"_atom);
      throw std::runtime_error("instead");
    }
    if (what == "raise") throw std::runtime_error("the text");
    if (what == "wait") (void)receive_any();
  }

  Pid witness_;
  std::string when_idle_;
  bool raise_at_end_ = false;
};

bool told(const char* what, const std::string& text) { return receive_exactly(Term::tuple({Atom(what), text})); }
/// The next message is that one.
bool told_next(const char* what, const std::string& text) { return receive_any(5s) == Term::tuple({Atom(what), text}); }

Pid started(const char* in_init = "") { return pulpo::start<Actor>({}, in_init, self()).value(); }

// --- continue ---------------------------------------------------------------------------------------------

TEST_P(ServerTurnTest, AContinueOfInitRunsBeforeAnyMessage) {  // GS-2, GS-9
  run([] {
    const Pid me = self();
    // Told by another process as soon as the name is there: before init has returned, and so before the continue.
    spawn([me] {
      (void)testing::eventually([] { return whereis("Elixir.Actor"_atom).has_value(); });
      cast(Address("Elixir.Actor"_atom), Told{"early"});
      send(me, "sent"_atom);
    });
    class Slow : public Actor {
     public:
      explicit Slow(Pid witness) : Actor("continue", witness) { sleep(20ms); }
    };
    ASSERT_TRUE(pulpo::start<Slow>({.name = "Actor"}, me));
    EXPECT_TRUE(receive_exactly("sent"_atom));
    EXPECT_TRUE(told_next("continue", "loaded"));
    EXPECT_TRUE(told_next("cast", "early"));
    EXPECT_TRUE(stop(Address("Elixir.Actor"_atom)));
  });
}

/// Continues as long as it takes.
class Loader {
 public:
  using Protocol = pulpo::Protocol<Load>;
  explicit Loader(Pid witness) : witness_(witness) { continue_with(Load{}); }
  void handle_continue(const Load&) {
    (void)receive_any();
    send(witness_, "loaded"_atom);
  }

 private:
  Pid witness_;
};

TEST_P(ServerTurnTest, StartReturnsBeforeTheContinueOfInit) {  // GS-2
  run(
      [] {
        for (const unsigned core : {0u, 1u}) {
          const auto pid = start_link<Loader>({.core = core}, self());
          ASSERT_TRUE(pid) << "it would wait for ever";
          EXPECT_FALSE(receive_any(1ms));
          send(*pid, "go"_atom);
          EXPECT_TRUE(receive_exactly("loaded"_atom));
          EXPECT_TRUE(stop(*pid));
        }
      },
      {.cores = 2});
}

TEST_P(ServerTurnTest, AServerGoesOnWhenItsStarterEndsWithoutAsking) {  // GS-2
  run(
      [] {
        const Pid me = self();
        class Slow : public Actor {
         public:
          explicit Slow(Pid witness) : Actor("continue", witness) {
            (void)receive_any();  // its starter's question: as if that had never been asked
            send(witness, Term::tuple({"init"_atom, self()}));
          }
        };
        const Pid starter = spawn([me] { (void)pulpo::start<Slow>({.core = 1}, me); });
        const auto init = receive_any(5s);
        ASSERT_TRUE(init && init->is_tuple(2));
        const Pid server = init->elements()[1].pid();
        exit(starter, atoms::kill);
        (void)testing::end_of(starter);
        EXPECT_TRUE(told("continue", "loaded"));
        EXPECT_EQ(call(server, Do{"still there"}), Term("still there"));
        EXPECT_TRUE(stop(server));
      },
      {.cores = 2});
}

TEST_P(ServerTurnTest, AContinueOfAHandlerRunsBeforeTheNextMessage) {  // GS-9
  run([] {
    const Pid pid = started();
    cast(pid, Told{"continue"});
    cast(pid, Told{"after"});
    EXPECT_TRUE(told_next("cast", "continue"));
    EXPECT_TRUE(told_next("continue", "loaded"));
    EXPECT_TRUE(told_next("cast", "after"));
    EXPECT_EQ(call(pid, Do{"continue twice"}), Term("continue twice")) << "{:reply, R, S, {:continue, X}}: the reply is sent";
    EXPECT_TRUE(told_next("continue", "one"));
    EXPECT_TRUE(told_next("continue", "two"));
    send(pid, Heard{"go on"});
    EXPECT_TRUE(told_next("info", "go on"));
    EXPECT_TRUE(told_next("continue", "continue")) << "a continue may continue";
    EXPECT_TRUE(told_next("continue", "loaded"));
    EXPECT_FALSE(try_call(pid, DoLater{"continue"}, {.timeout = 5ms})) << "{:noreply, S, {:continue, X}}";
    EXPECT_TRUE(told_next("continue", "loaded"));
    EXPECT_TRUE(stop(pid));
  });
}

TEST_P(ServerTurnTest, AContinueMayStopItsServerOrFail) {  // GS-9, GS-14, GS-15
  run([] {
    CapturedLog log;
    const auto in_init = start_monitor<Actor>({}, "continue and stop", self()).value();
    EXPECT_EQ(testing::down_reason(in_init.monitor), Term("why"_atom));
    EXPECT_TRUE(told("terminate", ":why"));
    const auto in_cast = start_monitor<Actor>({}, "", self()).value();
    cast(in_cast.pid, Told{"continue and stop"});
    EXPECT_EQ(testing::down_reason(in_cast.monitor), Term("why"_atom));
    EXPECT_TRUE(told("terminate", ":why"));
    EXPECT_EQ(log.count("terminating\n** (stop) :why\nLast message: {:continue, {:load, \"stop\"}}\nState: \"state\""), 2u) << log.all();
    const Pid pid = started();
    const Ref watched = monitor(pid);
    cast(pid, Told{"continue and raise"});
    EXPECT_EQ(testing::down_reason(watched), elixir("{:exception, \"std::runtime_error\", \"the text\"}"));
    EXPECT_TRUE(told("terminate", "{:exception, \"std::runtime_error\", \"the text\"}"));
    EXPECT_EQ(log.count("** (std::runtime_error) the text\nLast message: {:continue, {:load, \"raise\"}}"), 1u) << log.all();
  });
}

TEST_P(ServerTurnTest, AFailureInTheContinueOfInitIsReportedOnce) {  // GS-15
  run([] {
    CapturedLog log;
    const Pid pid = started("continue and raise");
    EXPECT_TRUE(told("terminate", "{:exception, \"std::runtime_error\", \"the text\"}"));
    EXPECT_TRUE(testing::eventually([pid] { return !is_alive(pid); }));
    EXPECT_EQ(log.count("the text"), 1u) << log.all();
  });
}

class Careless {
 public:
  using Protocol = pulpo::Protocol<Told>;
  void handle_cast(const Told&) { continue_with(Load{}); }
};

TEST_P(ServerTurnTest, AContinueThatNobodyTakesEndsTheServer) {  // GS-9
  run([] {
    CapturedLog log;
    const Pid pid = pulpo::start<Careless>({.name = "Careless"}).value();
    const Ref watched = monitor(pid);
    cast(pid, Told{});
    EXPECT_EQ(testing::down_reason(watched), elixir("{:function_clause, [{Careless, :handle_continue, [{:load, \"\"}]}]}"));
  });
}

TEST_P(ServerTurnTest, OnlyAServerMayAskForATurn) {
  run([] {
    EXPECT_EQ(testing::reason_of([] { idle_after(1s); }), elixir("{:badarg, \"idle_after: not in a server\"}"));
    EXPECT_EQ(testing::reason_of([] { stop_with(atoms::normal); }), elixir("{:badarg, \"stop_with: not in a server\"}"));
    EXPECT_EQ(testing::reason_of([] { continue_with(Load{}); }), elixir("{:badarg, \"continue_with: not in a server\"}"));
  });
}

// --- inactivity -------------------------------------------------------------------------------------------

TEST_P(ServerTurnTest, AnIdleServerIsToldOnce) {  // GS-10
  run([] {
    for (const char* in_init : {"idle", "idle at once", "continue, then idle"}) {
      const TimePoint before = precise_now();
      const Pid pid = started(in_init);
      if (std::string_view(in_init) == "continue, then idle") {
        EXPECT_TRUE(told_next("continue", "idle"));
      }
      EXPECT_TRUE(told_next("idle", "")) << in_init;
      if (std::string_view(in_init) != "idle at once") {
        EXPECT_GE(precise_now() - before, 20ms);
      }
      EXPECT_FALSE(receive_any(60ms)) << "it is not armed again by itself";
      EXPECT_TRUE(stop(pid));
      EXPECT_TRUE(told("terminate", ":normal"));
    }
  });
}

TEST_P(ServerTurnTest, AnyMessageCancelsTheWaitForInactivity) {  // GS-10
  run([] {
    const Pid pid = started();
    (void)call(pid, Do{"idle"});
    (void)call(pid, Do{"something else"});
    EXPECT_FALSE(receive_any(60ms)) << "a call came, and did not ask again";
    (void)call(pid, Do{"idle"});
    send(pid, Heard{"x"});
    EXPECT_TRUE(told_next("info", "x"));
    EXPECT_FALSE(receive_any(60ms)) << "an info came";
    (void)call(pid, Do{"idle"});
    CapturedLog log;
    send(pid, "unknown"_atom);
    EXPECT_FALSE(receive_any(60ms)) << "what no clause takes is a message too";
    (void)call(pid, Do{"idle"});
    (void)call(pid, Do{"idle"});
    EXPECT_TRUE(told_next("idle", ""));
    EXPECT_FALSE(receive_any(60ms)) << "the second took the place of the first";
    EXPECT_TRUE(stop(pid));
  });
}

TEST_P(ServerTurnTest, WhatWaitsInTheMailboxComesBeforeATimeoutOfZero) {  // GS-10
  run([] {
    const Pid pid = started();
    cast(pid, Told{"idle at once"});
    cast(pid, Told{"next"});
    EXPECT_TRUE(told_next("cast", "idle at once"));
    EXPECT_TRUE(told_next("cast", "next"));
    EXPECT_FALSE(receive_any(10ms));
    cast(pid, Told{"idle at once"});
    EXPECT_TRUE(told_next("cast", "idle at once"));
    EXPECT_TRUE(told_next("idle", ""));
    EXPECT_TRUE(stop(pid));
  });
}

TEST_P(ServerTurnTest, ASystemMessageDoesNotCancelTheWaitForInactivity) {  // GS-10
  run([] {
    const Pid pid = started("idle");
    EXPECT_EQ(*get_state(pid), Term("state"));
    EXPECT_TRUE(told_next("idle", ""));
    EXPECT_TRUE(stop(pid));
  });
}

TEST_P(ServerTurnTest, AnIdleServerMayStop) {  // GS-9, GS-10
  run([] {
    CapturedLog log;
    const Pid pid = started();
    const Ref watched = monitor(pid);
    (void)call(pid, Do{"idle, then stop"});
    EXPECT_EQ(testing::down_reason(watched), Term("why"_atom));
    EXPECT_EQ(log.count("** (stop) :why\nLast message: :timeout"), 1u) << log.all();
  });
}

TEST_P(ServerTurnTest, ATimerOfAKilledServerMeetsNobody) {  // GS-10
  run([] {
    const auto server = start_monitor<Actor>({}, "idle", self()).value();
    exit(server.pid, atoms::kill);
    EXPECT_EQ(testing::down_reason(server.monitor), Term(atoms::killed));
    EXPECT_FALSE(receive_any(60ms));
  });
}

// --- stop -------------------------------------------------------------------------------------------------

TEST_P(ServerTurnTest, AStopWithAReplyRunsTerminateFirst) {  // GS-11
  run([] {
    CapturedLog log;
    const Pid pid = started();
    const Ref watched = monitor(pid);
    const auto answer = try_call(pid, Do{"stop"});
    EXPECT_TRUE(receive_if([](const Term&) { return true; }, 0s) == Term::tuple({"terminate"_atom, ":why"})) << "terminate came first";
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(*answer, Term("stop"));
    EXPECT_EQ(testing::down_reason(watched), Term("why"_atom));
    EXPECT_EQ(log.count("** (stop) :why"), 1u) << log.all();
  });
}

TEST_P(ServerTurnTest, AStopWithAReplyRepliesAlsoWhenTerminateRaises) {  // GS-11
  run([] {
    CapturedLog log;
    const Pid pid = started();
    const Ref watched = monitor(pid);
    EXPECT_EQ(call(pid, Do{"stop, raising"}), Term("stop, raising"));
    EXPECT_EQ(testing::down_reason(watched), elixir("{:exception, \"std::runtime_error\", \"at the end\"}"));
  });
}

TEST_P(ServerTurnTest, AStopWithoutAReplyGivesTheCallerTheReason) {  // GS-9, GS-6
  run([] {
    CapturedLog log;
    const Pid pid = started();
    EXPECT_EQ(try_call(pid, DoLater{"stop"}).error().reason, Term("why"_atom));
    EXPECT_TRUE(told("terminate", ":why"));
    EXPECT_EQ(*try_call(started(), DoLater{"reply, then stop"}), Term("at once"));
    EXPECT_TRUE(told("terminate", ":why"));
  });
}

TEST_P(ServerTurnTest, ACastOrInfoMayStop) {  // GS-9, GS-14
  run([] {
    CapturedLog log;
    const Pid first = started();
    const Ref watched = monitor(first);
    cast(first, Told{"stop normally"});
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::normal));
    EXPECT_TRUE(told("terminate", ":normal"));
    const Pid second = started();
    const Ref watched_too = monitor(second);
    send(second, Heard{"stop normally"});
    EXPECT_EQ(testing::down_reason(watched_too), Term(atoms::normal));
    EXPECT_TRUE(told("terminate", ":normal"));
    EXPECT_EQ(log.all(), "") << "a normal end is no failure";
  });
}

TEST_P(ServerTurnTest, AnExceptionAfterStopWithIsTheReason) {  // GS-9
  run([] {
    CapturedLog log;
    const Pid pid = started();
    EXPECT_EQ(try_call(pid, Do{"stop, but raise"}).error().reason, elixir("{:exception, \"std::runtime_error\", \"instead\"}"));
  });
}

TEST_P(ServerTurnTest, StopWithInInitIsAnInitThatStops) {  // GS-2
  run([] {
    const auto pid = pulpo::start<Actor>({}, "stop", self());
    ASSERT_FALSE(pid);
    EXPECT_EQ(pid.error().reason, Term("why"_atom));
    EXPECT_FALSE(receive_any(5ms)) << "terminate does not run";
  });
}

}  // namespace
}  // namespace pulpo::server_turn_test
