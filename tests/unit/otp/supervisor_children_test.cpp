// SPDX-License-Identifier: Apache-2.0
//
// Children that are added to a running supervisor, and those whose end ends it.
#include <stdexcept>

#include "pulpo/supervisor.hpp"
#include "unit/otp/support.hpp"

namespace pulpo::supervisor_children_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;

class SupervisorChildrenTest : public testing::OnEachLoop {
 protected:
  CapturedLog log_;
};
PULPO_ON_EACH_LOOP(SupervisorChildrenTest);

class SupervisorWaitTest : public SupervisorChildrenTest {};
PULPO_ON_THE_SIMULATED_LOOP(SupervisorWaitTest);

struct Crash {
  using Message = Cast<"crash">;
  Term reason;
};

/// Tells `witness` {:up, id, pid} and {:down, id, reason}, and takes `patience` to end.
class Child {
 public:
  using Protocol = pulpo::Protocol<Crash>;
  Child(std::string id, Pid witness, Duration patience) : id_(std::move(id)), witness_(witness), patience_(patience) {
    trap_exit(true);
    send(witness_, Term::tuple({"up"_atom, id_, self()}));
  }
  void handle_cast(const Crash& crash) { exit(crash.reason); }
  void terminate(const Term& reason) {
    if (patience_ > Duration::zero()) sleep(patience_);
    send(witness_, Term::tuple({"down"_atom, id_, reason}));
  }

 private:
  std::string id_;
  Pid witness_;
  Duration patience_;
};

ChildSpec kid(const char* id, ChildOptions options = {}, Duration patience = Duration::zero()) {
  options.id = Term(id);
  return worker<Child>(options, id, self(), patience);
}

/// The pid of the child of that id; nobody's when it does not run.
Pid pid_of(const Pid& supervisor, const char* id) {
  const auto children = which_children(supervisor).value();
  for (const ChildInfo& each : children) {
    if (each.id == Term(id) && each.child.is_pid()) return each.child.pid();
  }
  return {};
}

/// "up a" or "down a": the next thing that a child says.
std::string next() {
  const auto told = receive_if([](const Term& term) { return term.is_tuple(3) && !term.elements()[0].is_atom(atoms::EXIT); }, 5s);
  if (!told) return "nothing";
  return std::string(told->elements()[0].atom().text()) + " " + told->elements()[1].as_text().value_or("?");
}

struct Ignores {
  Ignores() { ignore(); }
};

TEST_P(SupervisorChildrenTest, AChildThatIsAddedIsTheLastInTheOrder) {  // SUP-11
  run([] {
    const Pid supervisor = start_supervisor({.strategy = rest_for_one, .children = {kid("a")}}).value();
    const Pid b = start_child(supervisor, kid("b")).value();
    EXPECT_EQ(pid_of(supervisor, "b"), b);
    ASSERT_TRUE(start_child(supervisor, kid("c")));
    for (const char* expected : {"up a", "up b", "up c"}) EXPECT_EQ(next(), expected);
    cast(b, Crash{"boom"_atom});
    for (const char* expected : {"down b", "down c", "up b", "up c"}) EXPECT_EQ(next(), expected);
    EXPECT_TRUE(stop(supervisor));
    for (const char* expected : {"down c", "down b", "down a"}) EXPECT_EQ(next(), expected);
  });
}

