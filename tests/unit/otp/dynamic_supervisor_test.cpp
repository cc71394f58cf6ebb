// SPDX-License-Identifier: Apache-2.0
#include "pulpo/dynamic_supervisor.hpp"

#include <atomic>

#include "unit/otp/support.hpp"

namespace pulpo::dynamic_supervisor_test {
namespace {

using testing::CapturedLog;
using testing::elixir;
using testing::eventually;

class DynamicSupervisorTest : public testing::OnEachLoop {
 protected:
  CapturedLog log_;
};
PULPO_ON_EACH_LOOP(DynamicSupervisorTest);

class DynamicSupervisorTimeTest : public DynamicSupervisorTest {};
PULPO_ON_THE_SIMULATED_LOOP(DynamicSupervisorTimeTest);

struct Crash {
  using Message = Cast<"crash">;
  Term reason;
};
struct Add {
  using Message = Call<"add", int>;
  int value = 0;
};

class Counter {
 public:
  using Protocol = pulpo::Protocol<Crash, Add>;
  explicit Counter(int from) : count_(from) {}
  int handle_call(const Add& add) { return count_ += add.value; }
  void handle_cast(const Crash& crash) { exit(crash.reason); }

 private:
  int count_;
};

/// Takes `patience` to end when asked to.
class Slow {
 public:
  explicit Slow(Duration patience) : patience_(patience) { trap_exit(true); }
  void terminate(const Term&) { sleep(patience_); }

