// SPDX-License-Identifier: Apache-2.0
#include "pulpo/supervisor.hpp"

#include <atomic>
#include <stdexcept>

#include "unit/otp/support.hpp"

namespace pulpo::supervisor_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::end_of;
using testing::eventually;

class SupervisorTest : public testing::OnEachLoop {
 protected:
  CapturedLog log_;  ///< Crashes are what these tests are about.
};
PULPO_ON_EACH_LOOP(SupervisorTest);

class SupervisorPeriodTest : public SupervisorTest {};
PULPO_ON_THE_SIMULATED_LOOP(SupervisorPeriodTest);

struct Crash {
  using Message = Cast<"crash">;
  Term reason;
};
struct Who {
  using Message = Call<"who", std::string>;
};

/// Tells `witness` {:up, id, pid} and {:down, id, reason}.
class Child {
 public:
  using Protocol = pulpo::Protocol<Crash, Who>;
  Child(std::string id, Pid witness) : id_(std::move(id)), witness_(witness) {
    trap_exit(true);
    send(witness_, Term::tuple({"up"_atom, id_, self()}));
  }
  std::string handle_call(const Who&) { return id_; }
  void handle_cast(const Crash& crash) {
    if (crash.reason.is_atom("throw"_atom)) throw std::runtime_error("crashed");
    exit(crash.reason);
  }
  void terminate(const Term& reason) { send(witness_, Term::tuple({"down"_atom, id_, reason})); }

 private:
  std::string id_;
  Pid witness_;
};

/// The next {what, id, _} for `id`; its third element.
Term next(std::string_view what, std::string_view id) {
  const auto told = receive_if(
      [&](const Term& term) { return term.is_tuple(3) && term.elements()[0].is_atom(Atom(what)) && term.elements()[1] == Term(id); }, 5s);
  EXPECT_TRUE(told) << "nobody said " << what << " " << id;
  return told ? told->elements()[2] : Term();
}
Pid up(std::string_view id) {
  const Term pid = next("up", id);
  return pid.is_pid() ? pid.pid() : Pid{};
}
/// True when nobody has said {what, id, _}.
bool silent(std::string_view what, std::string_view id) {
  return !receive_if(
      [&](const Term& term) { return term.is_tuple(3) && term.elements()[0].is_atom(Atom(what)) && term.elements()[1] == Term(id); }, 0s);
}

ChildSpec kid(const char* id, ChildOptions options = {}) {
  options.id = Term(id);
  return worker<Child>(options, id, self());
}

TEST_P(SupervisorTest, ChildrenStartInOrderAndStopInReverse) {  // SUP-3, SUP-9
  run([] {
    const Pid supervisor = start_supervisor({.name = "Top", .children = {kid("a"), kid("b"), kid("c")}}).value();
    for (const char* id : {"a", "b", "c"}) {
      const auto told = receive_any(5s);
      ASSERT_TRUE(told && told->is_tuple(3));
      EXPECT_EQ(told->elements()[1], Term(id));
    }
    EXPECT_TRUE(stop(supervisor));
    for (const char* id : {"c", "b", "a"}) {
      EXPECT_EQ(receive_any(5s)->text(), "{:down, \"" + std::string(id) + "\", :shutdown}");
    }
    EXPECT_FALSE(whereis("Elixir.Top"_atom));
  });
}

TEST_P(SupervisorTest, APermanentChildIsStartedAgainWithItsNameAndArguments) {  // SUP-4, SUP-5
  run([this] {
    (void)start_supervisor({.name = "Top", .children = {kid("a", {.name = "Kid"}), kid("b")}}).value();
    const Pid first = up("a");
    const Pid other = up("b");
    cast(Address("Elixir.Kid"_atom), Crash{"boom"_atom});
    const Pid second = up("a");
    EXPECT_NE(first, second);
    EXPECT_TRUE(eventually([] { return whereis("Elixir.Kid"_atom).has_value(); }));
    EXPECT_EQ(call(Address("Elixir.Kid"_atom), Who{}), "a");
    EXPECT_TRUE(is_alive(other)) << "one_for_one";
    EXPECT_EQ(
        log_.count("[error] Child \"a\" of Supervisor Top terminated\n** (exit) :boom\nPid: " + Term(first).text() + "\nStart Call: "), 1u)
        << log_.all();
    EXPECT_EQ(log_.count("\nRestart: :permanent\nShutdown: 5000\nType: :worker"), 1u) << log_.all();
  });
}