TEST_P(SupervisorChildrenTest, AnIdThatIsThereIsRefused) {  // SUP-11
  run([] {
    const Pid supervisor = start_supervisor({.children = {kid("a")}}).value();
    const Pid a = pid_of(supervisor, "a");
    const auto again = start_child(supervisor, kid("a"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::refused);
    EXPECT_EQ(again.error().reason, Term::tuple({atoms::already_started, a}));
    EXPECT_TRUE(terminate_child(supervisor, "a"));
    EXPECT_EQ(start_child(supervisor, kid("a")).error().reason, Term("already_present"_atom));
    EXPECT_TRUE(delete_child(supervisor, "a"));
    EXPECT_TRUE(start_child(supervisor, kid("a")));
  });
}

TEST_P(SupervisorChildrenTest, AnAddedChildThatDoesNotStartIsNotKept) {  // SUP-11
  run([this] {
    const Pid supervisor = start_supervisor({}).value();
    const auto add = [&](std::function<Result<Pid>(std::optional<unsigned>)> start) {
      const auto added = start_child(supervisor, child({.id = Term("x")}, std::move(start)));
      EXPECT_FALSE(added);
      return added ? Term() : added.error().reason;
    };
    EXPECT_EQ(add([](std::optional<unsigned>) -> Result<Pid> { return Error{Errc::exited, "sorry"_atom}; }), Term("sorry"_atom));
    EXPECT_EQ(add([](std::optional<unsigned>) -> Result<Pid> { throw std::runtime_error("no"); }),
              elixir("{:exception, \"std::runtime_error\", \"no\"}"));
    EXPECT_EQ(add([](std::optional<unsigned>) -> Result<Pid> { exit("enough"_atom); }), Term("enough"_atom));
    EXPECT_EQ(add([](std::optional<unsigned>) -> Result<Pid> { return Pid{}; }), elixir("{:bad_return_value, nil}"));
    EXPECT_EQ(add({}), elixir("{:invalid_child_spec, \"x\"}"));
    EXPECT_EQ(call(supervisor, Term::tuple({"start_child"_atom, 42})), elixir("{:error, {:invalid_child_spec, 42}}"));
    EXPECT_EQ(count_children(supervisor)->specs, 0u);
    EXPECT_TRUE(is_alive(supervisor));
    EXPECT_EQ(log_.count("Child"), 0u) << log_.all();
  });
}

TEST_P(SupervisorChildrenTest, AnAddedChildThatIsIgnoredIsKeptUnlessItIsTemporary) {  // SUP-3, SUP-11
  run([] {
    const Pid supervisor = start_supervisor({}).value();
    EXPECT_TRUE(is_ignore(start_child(supervisor, worker<Ignores>({.id = Term("kept")})).error()));
    EXPECT_TRUE(is_ignore(start_child(supervisor, worker<Ignores>({.id = Term("dropped"), .restart = Restart::temporary})).error()));
    EXPECT_EQ(count_children(supervisor)->specs, 1u);
    EXPECT_TRUE(is_ignore(restart_child(supervisor, "kept").error()));
    EXPECT_EQ(start_child(supervisor, worker<Ignores>({.id = Term("kept")})).error().reason, Term("already_present"_atom));
  });
}

TEST_P(SupervisorChildrenTest, ATemporaryChildThatIsTerminatedIsForgotten) {  // SUP-4, SUP-11
  run([] {
    const Pid supervisor = start_supervisor({}).value();
    ASSERT_TRUE(start_child(supervisor, kid("t", {.restart = Restart::temporary})));
    EXPECT_TRUE(terminate_child(supervisor, "t"));
    EXPECT_EQ(terminate_child(supervisor, "t").error().reason, Term("not_found"_atom));
    EXPECT_TRUE(start_child(supervisor, kid("t", {.restart = Restart::temporary})));
  });
}

TEST_P(SupervisorChildrenTest, ASupervisorChildMayHaveARestartAndAnIdOfItsOwn) {  // SUP-2
  run([] {
    const Pid top = start_supervisor({}).value();
    const Pid inner =
        start_child(top, supervisor({.id = Term("inner"), .restart = Restart::temporary}, {.name = "Inner", .children = {kid("a")}}))
            .value();
    EXPECT_EQ(whereis("Elixir.Inner"_atom), inner);
    EXPECT_EQ(which_children(top)->front().id, Term("inner"));
    exit(inner, atoms::kill);
    EXPECT_TRUE(eventually([&] { return count_children(top)->specs == 0; }));
  });
}

TEST_P(SupervisorChildrenTest, AChildIsSignificantOnlyWhereItsEndMayEndTheSupervisor) {  // SUP-2, SUP-13
  run([] {
    trap_exit(true);
    const auto never = start_supervisor({.children = {kid("a", {.restart = Restart::transient, .significant = true})}});
    EXPECT_EQ(never.error().reason, elixir("{:start_spec, {:bad_combination, [auto_shutdown: :never, significant: true]}}"));
    const auto permanent =
        start_supervisor({.auto_shutdown = AutoShutdown::any_significant, .children = {kid("a", {.significant = true})}});
    EXPECT_EQ(permanent.error().reason, elixir("{:start_spec, {:bad_combination, [restart: :permanent, significant: true]}}"));
    const Pid supervisor = start_supervisor({}).value();
    EXPECT_EQ(start_child(supervisor, kid("a", {.restart = Restart::temporary, .significant = true})).error().reason,
              elixir("{:bad_combination, [auto_shutdown: :never, significant: true]}"));
  });
}

TEST_P(SupervisorChildrenTest, AnySignificantChildsEndEndsTheSupervisor) {  // SUP-13
  run([this] {
    trap_exit(true);
    const Pid supervisor = start_supervisor({.auto_shutdown = AutoShutdown::any_significant,
                                             .children = {kid("a"), kid("b", {.restart = Restart::transient, .significant = true}),
                                                          kid("c", {.restart = Restart::temporary})}})
                               .value();
    const Ref watched = monitor(supervisor);
    for (const char* expected : {"up a", "up b", "up c"}) EXPECT_EQ(next(), expected);
    cast(pid_of(supervisor, "c"), Crash{atoms::normal});
    EXPECT_EQ(next(), "down c");
    cast(pid_of(supervisor, "b"), Crash{"boom"_atom});
    EXPECT_EQ(next(), "down b");
    EXPECT_EQ(next(), "up b") << "one that is started again has not ended";
    EXPECT_TRUE(terminate_child(supervisor, "b"));
    EXPECT_EQ(next(), "down b");
    EXPECT_TRUE(is_alive(supervisor)) << "nor has one ended by itself that was told to";
    EXPECT_TRUE(restart_child(supervisor, "b"));
    EXPECT_EQ(next(), "up b");
    cast(pid_of(supervisor, "b"), Crash{atoms::normal});
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
    EXPECT_EQ(next(), "down b");
    EXPECT_EQ(next(), "down a");
    EXPECT_EQ(log_.count("caused shutdown"), 0u) << log_.all();
  });
}

TEST_P(SupervisorChildrenTest, TheLastSignificantChildsEndEndsTheSupervisor) {  // SUP-13
  run([] {
    trap_exit(true);
    const Pid supervisor = start_supervisor({.auto_shutdown = AutoShutdown::all_significant,
                                             .children = {kid("a"), kid("b", {.restart = Restart::transient, .significant = true}),
                                                          kid("c", {.restart = Restart::temporary, .significant = true})}})
                               .value();
    const Ref watched = monitor(supervisor);
    const Pid c = pid_of(supervisor, "c");
    cast(pid_of(supervisor, "b"), Crash{atoms::normal});
    EXPECT_TRUE(eventually([&] { return !pid_of(supervisor, "b"); }));
    EXPECT_TRUE(is_alive(supervisor));
    cast(c, Crash{"boom"_atom});
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
  });
}

TEST_P(SupervisorWaitTest, WhatComesWhileAChildIsStoppedIsHandledAfterwardsInItsOrder) {  // SUP-10, SUP-14
  // Goal:   while a child takes its time to end, nobody is answered; then a crash, a question and the parent's exit each have their turn.
  run([] {
    const Pid me = self();
    const Pid parent = spawn([me] {
      const Pid supervisor = start_supervisor({.children = {worker<Child>({.id = Term("a")}, "a", me, Duration(0)),
                                                            worker<Child>({.id = Term("slow")}, "slow", me, Duration(2s))}})
                                 .value();
      send(me, supervisor);
      (void)receive_any();
      exit("enough"_atom);
    });
    const Pid supervisor = receive_if([](const Term& term) { return term.is_pid(); }, 5s)->pid();
    const Pid a = pid_of(supervisor, "a");
    const Ref watched = monitor(supervisor);
    for (const char* expected : {"up a", "up slow"}) EXPECT_EQ(next(), expected);
    const TimePoint before = now();
    spawn([=] { EXPECT_TRUE(terminate_child(supervisor, "slow")); });
    sleep(100ms);
    cast(a, Crash{"boom"_atom});
    EXPECT_EQ(next(), "down a");
    send(supervisor, "hello"_atom);
    const Ref asked = spawn_monitor([=] {
                        EXPECT_NE(pid_of(supervisor, "a"), Pid{}) << "it had crashed before, and is started again first";
                        EXPECT_NE(pid_of(supervisor, "a"), a);
                      }).monitor;
    sleep(100ms);
    EXPECT_TRUE(is_alive(supervisor));
    EXPECT_EQ(next(), "down slow");
    EXPECT_GE(now() - before, 2s);
    EXPECT_EQ(next(), "up a");
    EXPECT_EQ(testing::down_reason(asked), Term(atoms::normal));
    send(parent, "go"_atom);
    EXPECT_EQ(testing::down_reason(watched), Term("enough"_atom));
    EXPECT_EQ(next(), "down a");
  });
}

TEST_P(SupervisorWaitTest, ItsParentsExitWaitsUntilAChildHasStopped) {  // SUP-10, SUP-14
  run([] {
    const Pid me = self();
    const Pid parent = spawn([me] {
      send(me, start_supervisor({.children = {worker<Child>({.id = Term("slow")}, "slow", me, Duration(2s))}}).value());
      (void)receive_any();
      exit("enough"_atom);
    });
    const Pid supervisor = receive_if([](const Term& term) { return term.is_pid(); }, 5s)->pid();
    const Ref watched = monitor(supervisor);
    const Ref asked = spawn_monitor([=] { EXPECT_TRUE(terminate_child(supervisor, "slow")) << "it is answered before"; }).monitor;
    sleep(100ms);
    send(parent, "go"_atom);
    EXPECT_EQ(testing::down_reason(watched), Term("enough"_atom));
    EXPECT_EQ(testing::down_reason(asked), Term(atoms::normal));
  });
}

}  // namespace
}  // namespace pulpo::supervisor_children_test