 private:
  Duration patience_;
};

ChildSpec counter(Restart restart, int from = 0) { return worker<Counter>({.restart = restart}, from); }

std::vector<Pid> pids(const Pid& supervisor) {
  std::vector<Pid> found;
  const auto children = which_children(supervisor).value();
  for (const ChildInfo& each : children) {
    EXPECT_EQ(each.id, Term(atoms::undefined));
    if (each.child.is_pid()) found.push_back(each.child.pid());
  }
  return found;
}

TEST_P(DynamicSupervisorTest, ChildrenOfOneClassComeAndGo) {  // SUP-12
  run([] {
    const Pid supervisor = start_dynamic_supervisor({.name = "Counters"}).value();
    const Address named("Elixir.Counters"_atom);
    const Pid one = start_child(named, counter(Restart::permanent, 1)).value();
    const Pid two = start_child(named, counter(Restart::temporary, 2)).value();
    EXPECT_EQ(call(one, Add{1}), 2);
    EXPECT_EQ(call(two, Add{1}), 3);
    EXPECT_EQ(count_children(supervisor)->specs, 2u);
    EXPECT_EQ(count_children(supervisor)->workers, 2u);
    EXPECT_EQ(pids(supervisor).size(), 2u);
    EXPECT_TRUE(terminate_child(supervisor, one));
    EXPECT_FALSE(is_alive(one));
    EXPECT_EQ(terminate_child(supervisor, one).error().reason, Term("not_found"_atom));
    EXPECT_EQ(terminate_child(supervisor, "name"_atom).error().reason, Term("not_found"_atom));
    EXPECT_EQ(count_children(supervisor)->active, 1u);
    EXPECT_TRUE(stop(supervisor));
    EXPECT_FALSE(is_alive(two));
  });
}

TEST_P(DynamicSupervisorTest, RefusesChildrenBeyondItsNumber) {  // SUP-12
  run([] {
    const Pid supervisor = start_dynamic_supervisor({.max_children = 2}).value();
    const Pid one = start_child(supervisor, counter(Restart::temporary)).value();
    ASSERT_TRUE(start_child(supervisor, counter(Restart::temporary)));
    const auto third = start_child(supervisor, counter(Restart::temporary));
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Errc::refused);
    EXPECT_EQ(third.error().reason, Term("max_children"_atom));
    cast(one, Crash{atoms::normal});
    EXPECT_TRUE(eventually([&] { return count_children(supervisor)->specs == 1; }));
    EXPECT_TRUE(start_child(supervisor, counter(Restart::temporary)));
  });
}

TEST_P(DynamicSupervisorTest, RestartsAsTheSpecificationSays) {  // SUP-4, SUP-5
  run([this] {
    const Pid supervisor = start_dynamic_supervisor({.name = "Counters"}).value();
    const Pid permanent = start_child(supervisor, counter(Restart::permanent, 7)).value();
    cast(permanent, Crash{atoms::normal});
    EXPECT_TRUE(eventually([&] { return pids(supervisor).size() == 1 && pids(supervisor)[0] != permanent; }));
    const Pid again = pids(supervisor)[0];
    EXPECT_EQ(call(again, Add{1}), 8) << "its argument is kept";
    EXPECT_EQ(log_.count("Child :undefined of Supervisor Counters terminated\n** (exit) normal\nPid: " + Term(permanent).text()), 1u)
        << log_.all();

    const Pid transient = start_child(supervisor, counter(Restart::transient)).value();
    cast(transient, Crash{elixir("{:shutdown, :enough}")});
    EXPECT_TRUE(eventually([&] { return count_children(supervisor)->specs == 1; })) << "it is forgotten, as it has no id";
    const Pid failing = start_child(supervisor, counter(Restart::transient)).value();
    cast(failing, Crash{"boom"_atom});
    EXPECT_TRUE(eventually([&] { return pids(supervisor).size() == 2 && !is_alive(failing); }));

    const Pid temporary = start_child(supervisor, counter(Restart::temporary)).value();
    cast(temporary, Crash{"boom"_atom});
    EXPECT_TRUE(eventually([&] { return count_children(supervisor)->specs == 2; }));
    EXPECT_EQ(log_.count("Restart: :temporary"), 1u) << log_.all();
    EXPECT_EQ(log_.count("Counter/?"), 1u) << "a temporary child's arguments are forgotten";
    EXPECT_TRUE(stop(supervisor));
  });
}

TEST_P(DynamicSupervisorTest, AChildThatDoesNotStartIsNotKept) {  // SUP-12
  run([this] {
    struct Ignores {
      Ignores() { ignore(); }
    };
    struct Refuses {
      Refuses() { exit("sorry"_atom); }
    };
    const Pid supervisor = start_dynamic_supervisor({}).value();
    const auto ignored = start_child(supervisor, worker<Ignores>({}));
    ASSERT_FALSE(ignored);
    EXPECT_TRUE(is_ignore(ignored.error()));
    const auto refused = start_child(supervisor, worker<Refuses>({}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Term("sorry"_atom));
    const auto thrown = start_child(supervisor, child({}, [](std::optional<unsigned>) -> Result<Pid> { throw std::runtime_error("no"); }));
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().reason, elixir("{:exception, \"std::runtime_error\", \"no\"}"));
    EXPECT_FALSE(start_child(supervisor, ChildSpec{})) << "a specification without a start function";
    EXPECT_EQ(count_children(supervisor)->specs, 0u);
    EXPECT_EQ(log_.count("Child"), 0u) << "who asked has been told";
  });
}

TEST_P(DynamicSupervisorTest, MoreRestartsThanItsIntensityEndIt) {  // SUP-6, SUP-7
  run([this] {
    trap_exit(true);
    const Pid supervisor = start_dynamic_supervisor({.name = "Top", .intensity = 2}).value();
    const Pid other = start_child(supervisor, counter(Restart::permanent)).value();
    std::vector<Pid> crashed;
    const Ref watched = monitor(supervisor);
    Pid next = start_child(supervisor, counter(Restart::permanent)).value();
    for (int crash = 1; crash <= 3; ++crash) {
      cast(next, Crash{"boom"_atom});
      crashed.push_back(next);
      if (crash == 3) break;
      EXPECT_TRUE(eventually([&] {
        for (const Pid& each : pids(supervisor)) {
          if (each != other && std::find(crashed.begin(), crashed.end(), each) == crashed.end()) next = each;
        }
        return next != crashed.back();
      }));
    }
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::shutdown));
    EXPECT_FALSE(is_alive(other));
    EXPECT_EQ(log_.count("of Supervisor Top caused shutdown\n** (exit) :reached_max_restart_intensity"), 1u) << log_.all();
  });
}

TEST_P(DynamicSupervisorTest, AFailedRestartIsTriedAgainAndCounts) {  // SUP-8
  run([] {
    auto attempts = std::make_shared<std::atomic<int>>(0);
    const Pid supervisor = start_dynamic_supervisor({.intensity = 3}).value();
    const Pid first = start_child(supervisor, child({},
                                                    [attempts](std::optional<unsigned>) -> Result<Pid> {
                                                      const int attempt = attempts->fetch_add(1);
                                                      if (attempt == 1 || attempt == 2) return Error{Errc::exited, "not_yet"_atom};
                                                      return spawn_link([] {
                                                        (void)receive_any();
                                                        exit("boom"_atom);
                                                      });
                                                    }))
                          .value();
    send(first, "crash"_atom);
    EXPECT_TRUE(eventually([&] { return attempts->load() == 4 && pids(supervisor).size() == 1; })) << "one restart, two retries";
    EXPECT_EQ(count_children(supervisor)->active, 1u);
    EXPECT_TRUE(stop(supervisor));
  });
}