TEST_P(SupervisorTest, APermanentChildThatEndsNormallyIsStartedAgainToo) {  // SUP-4
  run([] {
    (void)start_supervisor({.children = {kid("a")}}).value();
    cast(up("a"), Crash{atoms::normal});
    EXPECT_TRUE(up("a"));
  });
}

TEST_P(SupervisorTest, ATransientChildIsStartedAgainOnlyAfterAFailure) {  // SUP-4
  run([] {
    const Pid supervisor = start_supervisor({.children = {kid("a", {.restart = Restart::transient})}}).value();
    cast(up("a"), Crash{"throw"_atom});
    const Pid second = up("a");
    cast(second, Crash{Term::tuple({atoms::shutdown, "enough"_atom})});
    (void)end_of(second);
    const auto children = which_children(supervisor).value();
    ASSERT_EQ(children.size(), 1u) << "its specification stays";
    EXPECT_EQ(children[0].child, Term(atoms::undefined));
    EXPECT_TRUE(silent("up", "a"));
    const auto again = restart_child(supervisor, "a");
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(up("a"), *again);
  });
}

TEST_P(SupervisorTest, ATemporaryChildIsForgotten) {  // SUP-4
  run([this] {
    const Pid supervisor = start_supervisor({.children = {kid("a", {.restart = Restart::temporary})}}).value();
    const Pid child = up("a");
    cast(child, Crash{"boom"_atom});
    (void)end_of(child);
    EXPECT_TRUE(eventually([&] { return count_children(supervisor)->specs == 0; }));
    EXPECT_TRUE(silent("up", "a"));
    EXPECT_EQ(log_.count("Restart: :temporary"), 1u) << "an abnormal end is reported all the same";
  });
}

TEST_P(SupervisorTest, OneForAllStopsTheOthersAndStartsAll) {  // SUP-5
  run([] {
    (void)start_supervisor({.strategy = one_for_all, .children = {kid("a"), kid("b"), kid("t", {.restart = Restart::temporary}), kid("c")}})
        .value();
    up("a"), up("c"), up("t");
    cast(up("b"), Crash{"boom"_atom});
    for (const char* expected :
         {"{:down, \"b\", :boom}", "{:down, \"c\", :shutdown}", "{:down, \"t\", :shutdown}", "{:down, \"a\", :shutdown}"}) {
      EXPECT_EQ(receive_any(5s)->text(), expected);
    }
    for (const char* id : {"a", "b", "c"}) {
      const auto told = receive_any(5s);
      ASSERT_TRUE(told);
      EXPECT_EQ(told->elements()[1], Term(id)) << "the temporary one is forgotten";
    }
  });
}

TEST_P(SupervisorTest, RestForOneStopsOnlyThoseStartedAfter) {  // SUP-5
  run([] {
    (void)start_supervisor({.strategy = rest_for_one, .children = {kid("a"), kid("b"), kid("c")}}).value();
    const Pid a = up("a");
    up("c");
    cast(up("b"), Crash{"boom"_atom});
    for (const char* expected : {"{:down, \"b\", :boom}", "{:down, \"c\", :shutdown}"}) EXPECT_EQ(receive_any(5s)->text(), expected);
    for (const char* id : {"b", "c"}) EXPECT_EQ(receive_any(5s)->elements()[1], Term(id));
    EXPECT_TRUE(is_alive(a));
  });
}

TEST_P(SupervisorTest, MoreRestartsThanItsIntensityEndTheSupervisor) {  // SUP-6, SUP-7
  run([this] {
    trap_exit(true);
    const Pid supervisor = start_supervisor({.name = "Top", .intensity = 3, .period = 5s, .children = {kid("other"), kid("a")}}).value();
    for (int crash = 1; crash <= 3; ++crash) {
      cast(up("a"), Crash{"boom"_atom});
      EXPECT_TRUE(is_alive(supervisor)) << "3 in 5 s are allowed";
    }
    const Ref watched = monitor(supervisor);
    cast(up("a"), Crash{"boom"_atom});
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
    EXPECT_EQ(next("down", "other"), Term(atoms::shutdown)) << "the remaining children are stopped";
    EXPECT_EQ(log_.count("Supervisor Top caused shutdown\n** (exit) :reached_max_restart_intensity"), 1u) << log_.all();
    EXPECT_TRUE(silent("up", "a"));
  });
}

TEST_P(SupervisorPeriodTest, RestartsOutsideThePeriodDoNotCount) {  // SUP-6
  run([] {
    const Pid supervisor = start_supervisor({.intensity = 1, .period = 5s, .children = {kid("a")}}).value();
    cast(up("a"), Crash{"boom"_atom});
    const Pid second = up("a");
    sleep(6100ms);  // a period counts in whole seconds
    cast(second, Crash{"boom"_atom});
    EXPECT_TRUE(up("a"));
    EXPECT_TRUE(is_alive(supervisor));
  });
}

TEST_P(SupervisorTest, AChildThatDoesNotStartStopsTheOthersAndTheStart) {  // SUP-3
  run([this] {
    trap_exit(true);
    const auto supervisor = start_supervisor({.name = "Top",
                                              .children = {kid("a"), kid("b"),
                                                           child({.id = Term("bad")},
                                                                 [](std::optional<unsigned>) -> Result<Pid> {
                                                                   return Error{Errc::exited, "sorry"_atom};
                                                                 }),
                                                           kid("c")}});
    ASSERT_FALSE(supervisor);
    EXPECT_EQ(supervisor.error().reason, elixir("{:shutdown, {:failed_to_start_child, \"bad\", :sorry}}"));
    EXPECT_EQ(next("down", "b"), Term(atoms::shutdown));
    EXPECT_EQ(next("down", "a"), Term(atoms::shutdown));
    EXPECT_TRUE(silent("up", "c"));
    EXPECT_EQ(log_.count("Child \"bad\" of Supervisor Top failed to start\n** (exit) :sorry"), 1u) << log_.all();
    EXPECT_EQ(log_.count("GenServer"), 0u) << log_.all();
  });
}

TEST_P(SupervisorTest, AFailedRestartIsTriedAgainAndCounts) {  // SUP-8
  run([this] {
    trap_exit(true);
    auto attempts = std::make_shared<std::atomic<int>>(0);
    auto one = [attempts](int failures) {
      return child({.id = Term("x")}, [attempts, failures](std::optional<unsigned>) -> Result<Pid> {
        const int attempt = attempts->fetch_add(1);
        if (attempt >= 1 && attempt <= failures) return Error{Errc::exited, "not_yet"_atom};
        return spawn_link([] {
          (void)receive_any();
          exit("boom"_atom);
        });
      });
    };
    const auto pid_of_child = [](const Pid& supervisor) { return which_children(supervisor)->front().child; };
    const Pid patient = start_supervisor({.intensity = 3, .children = {one(2)}}).value();
    send(pid_of_child(patient).pid(), "crash"_atom);
    EXPECT_TRUE(eventually([&] { return attempts->load() == 4 && pid_of_child(patient).is_pid(); })) << "one restart, two retries";
    *attempts = 0;
    const Pid strict = start_supervisor({.intensity = 2, .children = {one(1000)}}).value();
    const Pid child = pid_of_child(strict).pid();
    const Ref watched = monitor(strict);
    send(child, "crash"_atom);
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
    EXPECT_EQ(attempts->load(), 1 + 2) << "the first start, and as many attempts as the intensity allows";
    EXPECT_EQ(log_.count("failed to start\n** (exit) :not_yet"), 2u + 2u) << log_.all();
  });
}

TEST_P(SupervisorTest, AnIgnoredChildIsKeptWithoutAProcess) {  // SUP-3
  run([] {
    struct Ignores {
      Ignores() { ignore(); }
    };
    const Pid supervisor = start_supervisor({.children = {worker<Ignores>({.id = Term("kept")}),
                                                          worker<Ignores>({.id = Term("dropped"), .restart = Restart::temporary})}})
                               .value();
    const auto children = which_children(supervisor).value();
    ASSERT_EQ(children.size(), 1u);
    EXPECT_EQ(children[0].id, Term("kept"));
    EXPECT_EQ(children[0].child, Term(atoms::undefined));
  });
}

TEST_P(SupervisorTest, TwoChildrenOfOneIdAreRefused) {  // SUP-2
  run([] {
    trap_exit(true);
    const auto supervisor = start_supervisor({.children = {kid("a"), kid("a")}});
    ASSERT_FALSE(supervisor);
    EXPECT_EQ(supervisor.error().reason, elixir("{:start_spec, {:duplicate_child_name, \"a\"}}"));
    EXPECT_TRUE(silent("up", "a"));
  });
}