TEST_P(DynamicSupervisorTimeTest, AllChildrenAreStoppedAtOnceEachInItsTime) {  // SUP-9
  // Goal:   ending takes as long as the slowest child and not the sum; who is over its own time is killed then.
  // Method: forty children that take 1 s and are given 5 s, and one that takes an hour and is given 3 s.
  run([this] {
    const Pid supervisor = start_dynamic_supervisor({}).value();
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(start_child(supervisor, worker<Slow>({}, 1s)));
    const Pid stubborn = start_child(supervisor, worker<Slow>({.restart = Restart::temporary, .shutdown = 3s}, 1h)).value();
    const Pid brutal = start_child(supervisor, worker<Slow>({.shutdown = Shutdown::brutal_kill()}, 1h)).value();
    const Ref watched = monitor(stubborn);
    const Ref killed = monitor(brutal);
    const TimePoint before = now();
    EXPECT_TRUE(stop(supervisor));
    const Duration took = now() - before;
    EXPECT_GE(took, 3s);
    EXPECT_LT(took, 3500ms);
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::killed));
    EXPECT_EQ(testing::down_reason(killed), Term(atoms::killed));
    EXPECT_EQ(log_.count("shut down abnormally\n** (exit) killed\nPid: " + Term(stubborn).text()), 1u) << log_.all();
    EXPECT_EQ(log_.count("shut down abnormally"), 1u) << log_.all();
  });
}

TEST_P(DynamicSupervisorTimeTest, WhatComesWhileAChildIsStoppedIsHandledAfterwards) {  // SUP-14
  // Goal:   a supervisor that stops a slow child answers nobody, and then everybody, in the order in which they asked.
  run([] {
    const Pid supervisor = start_dynamic_supervisor({.intensity = 5}).value();
    const Pid slow = start_child(supervisor, worker<Slow>({.restart = Restart::temporary}, 2s)).value();
    const Pid other = start_child(supervisor, counter(Restart::permanent)).value();
    const Pid me = self();
    const TimePoint before = now();
    spawn_link([=] { EXPECT_TRUE(terminate_child(supervisor, slow)); });
    sleep(100ms);
    cast(other, Crash{"boom"_atom});
    sleep(100ms);
    spawn_link([=] {
      const auto counts = count_children(supervisor);
      EXPECT_GE(now() - before, 2s);
      EXPECT_EQ(counts->specs, 1u);
      EXPECT_EQ(counts->active, 1u) << "the crash came first, and its child has been started again";
      send(me, "counted"_atom);
    });
    sleep(100ms);
    EXPECT_TRUE(testing::receive_exactly("counted"_atom));
    EXPECT_FALSE(is_alive(other));
    EXPECT_EQ(pids(supervisor).size(), 1u);
  });
}

TEST_P(DynamicSupervisorTest, IsAChildOfASupervisorLikeAnyOther) {  // SUP-2, SUP-12
  run([] {
    const Pid top = start_supervisor({.children = {dynamic_supervisor({.name = "Pool", .max_children = 3})}}).value();
    const auto children = which_children(top).value();
    ASSERT_EQ(children.size(), 1u);
    EXPECT_EQ(children[0].id, Term("Elixir.Pool"_atom));
    EXPECT_EQ(children[0].type, ChildType::supervisor);
    const Pid child = start_child("Elixir.Pool"_atom, counter(Restart::permanent)).value();
    EXPECT_EQ(count_children("Elixir.Pool"_atom)->active, 1u);
    const Ref watched = monitor(child);
    exit(*whereis("Elixir.Pool"_atom), atoms::kill);
    EXPECT_EQ(testing::down_reason(watched), Term(atoms::killed));
    EXPECT_TRUE(eventually([&] { return whereis("Elixir.Pool"_atom) && count_children("Elixir.Pool"_atom)->active == 0; }))
        << "dynamic children are not started again with their supervisor";
    EXPECT_TRUE(stop(top));
    EXPECT_FALSE(whereis("Elixir.Pool"_atom));
  });
}

TEST_P(DynamicSupervisorTest, ChildrenGoToTheLeastLoadedCore) {  // D3
  run(
      [] {
        const Pid supervisor = start_dynamic_supervisor({}).value();
        std::vector<unsigned> on(2);
        for (int i = 0; i < 8; ++i) ++on[start_child(supervisor, counter(Restart::temporary))->core()];
        EXPECT_GE(on[0], 3u);
        EXPECT_GE(on[1], 3u);
        EXPECT_TRUE(stop(supervisor));
      },
      {.cores = 2});
}

}  // namespace
}  // namespace pulpo::dynamic_supervisor_test