/// Does not end when asked to.
class Stubborn {
 public:
  explicit Stubborn(Pid witness) : witness_(witness) { trap_exit(true); }
  void terminate(const Term&) {
    send(witness_, "asked"_atom);
    sleep(1h);
  }

 private:
  Pid witness_;
};

TEST_P(SupervisorTest, AChildThatDoesNotEndInTimeIsKilled) {  // SUP-9
  run([this] {
    const Pid supervisor = start_supervisor({.children = {worker<Stubborn>({.id = Term("s"), .shutdown = 10ms}, self())}}).value();
    const Pid child = which_children(supervisor)->front().child.pid();
    const Ref watched = monitor(child);
    EXPECT_TRUE(stop(supervisor));
    EXPECT_TRUE(testing::receive_exactly("asked"_atom));
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::killed));
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) killed"), 1u) << log_.all();
  });
}

TEST_P(SupervisorTest, BrutalKillDoesNotAsk) {  // SUP-9
  run([this] {
    const Pid supervisor =
        start_supervisor({.children = {worker<Stubborn>({.id = Term("s"), .shutdown = Shutdown::brutal_kill()}, self())}}).value();
    const Ref watched = monitor(which_children(supervisor)->front().child.pid());
    EXPECT_TRUE(stop(supervisor));
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::killed));
    EXPECT_FALSE(testing::receive_exactly("asked"_atom, 0s));
    EXPECT_EQ(log_.all(), "");
  });
}

TEST_P(SupervisorTest, ItsParentsExitEndsItForAnyReason) {  // SUP-10
  run([] {
    for (const Atom reason : {atoms::normal, "boom"_atom}) {
      const Pid me = self();
      const Pid parent = spawn([me, reason] {
        const Pid supervisor = start_supervisor({.children = {worker<Child>({.id = Term("a")}, "a", me)}}).value();
        send(me, supervisor);
        (void)receive_any();
        exit(reason);
      });
      const auto supervisor = receive_if([](const Term& term) { return term.is_pid(); }, 5s);
      ASSERT_TRUE(supervisor);
      const Ref watched = monitor(supervisor->pid());
      send(parent, "go"_atom);
      EXPECT_EQ(testing::down_reason(watched), Term(reason));
      up("a");
      EXPECT_EQ(next("down", "a"), Term(atoms::shutdown));
    }
  });
}

TEST_P(SupervisorTest, AnUnexpectedMessageIsLogged) {  // SUP-10
  run([this] {
    const Pid supervisor = start_supervisor({.name = "Top"}).value();
    send(supervisor, "hello"_atom);
    EXPECT_EQ(count_children(supervisor)->specs, 0u);
    EXPECT_EQ(log_.count("Supervisor Top received unexpected message in handle_info/2: :hello"), 1u) << log_.all();
  });
}

TEST_P(SupervisorTest, ItsQuestionsAreAnsweredAsInOtp) {  // SUP-11
  run([] {
    const Pid top = start_supervisor({.children = {kid("a"), supervisor({.name = "Inner", .children = {kid("x")}})}}).value();
    const auto children = which_children(top).value();
    ASSERT_EQ(children.size(), 2u);
    EXPECT_EQ(children[0].id, Term("Elixir.Inner"_atom)) << "newest first";
    EXPECT_EQ(children[0].type, ChildType::supervisor);
    EXPECT_EQ(children[1].type, ChildType::worker);
    const ChildCounts counts = count_children(top).value();
    EXPECT_EQ(counts.specs, 2u);
    EXPECT_EQ(counts.active, 2u);
    EXPECT_EQ(counts.supervisors, 1u);
    EXPECT_EQ(counts.workers, 1u);
    EXPECT_EQ(delete_child(top, "a").error().reason, Term("running"_atom));
    EXPECT_EQ(restart_child(top, "a").error().reason, Term("running"_atom));
    EXPECT_EQ(terminate_child(top, "nobody").error().reason, Term("not_found"_atom));
    EXPECT_EQ(restart_child(top, "nobody").error().reason, Term("not_found"_atom));
    EXPECT_EQ(delete_child(top, "nobody").error().reason, Term("not_found"_atom));
    EXPECT_TRUE(terminate_child(top, "a"));
    EXPECT_EQ(next("down", "a"), Term(atoms::shutdown));
    EXPECT_TRUE(terminate_child(top, "a")) << "idempotent for ids it knows";
    EXPECT_TRUE(restart_child(top, "a"));
    EXPECT_TRUE(terminate_child(top, "a"));
    EXPECT_TRUE(delete_child(top, "a"));
    EXPECT_EQ(count_children(top)->specs, 1u);
  });
}

TEST_P(SupervisorTest, ATreeStopsFromItsLeaves) {  // SUP-9
  run([] {
    const Pid top = start_supervisor({.children = {kid("a"), supervisor({.name = "Inner", .children = {kid("x"), kid("y")}})}}).value();
    up("a"), up("x"), up("y");
    EXPECT_TRUE(stop(top));
    for (const char* id : {"y", "x", "a"}) EXPECT_EQ(receive_any(5s)->elements()[1], Term(id));
    EXPECT_FALSE(whereis("Elixir.Inner"_atom));
  });
}

TEST_P(SupervisorTest, AnInnerSupervisorThatGivesUpIsStartedAgain) {  // SUP-7
  run([] {
    const Pid top = start_supervisor({.children = {supervisor({.name = "Inner", .intensity = 0, .children = {kid("x")}})}}).value();
    const auto inner = whereis("Elixir.Inner"_atom);
    cast(up("x"), Crash{"boom"_atom});
    EXPECT_TRUE(up("x"));
    EXPECT_TRUE(is_alive(top));
    EXPECT_NE(whereis("Elixir.Inner"_atom), inner);
  });
}

TEST_P(SupervisorTest, ChildrenGoToTheLeastLoadedCore) {  // D3
  run(
      [] {
        const Pid top = start_supervisor({.children = {kid("a"), kid("b"), kid("c"), kid("d")}}).value();
        std::vector<unsigned> on(2);
        const auto children = which_children(top).value();
        for (const ChildInfo& each : children) ++on[each.child.pid().core()];
        EXPECT_GE(on[0], 1u);
        EXPECT_GE(on[1], 1u);
        cast(which_children(top)->front().child.pid(), Crash{"boom"_atom});
        for (int i = 0; i < 2; ++i) up("d");
        EXPECT_TRUE(stop(top));
        EXPECT_EQ(next("down", "a"), Term(atoms::shutdown));
      },
      {.cores = 2});
}

struct Copies {
  using Message = Call<"copies", int>;
};
/// Keeps a start argument that is a term, and copies it without a pause.
class Keeper {
 public:
  using Protocol = pulpo::Protocol<Copies>;
  explicit Keeper(const Term& kept) : kept_(kept) {}
  int handle_call(const Copies&) {
    for (int i = 0; i < 100'000; ++i) last_ = kept_;
    return 1;
  }

 private:
  Term kept_;
  Term last_;
};

TEST_P(SupervisorTest, CoresCopyAStartArgumentAndAnIdAtTheSameTime) {
  // Goal:   a term that a specification keeps is counted right, whichever cores its copies live on.
  // Method: servers on two cores copy the same boxed argument at once. A lost count frees it too early, or is a race to a sanitizer.
  run(
      [] {
        const Term kept = Term::tuple({"a text that does not lie inline", Term::list({1, 2, 3})});
        const std::string before = kept.text();
        SupervisorOptions options;
        for (unsigned i = 0; i < 4; ++i) {
          options.children.push_back(
              worker<Keeper>({.id = Term::tuple({"a keeper with a long name"_atom, kept, int(i)}), .core = i % 2}, kept));
        }
        const auto top = start_supervisor({.children = {supervisor(options)}});
        ASSERT_TRUE(top) << top.error().text();
        const auto inner = which_children(*top).value().at(0).child.pid();
        std::vector<Ref> callers;
        const auto children = which_children(inner).value();
        for (const ChildInfo& child : children) {
          callers.push_back(spawn_monitor([pid = child.child.pid()] { EXPECT_EQ(call(pid, Copies{}), 1); }).monitor);
        }
        for (const Ref& caller : callers) EXPECT_EQ(testing::down_reason(caller), Term(atoms::normal));
        EXPECT_TRUE(stop(*top));
        EXPECT_EQ(kept.text(), before);
      },
      {.cores = 2});
}

}  // namespace
}  // namespace pulpo::supervisor_test
